import { Hono } from "hono";
import { createHash, timingSafeEqual } from "node:crypto";
import { alive } from "../platform/health.ts";
import { body, stating } from "../platform/http.ts";
import type { Logger } from "../platform/log.ts";
import { bodyLimit, type Outside, OutsideFault, OutsideRequestSchema } from "../platform/outside.ts";
import { Problem } from "../platform/problem.ts";
import { Turns } from "../platform/turns.ts";

/** JSON writes one byte as six at most; the URL and the headers come on top. */
const REQUEST_LIMIT = 6 * bodyLimit + 64 * 1024;

/** Each may hold an answer of a megabyte for ten seconds. */
const AT_ONCE = 8;
const WAITING = 64;

/**
 * The service `outbound`: asks outside for the API, which has no way out itself. It holds nothing but the token it is
 * asked with. `POST /fetch` takes an `OutsideRequest` and answers an `OutsideAnswer`, or 502 with why there is none.
 * Logged is who was asked and how it ended; never a path, a query, a header or a body, which hold codes and tokens.
 */
export function createOutbound({ token, outside, log }: { token: string; outside: Outside; log: Logger }) {
  const turns = new Turns(
    { atOnce: AT_ONCE, waiting: WAITING },
    () => new Problem(503, "busy", "Too much is asked outside at once", { retryAfter: 10 }),
  );
  const app = new Hono().route("/", alive());
  app.post("/fetch", onlyWith(token), body(OutsideRequestSchema, REQUEST_LIMIT), async (c) => {
    const request = c.req.valid("json");
    const host = URL.parse(request.url)?.host;
    const begun = performance.now();
    const milliseconds = () => Math.round(performance.now() - begun);
    try {
      const answer = await turns.take(() => outside(request));
      log.info({ host, status: answer.status, milliseconds: milliseconds() }, "asked outside");
      return c.json(answer);
    } catch (error) {
      if (!(error instanceof OutsideFault)) throw error;
      const { reason } = error;
      log.warn({ host, reason, milliseconds: milliseconds() }, "asked outside without an answer");
      return c.json({ reason, host: error.host }, 502);
    }
  });
  app.onError((error, c) => {
    if (error instanceof Problem) return c.json(error.body(""), error.status);
    log.error({ err: error }, "a request failed");
    return c.json({}, 500);
  });
  return app;
}

/** Refuses whoever does not know the token; compared as hashes, in constant time. @throws Problem wrong-token */
function onlyWith(token: string) {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  const expected = digest(`Bearer ${token}`);
  return stating({ access: { open: "whoever knows the token: the API" } }, async (c, next) => {
    if (!timingSafeEqual(digest(c.req.header("authorization") ?? ""), expected)) {
      throw new Problem(401, "wrong-token", "This asks outside for the API only");
    }
    await next();
  });
}
