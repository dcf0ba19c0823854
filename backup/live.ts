import type pg from "pg";
import { openPool } from "../server/platform/database.ts";
import { isUnreachable } from "../server/platform/database.ts";
import type { Logger } from "../server/platform/log.ts";
import { bytesOf, SEGMENT_BYTES, segmentOf } from "./log_segments.ts";
import type { ClusterName, Settings } from "./settings.ts";

/** How a live cluster's log stands. */
export interface LogPosition {
  /** Bytes from the beginning of the log. */
  written: number;
  timeline: number;
  /** Goes on with each change, and not with what PostgreSQL notes in the log for itself. */
  changes: string;
  /** The segment that is written now. */
  segment: string;
  receiver: { isConnected: boolean; lagBytes: number; isSynchronous: boolean };
  /** Segments on the cluster's disk that PostgreSQL still wants to archive. */
  waitingSegments: number;
  archiverFailing: boolean;
  systemId: string;
}

/** Bytes of the first page's header (`XLogLongPageHeaderData` in PostgreSQL's source). */
const SEGMENT_HEADER = 40;

/** The rows of one cluster, to be compared. */
export interface Census {
  /** Rows by `schema.table`. */
  rows: Record<string, number>;
  /** Entries of the trail, and a sum over all of each entry's content; null in the keys cluster. */
  trail: { entries: number; sum: string } | null;
}

/** A moment of the live cluster that a restored copy can be compared with exactly. */
export interface Mark {
  /** Restore to this name to get the same moment. */
  name: string;
  census: Census;
}

/** A live cluster, asked as the role `fleethold_backup`. */
export class LiveCluster {
  readonly #pool: pg.Pool;

  constructor(readonly name: ClusterName, settings: Settings, log: Logger) {
    this.#pool = openPool({
      url: name === "data" ? settings.FLEETHOLD_DATA_URL : settings.FLEETHOLD_KEYS_URL,
      password: name === "data" ? settings.FLEETHOLD_DATA_PASSWORD : settings.FLEETHOLD_KEYS_PASSWORD,
      size: 3,
      name: "fleethold_backup",
      log,
    });
  }

  async query<Row extends pg.QueryResultRow>(text: string, values: unknown[] = []): Promise<Row[]> {
    return (await this.#pool.query<Row>(text, values)).rows;
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }

  /** Whether it answers at all. */
  async isUp(): Promise<boolean> {
    try {
      await this.#pool.query("select 1");
      return true;
    } catch (error) {
      if (isUnreachable(error)) return false;
      throw error;
    }
  }

  async position(): Promise<LogPosition> {
    const [row] = await this.query<
      {
        lsn: string;
        timeline: number;
        system: string;
        changes: string;
        connected: boolean;
        received: string | null;
        synchronous: boolean;
        waiting: number;
        failing: boolean;
      }
    >(`
      select pg_current_wal_insert_lsn()::text as lsn,
        ('x' || substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8))::bit(32)::int as timeline,
        (select system_identifier::text from pg_control_system()) as system,
        pg_snapshot_xmax(pg_current_snapshot())::text as changes,
        coalesce(r.state = 'streaming', false) as connected,
        r.write_lsn::text as received,
        coalesce(r.sync_state in ('sync', 'quorum'), false) as synchronous,
        (select count(*)::int from pg_ls_archive_statusdir() where name like '%.ready') as waiting,
        coalesce(a.last_failed_time > a.last_archived_time or a.last_archived_time is null and a.failed_count > 0,
          false) as failing
      from pg_stat_archiver a
      left join pg_stat_replication r on r.application_name = 'fleethold_receiver'
      limit 1`);
    const { lsn, timeline, system, changes, connected, received, synchronous, waiting, failing } = row!;
    const reached = bytesOf(lsn);
    // A segment that was only just begun is reached behind its header.
    const written = reached % SEGMENT_BYTES <= SEGMENT_HEADER ? reached - reached % SEGMENT_BYTES : reached;
    return {
      written,
      timeline,
      changes,
      segment: segmentOf(timeline, Math.floor(written / SEGMENT_BYTES)),
      receiver: {
        isConnected: connected,
        lagBytes: received === null ? 0 : Math.max(0, written - bytesOf(received)),
        isSynchronous: synchronous,
      },
      waitingSegments: waiting,
      archiverFailing: failing,
      systemId: system,
    };
  }

  /** Writes the moment into the canary, so that a restored copy can say up to when it goes. */
  async singCanary(): Promise<void> {
    if (this.name === "data") await this.query("update backup_canary set at = now()");
  }

  /** The company's time zone; UTC before there is a company. */
  async timeZone(): Promise<string> {
    const [company] = await this.query<{ time_zone: string }>("select time_zone from company");
    return company?.time_zone ?? "UTC";
  }

  /** Ends the segment that is written, so that it is archived now. */
  async switchSegment(): Promise<void> {
    await this.query("select pg_switch_wal()");
  }

  /**
   * Marks a moment at which nobody was writing, and counts what there was then. A restored copy that ends at the mark
   * holds exactly this. No lock is taken: with many writers such a moment comes within a second, and when none comes in
   * a minute, nothing is compared.
   * @param name what the mark's own name begins with
   */
  async mark(name: string): Promise<Mark | null> {
    const counting = await this.#pool.connect();
    try {
      const end = Date.now() + 60_000;
      for (let attempt = 1; Date.now() < end; attempt++, await sleep(20)) {
        await counting.query("begin isolation level repeatable read read only");
        const before = await snapshotOf(counting);
        if (before.isQuiet) {
          // A restore ends at the first mark of a name, so that one which was missed must not have this one's.
          const marked = `${name}-${attempt}`;
          await this.query("select pg_create_restore_point($1)", [marked]);
          const after =
            (await this.query<{ snapshot: string }>("select pg_current_snapshot()::text as snapshot"))[0]!;
          // Nobody even began to write between the two: the mark in the log and the snapshot are one moment.
          if (after.snapshot === before.text) return { name: marked, census: await censusOf(counting) };
        }
        await counting.query("rollback");
      }
      return null;
    } finally {
      await counting.query("rollback").catch(() => {});
      counting.release();
    }
  }
}

async function snapshotOf(client: pg.PoolClient): Promise<{ text: string; isQuiet: boolean }> {
  const { rows } = await client.query<{ text: string }>("select pg_current_snapshot()::text as text");
  const text = rows[0]!.text;
  const [oldest, next, running] = text.split(":");
  return { text, isQuiet: oldest === next && running === "" };
}

/** Counts every row that is ever backed up. Unlogged tables are not: they are made again. */
export async function censusOf(client: Pick<pg.ClientBase, "query">): Promise<Census> {
  const { rows: tables } = await client.query<{ name: string; quoted: string }>(`
    select n.nspname || '.' || c.relname as name, format('%I.%I', n.nspname, c.relname) as quoted
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r') and c.relpersistence = 'p'
      and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname not like 'pg\\_%'
    order by 1`);
  const rows: Record<string, number> = {};
  for (const { name, quoted } of tables) {
    const counted = await client.query<{ rows: string }>(`select count(*) as rows from ${quoted}`);
    rows[name] = Number(counted.rows[0]!.rows);
  }
  if (!("public.audit_entries" in rows)) return { rows, trail: null };
  // A sum over all entries, whatever their order, that changes with any of them.
  const { rows: [trail] } = await client.query<{ entries: string; sum: string }>(`
    select count(*) as entries, coalesce(sum(hash_record_extended(e.*, 0)::numeric), 0)::text as sum
    from audit_entries e`);
  return { rows, trail: { entries: Number(trail!.entries), sum: trail!.sum } };
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
