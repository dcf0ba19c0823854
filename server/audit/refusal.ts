import type { Services } from "../platform/services.ts";
import type { Actor } from "./actor.ts";
import { append, type Entry } from "./trail.ts";

/** Of refusals that are alike, so many are told one by one within a span; of the rest, how many there were. */
const TOLD = 20;
const SPAN_MS = 60_000;

interface Span {
  count: number;
  last: Entry;
  actor: Actor;
}

/**
 * Refused attempts, told in the trail. Somebody who is refused a thousand times a second, without having to sign in
 * for it, must not fill the disk with a trail that cannot be deleted: so a flood is an entry with its number.
 */
export class Refusals {
  readonly #spans = new Map<string, Span>();

  constructor(private readonly services: Services, private readonly spanMs = SPAN_MS) {}

  /**
   * Tells of a refusal, or counts it.
   * @param like  what makes two refusals of an actor alike, such as slug and route
   */
  async record(actor: Actor, entry: Entry, like: string): Promise<void> {
    const span = this.#spanOf(`${actor.accountId ?? actor.via} ${entry.act} ${like}`, actor, entry);
    span.count++;
    span.last = entry;
    if (span.count <= TOLD) await append(this.services.db, actor, [entry]);
  }

  #spanOf(key: string, actor: Actor, last: Entry): Span {
    const open = this.#spans.get(key);
    if (open) return open;
    const span: Span = { count: 0, last, actor };
    this.#spans.set(key, span);
    Deno.unrefTimer(setTimeout(() => void this.#close(key, span), this.spanMs));
    return span;
  }

  async #close(key: string, { count, last, actor }: Span): Promise<void> {
    this.#spans.delete(key);
    if (count <= TOLD) return;
    const { things: _, ...detail } = last.detail;
    try {
      await append(this.services.db, actor, [{ ...last, detail: { ...detail, times: count - TOLD } }]);
    } catch (error) {
      this.services.log.error({ err: error, times: count - TOLD }, "refusals could not be recorded");
    }
  }
}

const perProcess = new WeakMap<Services, Refusals>();

/** Tells in the trail of a refused attempt: there is no change to ride on, so it is an entry of its own. */
export async function recordRefusal(
  services: Services,
  actor: Actor,
  entry: Entry,
  like: string,
): Promise<void> {
  const refusals = perProcess.get(services) ?? new Refusals(services);
  perProcess.set(services, refusals);
  await refusals.record(actor, entry, like);
}
