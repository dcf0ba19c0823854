import { type RawBuilder, sql } from "kysely";
import { z } from "zod";
import { readCursor, writeCursor } from "../platform/http.ts";
import { Instant, type Page } from "../platform/schema.ts";
import { idsIn, type Namer, namesOf } from "./naming.ts";
import type { Reader } from "./reader.ts";
import type { AuditEntry, AuditQuery } from "./schema.ts";
import { openDetails } from "./sealed_detail.ts";
import { append } from "./trail.ts";

/** So many of the newest entries are looked through before the index of things is asked. */
const RECENT = 5_000;

/** Where a page ended. UTC only, since PostgreSQL knows fewer offsets than ISO 8601 allows. */
const Position = z.tuple([Instant.endsWith("Z"), z.int().positive()]);

interface Row {
  id: number;
  /** `at` with the database's microseconds, which a Date would lose. By another name, lest it be sorted by as text. */
  moment: string;
  act: string;
  actor: string | null;
  detail: Record<string, unknown>;
}

/**
 * Reads the trail, newest first, with names and personal values as far as the reader may see them and the keys exist.
 * The reading is itself an entry: `audit.read` with what was asked for.
 *
 * @throws Problem bad-input for a foreign cursor; keys-unavailable
 */
export async function readTrail(
  reader: Reader,
  query: AuditQuery,
  namers: readonly Namer[],
): Promise<Page<AuditEntry>> {
  const rows = await findRows(reader, query);
  const page = rows.slice(0, query.limit);
  const { act, actor, thing, from, to } = query;
  await append(reader.services.db, reader.actor, [{
    act: "audit.read",
    detail: { act, actor, thing, from, to, entries: page.length },
  }]);
  const last = page.at(-1);
  return {
    items: await shown(reader, page, namers),
    next: last && rows.length > query.limit ? writeCursor([last.moment, last.id]) : null,
  };
}

/** Every act there is an entry of, in order: one probe of the index for each, however long the trail. */
export async function listActs(reader: Reader): Promise<string[]> {
  const { rows } = await sql<{ act: string }>`
    with recursive acts as (
      select min(act) as act from audit_entries
      union all
      select (select min(act) from audit_entries where act > acts.act) from acts where acts.act is not null
    )
    select act from acts where act is not null`.execute(reader.db);
  return rows.map((row) => row.act);
}

async function findRows(reader: Reader, query: AuditQuery): Promise<Row[]> {
  const ask = async (rows: RawBuilder<Row>) => (await rows.execute(reader.db)).rows;
  if (query.thing === undefined) return await ask(newest(query));
  // What is true of a thing that half of all entries are about, such as a site, is not true of an order: the planner
  // cannot know which of the two it is asked for, so it is not left to choose.
  const recent = await ask(recentAbout(query, query.thing));
  return recent.length > query.limit ? recent : await ask(allAbout(query, query.thing));
}

/** The newest entries. */
export const newest = (query: AuditQuery): RawBuilder<Row> =>
  sql<Row>`select ${columns} from audit_entries where ${conditions(query)} ${newestFirst(query)}`;

/** Those of the newest entries that are about a thing: for things that turn up all the time. */
const recentAbout = (query: AuditQuery, thing: string): RawBuilder<Row> =>
  sql<Row>`select ${columns} from (
      select * from audit_entries where ${conditions(query)} order by at desc, id desc limit ${RECENT}
    ) as recent where ${about(thing)} ${newestFirst(query)}`;

/** All entries about a thing, found by the index: for things that turn up a few times. */
export const allAbout = (query: AuditQuery, thing: string): RawBuilder<Row> =>
  sql<Row>`with found as materialized (
      select * from audit_entries where ${about(thing)} and ${conditions(query)}
    ) select ${columns} from found ${newestFirst(query)}`;

const columns =
  sql`id, to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as moment, act, actor, detail`;

const newestFirst = ({ limit }: AuditQuery) => sql`order by at desc, id desc limit ${limit + 1}`;

/** The thing's id stands in the detail one level deep, alone or in a list. */
const about = (thing: string) => sql`detail @? ${`$.* ? (@ == "${thing}")`}::jsonpath`;

/** All that narrows the trail, apart from the thing. */
function conditions({ act, actor, from, to, cursor }: AuditQuery): RawBuilder<unknown> {
  const after = cursor === undefined ? null : readCursor(cursor, Position);
  const all = [
    // A prefix ends in a dot, and an act has none of LIKE's signs.
    act !== undefined && (act.endsWith(".") ? sql`act like ${`${act}%`}` : sql`act = ${act}`),
    actor !== undefined && sql`actor = ${actor}`,
    from !== undefined && sql`at >= ${new Date(from)}`,
    to !== undefined && sql`at < ${new Date(to)}`,
    after && sql`(at, id) < (${after[0]}::timestamptz, ${after[1]}::bigint)`,
  ].filter((condition) => condition !== false && condition !== null);
  return all.length > 0 ? sql.join(all, sql` and `) : sql`true`;
}

async function shown(reader: Reader, rows: readonly Row[], namers: readonly Namer[]): Promise<AuditEntry[]> {
  const changed = await openDetails(reader, rows.map((row) => row.detail));
  const entries = rows.map(({ detail: { sealed: _, ...detail }, ...row }) => ({
    ...row,
    detail,
    ids: [row.actor, ...idsIn(detail)].filter((id) => id !== null),
  }));
  const names = await namesOf(namers, reader, entries.flatMap((entry) => entry.ids));
  return entries.map(({ id, moment, act, actor, detail, ids }, index) => ({
    id: String(id),
    at: new Date(moment).toISOString(),
    act,
    actorId: actor,
    actorName: actor && (names.get(actor) ?? null),
    detail,
    names: Object.fromEntries(ids.filter((id) => names.has(id)).map((id) => [id, names.get(id)!])),
    changed: changed[index]!,
  }));
}
