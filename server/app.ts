import { type Context, Hono } from "hono";
import type { AppEnv } from "./access/may.ts";
import { open } from "./access/may.ts";
import { accountNames } from "./access/account.ts";
import { accountRoutes, invitationRoutes, setupRoutes } from "./access/routes.ts";
import { cookieName, signedIn } from "./access/session.ts";
import { apiKeyRoutes } from "./access/api_keys/routes.ts";
import { elevationRoutes } from "./access/elevations/routes.ts";
import { directoryRoutes, scimRoutes } from "./access/directory/routes.ts";
import { ssoBrowserRoutes } from "./access/sso/browser_routes.ts";
import { providerNames } from "./access/sso/provider.ts";
import { policyRoutes, ssoRoutes } from "./access/sso/routes.ts";
import { passkeyRoutes } from "./access/passkeys/routes.ts";
import { sessionRoutes, sessionsRoutes } from "./access/session_routes.ts";
import { backupRoutes } from "./backups/routes.ts";
import { companyRoutes } from "./company/routes.ts";
import { visitor } from "./audit/actor.ts";
import { asProblem } from "./audit/failure.ts";
import { recordRefusal } from "./audit/refusal.ts";
import { type Live, startLive } from "./audit/live.ts";
import { liveRoutes } from "./audit/live_routes.ts";
import type { Namer } from "./audit/naming.ts";
import { auditRoutes } from "./audit/routes.ts";
import { importRoutes } from "./deliveries/import/routes.ts";
import { deliveryNumbers } from "./deliveries/numbers.ts";
import { driverNames } from "./drivers/driver.ts";
import { deliveryRoutes, driverDayRoutes } from "./deliveries/routes.ts";
import { driverRoutes, vehicleRoutes } from "./drivers/routes.ts";
import { vehicleNames } from "./drivers/vehicle.ts";
import { siteRoutes } from "./sites/routes.ts";
import { siteNames } from "./sites/site.ts";
import { clientAddress, sameOriginOnly, securityHeaders } from "./platform/edge.ts";
import { health } from "./platform/health.ts";
import { newId } from "./platform/id.ts";
import { answers, patternOf } from "./platform/http.ts";
import type { Metrics } from "./platform/metrics.ts";
import { openApi } from "./platform/openapi.ts";
import { notFound, Problem } from "./platform/problem.ts";
import type { Services } from "./platform/services.ts";
import { webUi } from "./platform/web_ui.ts";
import { trackingLinkRoutes, trackingRoutes } from "./tracking/routes.ts";
import { z } from "zod";
import { version } from "./version.ts";

/** Who knows the names of the things that entries of the trail are about. */
const namers: Namer[] = [accountNames, driverNames, deliveryNumbers, siteNames, vehicleNames, providerNames];

/** The whole HTTP side: middleware, one `.route()` a slice, one error handler. */
export function createApp(
  services: Services,
  metrics: Metrics,
  webDir: string | null,
  live: Live = startLive(services),
  isDraining?: () => boolean,
) {
  const app = new Hono<AppEnv>();

  app.use(securityHeaders(services.config.FLEETHOLD_PUBLIC_URL), metrics.timing(), async (c, next) => {
    c.set("services", services);
    c.set("requestId", newId());
    c.set("log", services.log.child({ request: c.var.requestId }));
    c.set("signedIn", null);
    c.set("clientAddress", null);
    c.header("X-Request-Id", c.var.requestId);
    const from = performance.now();
    await next();
    c.var.log.info({
      method: c.req.method,
      route: patternOf(c),
      status: c.res.status,
      ms: Math.round(performance.now() - from),
    }, "answered");
  });
  app.route("/", health(services, metrics, isDraining));

  app.use(async (c, next) => {
    c.set(
      "clientAddress",
      clientAddress(c.req.raw.headers, peerOf(c.env), services.config.FLEETHOLD_PROXY_TOKEN),
    );
    await next();
  });
  app.use("/api/*", sameOriginOnly(services.config.FLEETHOLD_PUBLIC_URL));

  app.use("/api/*", signedIn());
  app.use("/sso/*", signedIn());
  app.route("/api/setup", setupRoutes);
  app.route("/api/session", sessionRoutes);
  app.route("/api/sessions", sessionsRoutes);
  app.route("/api/passkeys", passkeyRoutes);
  app.route("/api/accounts", accountRoutes);
  app.route("/api/keys", apiKeyRoutes);
  app.route("/api/elevations", elevationRoutes);
  app.route("/api/sso", ssoRoutes);
  app.route("/api/sso/providers", directoryRoutes);
  app.route("/api/sign-in-policy", policyRoutes);
  app.route("/api/invitation", invitationRoutes);
  app.route("/api/company", companyRoutes);
  app.route("/api/sites", siteRoutes);
  app.route("/api/drivers", driverRoutes);
  app.route("/api/vehicles", vehicleRoutes);
  app.route("/api/deliveries", deliveryRoutes);
  app.route("/api/deliveries", trackingLinkRoutes);
  app.route("/api/driver", driverDayRoutes);
  app.route("/api/tracking", trackingRoutes);
  app.route("/api/imports", importRoutes);
  app.route("/api/audit", auditRoutes(namers));
  app.route("/api/backups", backupRoutes);
  app.route("/api/live", liveRoutes(live));

  app.route("/sso", ssoBrowserRoutes);
  app.route("/scim/v2", scimRoutes);

  const document = () =>
    openApi(app, {
      title: "Fleethold",
      version,
      url: services.config.FLEETHOLD_PUBLIC_URL,
      cookie: cookieName(services.config),
    });
  let spec: ReturnType<typeof document>;
  app.get(
    "/api/openapi.json",
    open("the description of the API holds no data"),
    answers(200, z.looseObject({ openapi: z.string() }), "The description of this API, OpenAPI 3.1"),
    (c) => c.json(spec ??= document()),
  );

  // The one page among the addresses of the API: its description, to be read by people.
  if (webDir) app.route("/api/docs", webUi(webDir));
  app.all("/api/*", () => {
    throw notFound("address in this API");
  });
  if (webDir) app.route("/", webUi(webDir));

  app.notFound(() => {
    throw notFound("page");
  });
  app.onError(async (error, c) => {
    const problem = asProblem(error);
    if (!problem) {
      c.var.log.error(
        { err: error, route: patternOf(c) },
        "a request failed for a reason nobody foresaw",
      );
    }
    const answer = problem ?? new Problem(500, "internal", "Something went wrong on our side", {
      detail: "The fault is in the log under this request's id.",
      next: "Try again; if it happens again, give the request id to whoever runs this installation.",
    });
    if (answer.details.recorded || isOutOfReach(c, answer)) await tellOfRefusal(c, answer);
    if (answer.details.retryAfter) c.header("Retry-After", String(answer.details.retryAfter));
    c.header("Cache-Control", "no-store");
    return c.body(JSON.stringify(answer.body(c.var.requestId)), answer.status, {
      "Content-Type": "application/problem+json",
    });
  });
  return app;
}

/** The peer's address, from what `Deno.serve` tells of the connection. */
function peerOf(env: unknown): string | null {
  const peer = (env as Partial<Deno.ServeHandlerInfo> | undefined)?.remoteAddr;
  return peer?.transport === "tcp" ? peer.hostname : null;
}

/** Somebody asked for a thing there is not, or that is another site's: which of the two, nobody else has to know. */
const isOutOfReach = (c: Context<AppEnv>, { slug }: Problem): boolean =>
  slug === "not-found" && c.var.signedIn !== null && patternOf(c) !== "none";

async function tellOfRefusal(c: Context<AppEnv>, { slug }: Problem): Promise<void> {
  const { method } = c.req, route = patternOf(c);
  const actor = c.var.actor ?? c.var.signedIn ?? visitor("request");
  const entry = { act: "request.refused", detail: { slug, method, route, ...idsOf(c.req.param()) } };
  try {
    await recordRefusal(c.var.services, actor, entry, `${slug} ${method} ${route}`);
  } catch (error) {
    c.var.log.error({ err: error }, "a refusal could not be recorded");
  }
}

/** The ids in a refused request's path, so that the trail says what was asked for. */
function idsOf(params: Record<string, string>): { things?: string[] } {
  const ids = Object.values(params).filter((value) => z.uuid().safeParse(value).success);
  return ids.length > 0 ? { things: ids } : {};
}
