import {
  CamelCasePlugin,
  type ColumnType,
  type Generated,
  type GeneratedAlways,
  Kysely,
  PostgresDialect,
  type PostgresPool,
} from "kysely";
import pg from "pg";
import type { Logger } from "./log.ts";

/** The data cluster's tables. Each slice adds its own by augmenting this interface. */
// deno-lint-ignore no-empty-interface -- filled by the slices
export interface DataTables {}
/** The keys cluster's tables; `keys.ts` adds the one there is. */
// deno-lint-ignore no-empty-interface -- filled by keys.ts
export interface KeysTables {}

export type Moment = ColumnType<Date, Date | string, Date | string>;
export type GeneratedMoment = ColumnType<Date, Date | string | undefined, Date | string>;
/** Null at first, since it has not come yet. */
export type LaterMoment = ColumnType<Date | null, Date | string | null | undefined, Date | string | null>;
export type { Generated, GeneratedAlways };
export type Database = Kysely<DataTables>;

// A calendar day is text, never a Date at midnight of some time zone.
pg.types.setTypeParser(pg.types.builtins.DATE, (text) => text);
// Counts and sizes fit a double; ids are UUIDs.
pg.types.setTypeParser(pg.types.builtins.INT8, Number);

/**
 * Opens a pool of at most `size` connections to a cluster; connections are made when first needed.
 *
 * @param options.url as in libpq; with `sslmode=verify-full` by TLS, to whom `sslrootcert` certifies that name only
 */
export function openPool(
  options: { url: string; password: string; size: number; name: string; log: Logger },
): pg.Pool {
  const url = new URL(options.url);
  const pool = new pg.Pool({
    host: url.hostname,
    port: Number(url.port || 5432),
    user: decodeURIComponent(url.username),
    database: url.pathname.slice(1),
    password: options.password,
    ...tlsOf(url),
    max: options.size,
    application_name: options.name,
    connectionTimeoutMillis: 3_000,
    idleTimeoutMillis: 60_000,
    keepAlive: true,
  });
  // An idle connection that dies is dropped by the pool; without a listener it would end the process.
  pool.on(
    "error",
    (error) => options.log.warn({ err: error, pool: options.name }, "an idle database connection was lost"),
  );
  // So would one that dies in use, though whoever uses it is told by their query.
  pool.on("connect", (client) => void client.on("error", () => {}));
  return pool;
}

/** Channel binding (RFC 5929) ties the password's exchange to this very TLS connection. */
function tlsOf(url: URL): Pick<pg.PoolConfig, "ssl" | "enableChannelBinding"> {
  if (url.searchParams.get("sslmode") !== "verify-full") return {};
  const ca = Deno.readTextFileSync(url.searchParams.get("sslrootcert")!);
  return { ssl: { ca, rejectUnauthorized: true }, enableChannelBinding: true };
}

/** The sites of which a connection is shown rows (migrations/data/0013_row_security.ts). */
export type Sites = "all" | readonly string[];

/**
 * Kysely over a pool, with snake_case columns as camelCase properties. Of the data cluster it is shown the rows of every
 * site, as the appliance itself needs them; whoever acts for somebody narrows it with `reaching`.
 */
export function kyselyOver<Tables>(pool: pg.Pool): Kysely<Tables> {
  return kyselyReaching(pool, "all");
}

/** The same database as it is shown to whoever reaches these sites, in transactions too. */
export function reaching(db: Database, sites: Sites): Database {
  return sites === "all" ? db : kyselyReaching(poolOf.get(db)!, sites);
}

// Objects inside jsonb are data, not columns.
const camelCase = new CamelCasePlugin({ maintainNestedObjectKeys: true });

const poolOf = new WeakMap<object, pg.Pool>();

function kyselyReaching<Tables>(pool: pg.Pool, sites: Sites): Kysely<Tables> {
  const db = new Kysely<Tables>({
    dialect: new PostgresDialect({ pool: new ReachingPool(pool, sites) }),
    plugins: [camelCase],
  });
  poolOf.set(db, pool);
  return db;
}

/** What each connection was last told to show. */
const shownBy = new WeakMap<pg.PoolClient, string>();

/** Connections of a pool that show the rows of some sites. Told only if the one before wanted others: a round trip. */
class ReachingPool implements PostgresPool {
  readonly options: object;
  readonly #shown: string;

  constructor(private readonly pool: pg.Pool, sites: Sites) {
    this.options = pool.options;
    this.#shown = sites === "all" ? sites : `{${sites.join()}}`;
  }

  async connect(): Promise<pg.PoolClient> {
    const client = await this.pool.connect();
    if (shownBy.get(client) === this.#shown) return client;
    try {
      // Outside of any transaction, so that no rollback takes it back.
      await client.query("select set_config('fleethold.sites', $1, false)", [this.#shown]);
    } catch (error) {
      // Nobody knows now what it shows.
      client.release(true);
      throw error;
    }
    shownBy.set(client, this.#shown);
    return client;
  }

  end(): Promise<void> {
    return this.pool.end();
  }
}

const UNREACHABLE = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "ENOTFOUND",
  "57P01", // admin_shutdown
  "57P02", // crash_shutdown
  "57P03", // cannot_connect_now
  "08006",
  "08003",
  "08001",
  "53300", // too_many_connections
]);

/** Whether an error means that the cluster cannot be reached now, rather than that the query was wrong. */
export function isUnreachable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if ("code" in error && UNREACHABLE.has(String(error.code))) return true;
  return /^Connection terminated|timeout exceeded when trying to connect|^Client has encountered a connection error|not queryable/
    .test(error.message);
}

const BUSY = new Set([
  "25P03", // idle_in_transaction_session_timeout
  "40001", // serialization_failure
  "40P01", // deadlock_detected
  "55P03", // lock_not_available: lock_timeout
  "57014", // query_canceled: statement_timeout
]);

/** Whether a query was given up because the cluster had too much to do; its transaction was rolled back. */
export function isBusy(error: unknown): boolean {
  return error instanceof pg.DatabaseError && BUSY.has(error.code ?? "");
}

/** Whether a cluster's disk is full. */
export function isFull(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.code === "53100";
}

/** Whether an error is a violation of the named unique index or constraint. */
export function violates(error: unknown, constraint: string): boolean {
  return error instanceof pg.DatabaseError && error.constraint === constraint;
}

/** Whether a transaction may simply be run again: serialization failure or deadlock. */
export function isTransient(error: unknown): boolean {
  return error instanceof pg.DatabaseError && (error.code === "40001" || error.code === "40P01");
}
