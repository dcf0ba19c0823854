import { Hono } from "hono";
import { sql } from "kysely";
import { stating } from "./http.ts";
import type { Metrics } from "./metrics.ts";
import type { Services } from "./services.ts";

const forProbes = stating(
  { access: { open: "probes and Prometheus; no personal data" } },
  (_, next) => next(),
);

/** The probes of a program that needs neither cluster: it is ready as soon as it runs. */
export const alive = () =>
  new Hono()
    .get("/healthz", forProbes, (c) => c.json({ status: "ok" }))
    .get("/readyz", forProbes, (c) => c.json({ status: "ok" }));

/**
 * `/healthz`: this process runs and takes requests; 503 while it drains, so that nobody sends it new ones. `/readyz`: it
 * can serve; 503 while the data cluster is away. Without the keys cluster it still serves what needs no personal data,
 * so it stays ready and says so. `/metrics`: Prometheus' text format.
 */
export function health(services: Services, metrics: Metrics, isDraining: () => boolean = () => false) {
  const answering = async (ask: () => Promise<unknown>) => {
    try {
      await ask();
      return "ok";
    } catch {
      return "unreachable";
    }
  };
  return new Hono()
    .get(
      "/healthz",
      forProbes,
      (c) => isDraining() ? c.json({ status: "draining" }, 503) : c.json({ status: "ok" }),
    )
    .get("/readyz", forProbes, async (c) => {
      const [database, keys] = await Promise.all([
        answering(() => sql`select 1`.execute(services.db)),
        answering(() => services.keys.ping()),
      ]);
      return c.json({
        status: database === "ok" ? keys === "ok" ? "ok" : "degraded" : "unready",
        database,
        keys,
      }, database === "ok" ? 200 : 503);
    })
    .get(
      "/metrics",
      forProbes,
      async (c) => c.text(await metrics.text(), 200, { "Content-Type": metrics.contentType }),
    );
}
