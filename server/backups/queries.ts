import { type Selectable, sql } from "kysely";
import { z } from "zod";
import type { Reader } from "../audit/reader.ts";
import type { DataTables, GeneratedMoment, Moment } from "../platform/database.ts";
import { readCursor, writeCursor } from "../platform/http.ts";
import { Id, Instant, type Page } from "../platform/schema.ts";
import {
  type BackupRequest,
  BackupRun,
  BackupState,
  type RequestedBackup,
  type RunKind,
  type RunQuery,
} from "./schema.ts";

declare module "../platform/database.ts" {
  interface DataTables {
    backupRuns: {
      id: string;
      kind: RunKind;
      cluster: string | null;
      requestedBy: string | null;
      startedAt: Moment;
      endedAt: Moment | null;
      outcome: string | null;
      failure: string | null;
      figures: unknown;
    };
    backupRequests: {
      id: string;
      kind: BackupRequest["kind"];
      accountId: string | null;
      at: GeneratedMoment;
      takenAt: Moment | null;
    };
    backupState: { onlyOne: boolean; at: GeneratedMoment; state: unknown };
  }
}

/** Runs that ended longer ago say nothing about how things stand. */
const LOOKED_AT_DAYS = 60;

/** What the service reported last; null where it never did, or in words of another release. */
export async function stateOf(reader: Reader): Promise<BackupState | null> {
  const row = await reader.db.selectFrom("backupState").select("state").executeTakeFirst();
  return row ? BackupState.safeParse(row.state).data ?? null : null;
}

/** Runs, the newest first. @throws Problem bad-input for a foreign cursor */
export async function listRuns(
  reader: Reader,
  { kind, from, cursor, limit }: RunQuery,
): Promise<Page<BackupRun>> {
  let query = reader.db.selectFrom("backupRuns").selectAll()
    // With the database's microseconds, which a Date would lose.
    .select(
      sql<string>`to_char(started_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`.as("moment"),
    );
  if (kind) query = query.where("kind", "in", kind);
  if (from !== undefined) query = query.where("startedAt", ">=", new Date(from));
  if (cursor !== undefined) {
    const [moment, id] = readCursor(cursor, Position);
    query = query.where(sql<boolean>`(started_at, id) < (${moment}::timestamptz, ${id}::uuid)`);
  }
  const rows = await query.orderBy("startedAt", "desc").orderBy("id", "desc").limit(limit + 1).execute();
  const page = rows.slice(0, limit), last = page.at(-1);
  return {
    items: page.map(runOf),
    next: last && rows.length > limit ? writeCursor([last.moment, last.id]) : null,
  };
}

/** Where a page ended. UTC only, since PostgreSQL knows fewer offsets than ISO 8601 allows. */
const Position = z.tuple([Instant.endsWith("Z"), Id]);

/** The last run that ended, of each kind and cluster; with `outcome`, the last one that ended so. */
export async function lastRuns(reader: Reader, outcome?: "done"): Promise<BackupRun[]> {
  let query = reader.db.selectFrom("backupRuns").selectAll().distinctOn(["kind", "cluster"])
    .where("endedAt", "is not", null)
    .where("startedAt", ">", sql<Date>`now() - make_interval(days => ${LOOKED_AT_DAYS})`)
    .orderBy("kind").orderBy("cluster").orderBy("endedAt", "desc");
  if (outcome) query = query.where("outcome", "=", outcome);
  return (await query.execute()).map(runOf);
}

/** What was asked for and not taken up yet, the oldest first. */
export async function waitingRequests(reader: Reader): Promise<RequestedBackup[]> {
  const rows = await reader.db.selectFrom("backupRequests").select(["id", "kind", "at"])
    .where("takenAt", "is", null).orderBy("at").limit(50).execute();
  return rows.map(({ at, ...request }) => ({ ...request, at: at.toISOString() }));
}

/** Whether this installation's clusters hand their log over to be kept, which is what a backup service sets up first. */
export async function makesBackups(reader: Reader): Promise<boolean> {
  const { rows: [row] } = await sql<{ on: boolean }>`
    select current_setting('archive_mode') <> 'off' as "on"`.execute(reader.db);
  return row!.on;
}

const runOf = ({ startedAt, endedAt, ...row }: Selectable<DataTables["backupRuns"]>): BackupRun =>
  BackupRun.parse({ ...row, startedAt: startedAt.toISOString(), endedAt: endedAt?.toISOString() ?? null });
