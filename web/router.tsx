import type { QueryClient } from "@tanstack/react-query";
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from "@tanstack/react-router";
import type { Right } from "../server/access/rights.ts";
import { ownAddress } from "./access/own_address.ts";
import { isWord, readRefused, type Refused } from "./access/refused.ts";
import { ApiProblem } from "./api.ts";
import { readTrailFilters } from "./audit/filters.ts";
import { readFilters } from "./orders/board_filters.ts";
import { landing, meQuery } from "./session.ts";
import { FaultPage, MissingPage } from "./shell/fault_pages.tsx";
import { SignedInShell } from "./shell/signed_in_shell.tsx";
import { readWhatIsOpen } from "./single_sign_on/what_is_open.ts";

interface Context {
  queries: QueryClient;
}

const root = createRootRouteWithContext<Context>()({ component: Outlet });

/** Everything behind the sign-in. Whoever is not signed in is sent there, and comes back afterwards. */
const signedIn = createRoute({
  getParentRoute: () => root,
  id: "signed-in",
  component: SignedInShell,
  beforeLoad: async ({ context, location }) => {
    try {
      return { me: await context.queries.ensureQueryData(meQuery) };
    } catch (fault) {
      if (fault instanceof ApiProblem && fault.status === 401) {
        throw redirect({ to: "/sign-in", search: location.href === "/" ? {} : { back: location.href } });
      }
      throw fault;
    }
  },
});

/** Lets in those who have `right`; others get the page that says why not. */
const needs = (right: Right) => ({
  beforeLoad: ({ context }: { context: { me: { rights: Right[] } } }) => {
    if (!context.me.rights.includes(right)) {
      throw new ApiProblem({ title: "forbidden", slug: "not-allowed", status: 403 });
    }
  },
});

/** The dispatch board, with whatever is open beside it; its filters stay in the address while an order is. */
export const boardRoute = createRoute({
  getParentRoute: () => signedIn,
  id: "board",
  validateSearch: readFilters,
  component: lazyRouteComponent(() => import("./orders/orders_page.tsx"), "OrdersPage"),
});

const board = createRoute({
  getParentRoute: () => boardRoute,
  path: "/",
  beforeLoad: ({ context }) => {
    if (!context.me.rights.includes("orders.read")) throw redirect({ to: landing[context.me.role] });
  },
});

export const newOrderRoute = createRoute({
  getParentRoute: () => boardRoute,
  path: "/orders/new",
  ...needs("orders.write"),
  component: lazyRouteComponent(() => import("./orders/new_order_page.tsx"), "NewOrderPage"),
});

export const orderRoute = createRoute({
  getParentRoute: () => boardRoute,
  path: "/orders/$orderId",
  ...needs("orders.read"),
  component: lazyRouteComponent(() => import("./orders/order_page.tsx"), "OrderPage"),
});

export const orderEditRoute = createRoute({
  getParentRoute: () => boardRoute,
  path: "/orders/$orderId/edit",
  ...needs("orders.write"),
  component: lazyRouteComponent(() => import("./orders/order_edit_page.tsx"), "OrderEditPage"),
});

const imports = createRoute({
  getParentRoute: () => signedIn,
  path: "/imports",
  ...needs("orders.write"),
  component: lazyRouteComponent(() => import("./imports/imports_page.tsx"), "ImportsPage"),
});

const drivers = createRoute({
  getParentRoute: () => signedIn,
  path: "/drivers",
  ...needs("drivers.read"),
  component: lazyRouteComponent(() => import("./drivers/drivers_page.tsx"), "DriversPage"),
});

const vehicles = createRoute({
  getParentRoute: () => signedIn,
  path: "/vehicles",
  ...needs("drivers.read"),
  component: lazyRouteComponent(() => import("./drivers/vehicles_page.tsx"), "VehiclesPage"),
});

const sites = createRoute({
  getParentRoute: () => signedIn,
  path: "/sites",
  ...needs("sites.read"),
  component: lazyRouteComponent(() => import("./sites/sites_page.tsx"), "SitesPage"),
});

const company = createRoute({
  getParentRoute: () => signedIn,
  path: "/company",
  ...needs("company.read"),
  component: lazyRouteComponent(() => import("./company/company_page.tsx"), "CompanyPage"),
});

const people = createRoute({
  getParentRoute: () => signedIn,
  path: "/people",
  ...needs("accounts.read"),
  component: lazyRouteComponent(() => import("./access/people_page.tsx"), "PeoplePage"),
});

const keys = createRoute({
  getParentRoute: () => signedIn,
  path: "/keys",
  ...needs("keys.read"),
  component: lazyRouteComponent(() => import("./access/keys_page.tsx"), "KeysPage"),
});

const roles = createRoute({
  getParentRoute: () => signedIn,
  path: "/roles",
  component: lazyRouteComponent(() => import("./roles/roles_page.tsx"), "RolesPage"),
});

/** How a provider is set up, and what came of a sign-in on trial: a provider sends browsers back here. */
export const singleSignOnRoute = createRoute({
  getParentRoute: () => signedIn,
  path: "/single-sign-on",
  ...needs("sso.read"),
  validateSearch: readWhatIsOpen,
  component: lazyRouteComponent(() => import("./single_sign_on/single_sign_on_page.tsx"), "SingleSignOnPage"),
});

const audit = createRoute({
  getParentRoute: () => signedIn,
  path: "/audit",
  ...needs("audit.read"),
  validateSearch: readTrailFilters,
  component: lazyRouteComponent(() => import("./audit/audit_page.tsx"), "AuditPage"),
});

const backups = createRoute({
  getParentRoute: () => signedIn,
  path: "/backups",
  ...needs("backups.read"),
  component: lazyRouteComponent(() => import("./backups/backups_page.tsx"), "BackupsPage"),
});

export const accountRoute = createRoute({
  getParentRoute: () => signedIn,
  path: "/account",
  /** What came of connecting a provider: by name, which now is, or why none is. */
  validateSearch: (search): Refused & { connected?: string } => ({
    ...readRefused(search),
    connected: isWord(search.connected) ? search.connected : undefined,
  }),
  component: lazyRouteComponent(() => import("./access/account_page.tsx"), "AccountPage"),
});

const driver = createRoute({
  getParentRoute: () => signedIn,
  path: "/driver",
  ...needs("orders.drive"),
  /** The stop that is open, so that the phone's own way back leads to the day. */
  validateSearch: ({ stop }): { stop?: string } => typeof stop === "string" ? { stop } : {},
  component: lazyRouteComponent(() => import("./driver_app/driver_page.tsx"), "DriverPage"),
});

const apiDocs = createRoute({
  getParentRoute: () => root,
  path: "/api/docs",
  component: lazyRouteComponent(() => import("./api_docs/api_docs_page.tsx"), "ApiDocsPage"),
});

/** Why somebody is at the sign-in page: where to go afterwards, and what ended a session or came of signing in. */
export interface SignInSearch extends Refused {
  back?: string;
  reason?: "ended" | "signed-out";
}

export const signInRoute = createRoute({
  getParentRoute: () => root,
  path: "/sign-in",
  validateSearch: ({ back, reason, ...search }): SignInSearch => ({
    ...readRefused(search),
    back: ownAddress(back),
    reason: reason === "ended" || reason === "signed-out" ? reason : undefined,
  }),
  component: lazyRouteComponent(() => import("./access/sign_in_page.tsx"), "SignInPage"),
});

/** Where a provider's window ends once somebody has confirmed there that it is them. */
export const proofRoute = createRoute({
  getParentRoute: () => root,
  path: "/proof",
  validateSearch: readRefused,
  component: lazyRouteComponent(() => import("./access/proof_page.tsx"), "ProofPage"),
});

const setup = createRoute({
  getParentRoute: () => root,
  path: "/setup",
  component: lazyRouteComponent(() => import("./access/setup_page.tsx"), "SetupPage"),
});

const invitation = createRoute({
  getParentRoute: () => root,
  path: "/invitation",
  component: lazyRouteComponent(() => import("./access/invitation_page.tsx"), "InvitationPage"),
});

const routeTree = root.addChildren([
  signedIn.addChildren([
    boardRoute.addChildren([board, newOrderRoute, orderRoute, orderEditRoute]),
    imports,
    drivers,
    vehicles,
    sites,
    company,
    people,
    keys,
    roles,
    singleSignOnRoute,
    audit,
    backups,
    accountRoute,
    driver,
  ]),
  apiDocs,
  signInRoute,
  proofRoute,
  setup,
  invitation,
]);

export function createAppRouter(queries: QueryClient) {
  return createRouter({
    routeTree,
    context: { queries },
    defaultPreload: "intent",
    defaultPreloadStaleTime: 0,
    defaultErrorComponent: FaultPage,
    defaultNotFoundComponent: MissingPage,
    scrollRestoration: true,
  });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof createAppRouter>;
  }
}
