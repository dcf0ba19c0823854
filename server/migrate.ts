import { runMigrations } from "graphile-worker";
import { type Kysely, sql } from "kysely";
import { type Migration, type MigrationProvider, Migrator } from "kysely/migration";
import type pg from "pg";
import { system } from "./audit/actor.ts";
import { append } from "./audit/trail.ts";
import { type DataTables, type KeysTables, kyselyOver, openPool } from "./platform/database.ts";
import type { Logger } from "./platform/log.ts";
import { conflict } from "./platform/problem.ts";

interface Clusters {
  FLEETHOLD_DATA_URL: string;
  FLEETHOLD_DATA_PASSWORD: string;
  FLEETHOLD_KEYS_URL: string;
  FLEETHOLD_KEYS_PASSWORD: string;
}

/** Names of migrations by the cluster they are for. */
export type Migrations = Record<"data" | "keys", string[]>;

/**
 * Brings both clusters to this release's schema, as the migrator acting as the owner. Running it again changes
 * nothing; two at once wait for each other on the migrator's lock.
 *
 * @param byOperator whether somebody asked for it, which belongs in the trail; a start brings its own schema along
 * @throws Problem cluster-lost before anything is done, where one cluster is new and the other is not; the first
 * migration's error, and what ran before it stays while that migration is rolled back whole
 */
export async function migrate(config: Clusters, log: Logger, { byOperator = false } = {}): Promise<void> {
  await withBoth(config, log, async ({ data, keys }) => {
    await refuseIfLost(data, keys);
    const done: Migrations = { keys: await bringUp(kyselyOver<KeysTables>(keys), "keys", log), data: [] };
    await runMigrations({ pgPool: data, schema: "graphile_worker" });
    const db = kyselyOver<DataTables>(data);
    await letTheAppQueue(db);
    done.data = await bringUp(db, "data", log);
    if (byOperator) await append(db, system("operator"), [{ act: "operator.migrated", detail: done }]);
  });
}

/**
 * A new, empty cluster beside one that holds something stands in the place of one that was lost. It is not filled: keys
 * made there would hide that the old ones are missing, and a company set up there, that the old one can be restored.
 */
async function refuseIfLost(data: pg.Pool, keys: pg.Pool): Promise<void> {
  const holds = async (pool: pg.Pool, table: string) => {
    const { rows: [found] } = await pool.query<{ is: boolean }>("select to_regclass($1) is not null as is", [
      table,
    ]);
    if (!found!.is) return null;
    return (await pool.query(`select from ${table} limit 1`)).rowCount === 1;
  };
  const inData = await holds(data, "public.company"), inKeys = await holds(keys, "public.subject_keys");
  const lost = inData === null && inKeys ? "data" : inKeys === null && inData ? "keys" : undefined;
  if (!lost) return;
  throw conflict(
    "cluster-lost",
    `The ${lost} cluster is new and empty, and the other one is not: it was lost`,
    {
      next: `fleethold restore --cluster ${lost} brings it back from the backups; nothing was changed.`,
    },
  );
}

/** The migrations that this release brings and the clusters do not have yet. */
export async function pendingMigrations(config: Clusters, log: Logger): Promise<Migrations> {
  const missing = async <Tables>(db: Kysely<Tables>, cluster: "data" | "keys") =>
    (await migratorOf(db, cluster).getMigrations())
      .filter(({ executedAt }) => !executedAt).map(({ name }) => name);
  return await withBoth(config, log, async ({ data, keys }) => ({
    data: await missing(kyselyOver<DataTables>(data), "data"),
    keys: await missing(kyselyOver<KeysTables>(keys), "keys"),
  }));
}

async function withBoth<T>(
  config: Clusters,
  log: Logger,
  act: (pools: Record<"data" | "keys", pg.Pool>) => Promise<T>,
): Promise<T> {
  const keys = asOwner(config.FLEETHOLD_KEYS_URL, config.FLEETHOLD_KEYS_PASSWORD, log);
  const data = asOwner(config.FLEETHOLD_DATA_URL, config.FLEETHOLD_DATA_PASSWORD, log);
  try {
    return await act({ data, keys });
  } finally {
    await Promise.all([keys.end(), data.end()]);
  }
}

function asOwner(url: string, password: string, log: Logger) {
  const pool = openPool({ url, password, size: 3, name: "migrate", log });
  pool.on("connect", (client) => void client.query("set role fleethold_owner"));
  return pool;
}

/** Runs what is missing and answers the names of what ran. */
async function bringUp<Tables>(
  db: Kysely<Tables>,
  cluster: "data" | "keys",
  log: Logger,
): Promise<string[]> {
  const { error, results = [] } = await migratorOf(db, cluster).migrateToLatest();
  for (const { migrationName, status } of results) {
    log.info({ cluster, migration: migrationName, status }, "migrated");
  }
  if (error) throw error;
  return results.map(({ migrationName }) => migrationName);
}

const migratorOf = <Tables>(db: Kysely<Tables>, cluster: "data" | "keys") =>
  new Migrator({ db, provider: folder(new URL(`../migrations/${cluster}/`, import.meta.url)) });

const folder = (url: URL): MigrationProvider => ({
  async getMigrations() {
    const migrations: Record<string, Migration> = {};
    for await (const { name } of Deno.readDir(url)) {
      if (/^\d{4}_.*\.ts$/.test(name)) migrations[name.slice(0, -3)] = await import(new URL(name, url).href);
    }
    return migrations;
  },
});

/** The queue's tables are the library's, with row security on: the app enqueues and works jobs, and owns nothing. */
async function letTheAppQueue(db: Kysely<DataTables>): Promise<void> {
  await sql`grant usage on schema graphile_worker to fleethold_app`.execute(db);
  await sql`grant select, insert, update, delete on all tables in schema graphile_worker to fleethold_app`
    .execute(db);
  await sql`grant usage on all sequences in schema graphile_worker to fleethold_app`.execute(db);
  await sql`grant execute on all functions in schema graphile_worker to fleethold_app`.execute(db);
  const { rows } = await sql<{ name: string }>`
    select quote_ident(tablename) as name from pg_tables
    where schemaname = 'graphile_worker' and rowsecurity and tablename not in (
      select tablename from pg_policies where schemaname = 'graphile_worker' and policyname = 'app')`.execute(
    db,
  );
  for (const { name } of rows) {
    await sql.raw(
      `create policy app on graphile_worker.${name} to fleethold_app using (true) with check (true)`,
    ).execute(db);
  }
}
