import type { MiddlewareHandler } from "hono";
import { type Change, change } from "../audit/change.ts";
import { type Actor, visitor } from "../audit/actor.ts";
import { Reader } from "../audit/reader.ts";
import { stating } from "../platform/http.ts";
import type { Logger } from "../platform/log.ts";
import { notAllowed, signInNeeded } from "../platform/problem.ts";
import type { Services } from "../platform/services.ts";
import { once } from "./idempotency.ts";
import { allows, type Right, type Role } from "./rights.ts";
import { freshProofNeeded } from "./step_up.ts";

/** What every request carries; `app.ts` sets the first five, `may` and `open` the rest. */
export interface Variables {
  services: Services;
  requestId: string;
  log: Logger;
  /** The network address the request came from, as far as it is known. Personal data: never logged. */
  clientAddress: string | null;
  /** Who is signed in, if anybody. */
  signedIn: Actor | null;
  actor: Actor;
  /** The body as it came, once `body()` or `bytes()` has read it. */
  rawBody?: Uint8Array;
  reader: Reader;
  /**
   * Runs a change on behalf of the caller. With an `Idempotency-Key` it runs once: the same key sent again gets what
   * the first run returned. So what `act` returns must survive JSON, and the answer must be made from it.
   */
  change: <T>(act: (change: Change) => Promise<T>) => Promise<T>;
}
export interface AppEnv {
  Variables: Variables;
}

/** Only those whose role has this right, at their sites. Login is the default: there is no route without this or `open`. */
export function may(right: Right): MiddlewareHandler<AppEnv> {
  return stating({ access: { right } }, async (c, next) => {
    const actor = c.var.signedIn;
    if (!actor) throw signInNeeded();
    c.set("actor", actor);
    if (!allows(actor.role as Role, right)) throw notAllowed();
    if (actor.rights && !actor.rights.includes(right)) throw notAllowed("This API key does not allow this");
    c.set("reader", new Reader(c.var.services, actor));
    c.set("change", (act) => once(c, actor, act));
    await next();
  });
}

/**
 * Only those who have shown a second factor within the last five minutes; for acts by which a stolen session could become
 * more than a session. Comes after `may`.
 * @throws Problem fresh-proof-needed
 */
export function fresh(): MiddlewareHandler<AppEnv> {
  return stating({ fresh: true }, async (c, next) => {
    if (!c.var.actor.isFresh) throw freshProofNeeded();
    await next();
  });
}

/** Anybody may: says why, because somebody will ask. The caller acts as a visitor who sees no site. */
export function open(why: string): MiddlewareHandler<AppEnv> {
  return stating({ access: { open: why } }, async (c, next) => {
    const actor = visitor(why);
    c.set("actor", actor);
    c.set("reader", new Reader(c.var.services, actor));
    c.set("change", (act) => change(c.var.services, actor, act));
    await next();
  });
}
