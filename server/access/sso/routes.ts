import type { Context } from "hono";
import { Hono } from "hono";
import { z } from "zod";
import { answers, body, etag, ifMatch, params } from "../../platform/http.ts";
import { Problem } from "../../platform/problem.ts";
import { Id } from "../../platform/schema.ts";
import { endOwnSession, takeBackSession } from "../session.ts";
import { openInvitation } from "../invitation.ts";
import { tokenOf } from "../routes.ts";
import { type AppEnv, fresh, may, open } from "../may.ts";
import { editPolicy, readPolicy } from "../policy.ts";
import { SignInPolicy, SignInPolicyEdit } from "../schema.ts";
import { checkProvider } from "./check.ts";
import { type Purpose, setOut } from "./flow.ts";
import { disconnect, ownSso } from "./identity.ts";
import { signOutThere } from "./logout.ts";
import {
  createProvider,
  editProvider,
  enabledProvider,
  listProviders,
  providerById,
  type ProviderRow,
  removeProvider,
} from "./provider.ts";
import { SsoRefused } from "./refusal.ts";
import {
  GoThere,
  mappedRoles,
  MaybeGoThere,
  NewProvider,
  OwnSso,
  Provider,
  ProviderEdit,
  ProviderReport,
  Providers,
  SsoChoices,
  SsoStart,
  Trial,
} from "./schema.ts";
import { readTrial } from "./trial.ts";

const oneProvider = params("provider", z.object({ id: Id }));
const namedProvider = params("provider", z.object({ slug: z.string().max(40) }));

/** `/api/sso`: signing in by the company's own identity provider. */
export const ssoRoutes = new Hono<AppEnv>()
  .get(
    "/",
    open("the page to sign in on shows which ways there are"),
    answers(200, SsoChoices, "Lists the providers that people sign in with"),
    async (c) => {
      const items = await c.var.reader.db.selectFrom("ssoProviders").select(["slug", "name"])
        .where("enabled", "=", true).orderBy("id").execute();
      const { ssoOnlyRoles } = await readPolicy(c.var.reader);
      return c.json({ items, only: mappedRoles.every((role) => ssoOnlyRoles.includes(role)) });
    },
  )
  .post(
    "/:slug/start",
    open("signing in is how a session begins"),
    namedProvider,
    body(SsoStart),
    answers(200, GoThere, "Begins to sign in: says where the browser goes"),
    async (c) => {
      const provider = await enabledProvider(c.var.reader, c.req.valid("param").slug);
      const { returnTo } = c.req.valid("json");
      return c.json(await goThere(c, provider, { kind: "sign-in", returnTo }));
    },
  )
  .post(
    "/:slug/invitation",
    open("whoever holds the link is the invited person"),
    namedProvider,
    answers(200, GoThere, "Begins to accept an invitation with the provider's account"),
    async (c) => {
      const provider = await enabledProvider(c.var.reader, c.req.valid("param").slug);
      const token = tokenOf(c, "Invitation");
      // Nobody is sent there for a link that opens nothing.
      await openInvitation(c.var.reader, token);
      return c.json(await goThere(c, provider, { kind: "invitation", token }));
    },
  )
  .get(
    "/own",
    may("own-session"),
    answers(200, OwnSso, "Says how you are known to the company's providers"),
    async (c) => c.json(await ownSso(c.var.reader)),
  )
  .post(
    "/:slug/connect",
    may("own-session"),
    fresh(),
    namedProvider,
    answers(200, GoThere, "Begins to add a provider to your account"),
    async (c) => {
      const provider = await enabledProvider(c.var.reader, c.req.valid("param").slug);
      return c.json(await goThere(c, provider, { kind: "connect", session: c.var.actor.sessionId! }));
    },
  )
  .delete(
    "/own/:id",
    may("own-session"),
    fresh(),
    oneProvider,
    answers(204, null, "Takes a provider from your account; your other sessions end"),
    async (c) => {
      await c.var.change((change) => disconnect(change, c.req.valid("param").id));
      return c.body(null, 204);
    },
  )
  .post(
    "/:slug/proof",
    may("own-session"),
    namedProvider,
    answers(200, GoThere, "Begins to prove by the provider that it is still you"),
    async (c) => {
      const provider = await enabledProvider(c.var.reader, c.req.valid("param").slug);
      return c.json(await goThere(c, provider, { kind: "proof", session: c.var.actor.sessionId! }));
    },
  )
  .post(
    "/sign-out",
    may("own-session"),
    answers(200, MaybeGoThere, "Signs out, and says where the browser goes to sign out there too"),
    async (c) => {
      const location = await signOutThere(c.var.reader);
      await c.var.change((change) => endOwnSession(change, change.actor.sessionId!));
      takeBackSession(c);
      return c.json({ location });
    },
  )
  .get(
    "/providers",
    may("sso.read"),
    answers(200, Providers, "Lists how the company's providers are set up"),
    async (c) => c.json({ items: await listProviders(c.var.reader) }),
  )
  .post(
    "/providers",
    may("sso.write"),
    fresh(),
    body(NewProvider),
    answers(201, Provider, "Sets a provider up"),
    async (c) => {
      const provider = await c.var.change((change) => createProvider(change, c.req.valid("json")));
      etag(c, provider.version);
      return c.json(provider, 201);
    },
  )
  .patch(
    "/providers/:id",
    may("sso.write"),
    fresh(),
    oneProvider,
    ifMatch(),
    body(ProviderEdit),
    answers(200, Provider, "Changes how a provider is set up"),
    async (c) => {
      const { id } = c.req.valid("param");
      const provider = await c.var.change((change) =>
        editProvider(change, id, c.var.ifMatch, c.req.valid("json"))
      );
      etag(c, provider.version);
      return c.json(provider);
    },
  )
  .delete(
    "/providers/:id",
    may("sso.write"),
    fresh(),
    oneProvider,
    answers(204, null, "Removes a provider; who came by it is signed out"),
    async (c) => {
      await c.var.change((change) => removeProvider(change, c.req.valid("param").id));
      return c.body(null, 204);
    },
  )
  .post(
    "/providers/:id/check",
    may("sso.write"),
    oneProvider,
    answers(200, ProviderReport, "Asks a provider what it is, and says what is right and wrong with it"),
    async (c) => {
      const provider = await providerById(c.var.reader, c.req.valid("param").id);
      return c.json(await checkProvider(c.var.services, provider));
    },
  )
  .post(
    "/providers/:id/trial",
    may("sso.write"),
    oneProvider,
    answers(200, GoThere, "Begins to sign in on trial, which signs nobody in"),
    async (c) => {
      const provider = await providerById(c.var.reader, c.req.valid("param").id);
      return c.json(await goThere(c, provider, { kind: "trial", session: c.var.actor.sessionId! }));
    },
  )
  .get(
    "/trials/:id",
    may("sso.read"),
    params("trial", z.object({ id: Id })),
    answers(200, Trial, "Says what came of a sign-in of yours on trial"),
    async (c) => c.json(await readTrial(c.var.reader, c.req.valid("param").id)),
  );

/** `/api/sign-in-policy`: by which ways people may sign in. */
export const policyRoutes = new Hono<AppEnv>()
  .get(
    "/",
    may("sso.read"),
    answers(200, SignInPolicy, "Says by which ways people may sign in"),
    async (c) => {
      const policy = await readPolicy(c.var.reader);
      etag(c, policy.version);
      return c.json(policy);
    },
  )
  .patch(
    "/",
    may("sign-in-policy.write"),
    fresh(),
    ifMatch(),
    body(SignInPolicyEdit),
    answers(200, SignInPolicy, "Makes it stricter or less strict by which ways people may sign in"),
    async (c) => {
      const policy = await c.var.change((change) => editPolicy(change, c.var.ifMatch, c.req.valid("json")));
      etag(c, policy.version);
      return c.json(policy);
    },
  );

/** Where the browser goes; a provider that cannot be asked is told as such. @throws Problem provider-unavailable */
async function goThere(c: Context<AppEnv>, provider: ProviderRow, purpose: Purpose) {
  try {
    return { location: (await setOut(c, provider, purpose)).href };
  } catch (error) {
    if (!(error instanceof SsoRefused)) throw error;
    c.var.log.warn(
      { provider: provider.slug, reason: error.reason, ...error.facts },
      "a provider cannot be used",
    );
    throw new Problem(502, "provider-unavailable", `${provider.name} cannot be asked right now`, {
      detail: `The reason is: ${error.reason}${error.facts.host ? ` (${error.facts.host})` : ""}.`,
      next:
        "Try again in a moment. Whoever is signed in stays so; whoever administers this installation can check " +
        "it under Single sign-on.",
      recorded: true,
    });
  }
}
