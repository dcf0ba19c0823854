import type { Services } from "../platform/services.ts";
import type { Actor } from "./actor.ts";
import { append, type Entry } from "./trail.ts";

/** Within this time a session's second look at the same person is the same look. */
const SAME_LOOK_MS = 5 * 60_000;
const MOST_REMEMBERED = 200_000;

interface Waiting {
  actor: Actor;
  entry: Entry;
}

/**
 * Who looked at whom, recorded before the answer leaves. Looks that arrive while a write is under way are written
 * together with the next one, so that a busy board costs one insert for many readers.
 */
class Sightings {
  readonly #seen = new Map<string, number>();
  #waiting: Waiting[] = [];
  #next: Promise<void> | null = null;
  #writing: Promise<void> = Promise.resolve();

  constructor(private readonly services: Services) {}

  async record(actor: Actor, act: string, rows: readonly { id: string; subject: string }[]): Promise<void> {
    const now = Date.now();
    const who = actor.sessionId ?? actor.via ?? "system";
    const fresh = rows.filter((row) => (this.#seen.get(`${who} ${act} ${row.id}`) ?? 0) < now - SAME_LOOK_MS);
    if (fresh.length === 0) return;
    this.#waiting.push({
      actor,
      entry: {
        act,
        detail: {
          subjects: [...new Set(fresh.map((row) => row.subject))],
          things: fresh.map((row) => row.id),
        },
      },
    });
    this.#next ??= this.#writing.then(() => this.#write());
    await this.#next;
    // Remembered only once it is in the trail.
    for (const row of fresh) this.#remember(`${who} ${act} ${row.id}`, now);
  }

  #write(): Promise<void> {
    const batch = this.#waiting;
    this.#waiting = [];
    this.#next = null;
    const writing = Promise.all(
      [...Map.groupBy(batch, (waiting) => waiting.actor).entries()].map(([actor, of]) =>
        append(this.services.db, actor, of.map((waiting) => waiting.entry))
      ),
    ).then(() => {});
    this.#writing = writing.catch(() => {});
    return writing;
  }

  #remember(look: string, at: number) {
    if (this.#seen.size >= MOST_REMEMBERED) {
      const oldest = this.#seen.keys().next().value;
      if (oldest !== undefined) this.#seen.delete(oldest);
    }
    this.#seen.delete(look);
    this.#seen.set(look, at);
  }
}

const perProcess = new WeakMap<Services, Sightings>();

/** Records that an actor was shown the personal data of rows; returns when the trail has it. */
export function recordSight(
  services: Services,
  actor: Actor,
  act: string,
  rows: readonly { id: string; subject: string }[],
): Promise<void> {
  if (rows.length === 0) return Promise.resolve();
  const sightings = perProcess.get(services) ?? new Sightings(services);
  perProcess.set(services, sightings);
  return sightings.record(actor, act, rows);
}
