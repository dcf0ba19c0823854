import type { Services } from "../platform/services.ts";
import type { Actor } from "./actor.ts";
import { append, type Entry } from "./trail.ts";

/** Within this time a session's second look at the same person is the same look. */
const SAME_LOOK_MS = 5 * 60_000;
/** About 200 bytes each: at most some 10 MB. What is forgotten is recorded once more. */
const MOST_REMEMBERED = 50_000;

/** A row whose personal data was shown, and whose it is. */
interface Seen {
  id: string;
  subject: string;
}

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

  async record(actor: Actor, act: string, rows: readonly Seen[]): Promise<void> {
    const now = Date.now();
    const fresh = this.#fresh(actor, act, rows);
    if (fresh.length === 0) return;
    this.#waiting.push({ actor, entry: entryOf(act, fresh) });
    this.#next ??= this.#writing.then(() => this.#write());
    await this.#next;
    // Remembered only once it is in the trail.
    for (const row of fresh) this.#remember(lookOf(actor, act, row), now);
  }

  /** The entry that is still to be made of a look, if any. */
  unrecorded(actor: Actor, act: string, rows: readonly Seen[]): Entry | null {
    const fresh = this.#fresh(actor, act, rows);
    return fresh.length > 0 ? entryOf(act, fresh) : null;
  }

  #fresh(actor: Actor, act: string, rows: readonly Seen[]): Seen[] {
    const since = Date.now() - SAME_LOOK_MS;
    // A driver who is shown their own name has looked at nobody.
    return rows.filter((row) =>
      row.subject !== actor.personId && (this.#seen.get(lookOf(actor, act, row)) ?? 0) < since
    );
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
  rows: readonly Seen[],
): Promise<void> {
  if (rows.length === 0) return Promise.resolve();
  return sightingsOf(services).record(actor, act, rows);
}

/** The entry of a look that whoever asks records with something else; null when it is the same look as one before. */
export function unrecordedLook(
  services: Services,
  actor: Actor,
  act: string,
  rows: readonly Seen[],
): Entry | null {
  return sightingsOf(services).unrecorded(actor, act, rows);
}

function sightingsOf(services: Services): Sightings {
  const sightings = perProcess.get(services) ?? new Sightings(services);
  perProcess.set(services, sightings);
  return sightings;
}

const lookOf = (actor: Actor, act: string, row: Seen) =>
  `${actor.sessionId ?? actor.via ?? "system"} ${act} ${row.id}`;

const entryOf = (act: string, rows: readonly Seen[]): Entry => ({
  act,
  detail: {
    subjects: [...new Set(rows.map((row) => row.subject))],
    things: rows.map((row) => row.id),
  },
});
