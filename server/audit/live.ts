import { sql } from "kysely";
import type pg from "pg";
import { type Database, openPool } from "../platform/database.ts";
import { Problem, unavailable } from "../platform/problem.ts";
import type { Services } from "../platform/services.ts";
import type { Actor } from "./actor.ts";
import { Bell } from "./bell.ts";
import type { Entry } from "./news.ts";

/** Wake-ups that come closer together than this are one. */
const QUIET_MS = 100;
/** The trail is looked at this often even if no wake-up came, as when the connection that hears them is dead. */
const LOOK_ANYWAY_MS = 20_000;
/** More entries than this at once are not worth telling one by one: everybody loads again. */
const MOST_ENTRIES = 5_000;
/** A stream that was away for longer loads again. */
const REPLAYED_MINUTES = 10;
const RECONNECT_MS = { first: 250, most: 5_000 };
/** A new stream waits so long for the database, at most. */
const FIRST_LOOK_MS = 5_000;

const MOST_STREAMS = 500;
const MOST_STREAMS_OF_SESSION = 10;

/**
 * What happened up to a moment. `upTo` is a transaction id below which every transaction has ended and is told of, so a
 * stream resumed from it misses nothing, however transactions overlap. `entries` null: too much, or unknown; load again.
 */
export interface Batch {
  upTo: string;
  entries: Entry[] | null;
}

/** Live updates for this process: follows the trail from the first stream on until `close()`. */
export function startLive(services: Services): Live {
  return new Live(services);
}

/**
 * Follows the trail on one connection and hands what is new to every stream of this process. Streams are cheap: a
 * thousand entries a second cost one query each 100 ms, however many streams there are.
 */
export class Live {
  readonly #services: Services;
  readonly #pool: pg.Pool;
  readonly #streams = new Set<Stream>();
  readonly #bell = new Bell();
  readonly #looked = Promise.withResolvers<void>();
  #following: Promise<void> | null = null;
  /** Handed out already, though their transactions are not below `#upTo` yet: entry → transaction. */
  #ahead = new Map<number, bigint>();
  #upTo: bigint | null = null;
  #closed = false;

  constructor(services: Services) {
    const { config, log } = services;
    this.#services = services;
    this.#pool = openPool({
      url: config.FLEETHOLD_DATA_URL,
      password: config.FLEETHOLD_DATA_PASSWORD,
      size: 1,
      name: "fleethold-live",
      log,
    });
  }

  /**
   * A stream of what happens from now on, for one actor. To be left when it is no longer read.
   * @throws Problem too-many-streams
   */
  join(actor: Actor): Stream {
    const ofSession =
      [...this.#streams].filter((stream) => stream.actor.sessionId === actor.sessionId).length;
    if (ofSession >= MOST_STREAMS_OF_SESSION) {
      throw tooManyStreams(`A session can hold ${MOST_STREAMS_OF_SESSION} of them.`);
    }
    if (this.#streams.size >= MOST_STREAMS) {
      throw tooManyStreams(`This server can hold ${MOST_STREAMS} of them.`);
    }
    const stream: Stream = new Stream(actor, () => void this.#streams.delete(stream));
    this.#streams.add(stream);
    this.#following ??= this.#follow();
    return stream;
  }

  /**
   * What a stream that has joined missed since the batch `upTo` it heard last, or since its reader's first look;
   * nothing for one that asks for nothing.
   * @throws Problem database-unavailable
   */
  async since(upTo: string | undefined): Promise<Batch> {
    await this.#firstLook();
    const now = this.#upTo!.toString();
    if (upTo === undefined) return { upTo: now, entries: [] };
    const from = /^\d{1,18}$/.test(upTo) ? BigInt(upTo) : null;
    if (from === null || await isLongAgo(this.#services.db, from)) return { upTo: now, entries: null };
    const heard = await read(this.#services.db, from);
    // A restore took the database back to before that batch: what the stream was told may never have happened.
    return BigInt(heard.upTo) < from ? { ...heard, entries: null } : heard;
  }

  /** Ends every stream and stops following. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#bell.ring();
    for (const stream of [...this.#streams]) stream.end();
    await this.#following;
    await this.#pool.end();
  }

  /** Waits until it is known where this process stands in the trail: before that, something could be missed. */
  async #firstLook(): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(unavailable("database")), FIRST_LOOK_MS);
    });
    await Promise.race([this.#looked.promise, late]).finally(() => clearTimeout(timer));
  }

  async #follow(): Promise<void> {
    let wait = RECONNECT_MS.first;
    while (!this.#closed) {
      try {
        await this.#listen(() => wait = RECONNECT_MS.first);
      } catch (error) {
        if (this.#closed) return;
        this.#services.log.warn({ err: error, wait }, "live updates lost the database and will try again");
        await this.#bell.heard(wait);
        wait = Math.min(wait * 2, RECONNECT_MS.most);
      }
    }
  }

  async #listen(connected: () => void): Promise<void> {
    const client = await this.#pool.connect();
    let loss: Error | undefined;
    client.on("error", (error) => {
      loss = error;
      this.#bell.ring();
    });
    client.on("notification", () => this.#bell.ring());
    try {
      await client.query("listen trail");
      while (!this.#closed) {
        await this.#tell();
        connected();
        await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
        await this.#bell.heard(LOOK_ANYWAY_MS);
        if (loss) throw loss;
      }
    } finally {
      client.release(true);
    }
  }

  /** Hands out what is new since the last time. */
  async #tell(): Promise<void> {
    const { upTo, entries } = await read(this.#services.db, this.#upTo);
    const now = BigInt(upTo);
    const wentBack = this.#upTo !== null && now < this.#upTo;
    const fresh = wentBack ? null : entries?.filter((entry) => !this.#ahead.has(entry.id)) ?? null;
    for (const entry of fresh ?? []) this.#ahead.set(entry.id, BigInt(entry.xid));
    for (const [id, xid] of this.#ahead) if (!fresh || xid < now) this.#ahead.delete(id);
    this.#upTo = now;
    this.#looked.resolve();
    for (const stream of this.#streams) stream.hear({ upTo, entries: fresh });
  }
}

/** What one browser is still to be told. Waits for the browser, not the other way round. */
export class Stream {
  readonly #bell = new Bell();
  #upTo: string | null = null;
  #entries: Entry[] | null = [];
  #ended = false;

  constructor(readonly actor: Actor, readonly leave: () => void) {}

  hear({ upTo, entries }: Batch): void {
    this.#upTo = upTo;
    const all = this.#entries && entries ? [...this.#entries, ...entries] : null;
    this.#entries = all && all.length <= MOST_ENTRIES ? all : null;
    if (!this.#entries || this.#entries.length > 0) this.#bell.ring();
  }

  end(): void {
    this.#ended = true;
    this.leave();
    this.#bell.ring();
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** What happened since the last call, as soon as there is something, or after `within` ms; null when unknown yet. */
  async next(within: number): Promise<Batch | null> {
    await this.#bell.heard(within);
    if (this.#upTo === null) return null;
    const batch = { upTo: this.#upTo, entries: this.#entries };
    this.#entries = [];
    return batch;
  }
}

/**
 * The entries of transactions from `from` on, and the transaction id up to which that is all there will ever be, of one
 * snapshot. Looks and refusals change nothing and are left out.
 */
async function read(
  db: Database,
  from: bigint | null,
): Promise<{ upTo: string; entries: (Entry & { xid: string })[] | null }> {
  const { rows } = await sql<{ upTo: string } & Entry & { xid: string }>`
    select pg_snapshot_xmin(now.snapshot)::text as up_to, entry.id, entry.xid::text, act, actor, detail
    from (select pg_current_snapshot() as snapshot) as now
      left join audit_entries as entry on xid >= ${from?.toString() ?? null}::xid8
        and act not like '%.read' and act not like '%.refused'
    order by entry.xid, entry.id
    limit ${MOST_ENTRIES + 1}`.execute(db);
  const upTo = rows[0]!.upTo;
  if (rows.length > MOST_ENTRIES) return { upTo, entries: null };
  return { upTo, entries: rows.filter((row) => row.id !== null) };
}

/** Whether the first entry since a transaction is older than what is told again. */
async function isLongAgo(db: Database, from: bigint): Promise<boolean> {
  const { rows } = await sql<{ longAgo: boolean | null }>`
    select (select at from audit_entries where xid >= ${from.toString()}::xid8 order by xid limit 1)
      < now() - make_interval(mins => ${REPLAYED_MINUTES}) as long_ago`.execute(db);
  return rows[0]!.longAgo ?? false;
}

const tooManyStreams = (detail: string): Problem =>
  new Problem(429, "too-many-streams", "There are too many live connections", {
    detail,
    next: "Close other windows of this application, then try again.",
    retryAfter: 30,
  });
