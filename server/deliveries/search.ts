import { type RawBuilder, sql } from "kysely";
import { type Change, change } from "../audit/change.ts";
import { system } from "../audit/actor.ts";
import type { Reader } from "../audit/reader.ts";
import type { SearchableFields } from "../platform/blind_index.ts";
import type { GeneratedMoment } from "../platform/database.ts";
import { Problem } from "../platform/problem.ts";
import { enqueue } from "../platform/queue.ts";
import type { Services } from "../platform/services.ts";
import { rememberContacts, searchableOf } from "./recipient.ts";
import type { Recipient } from "./schema.ts";

declare module "../platform/database.ts" {
  interface DataTables {
    deliverySearch: { deliveryId: string; siteId: string; tokens: number[] };
    blindIndexes: { name: string; builtAt: GeneratedMoment };
  }
}
declare module "../platform/queue.ts" {
  interface Jobs {
    "search.rebuild": Record<string, never>;
  }
}

const NAME = "deliveries";
const REBUILD_LOCK = 0x73656172; // "sear"
/** Up to so many deliveries an empty index is made again while the first searcher waits. */
const REBUILT_AT_ONCE = 2_000;

/** Makes deliveries findable by what is known of their recipients. */
export async function index(
  change: Change,
  rows: readonly { id: string; siteId: string; fields: SearchableFields }[],
): Promise<void> {
  for (let at = 0; at < rows.length; at += 2_000) {
    const batch = rows.slice(at, at + 2_000).map(({ id, siteId, fields }) => ({
      delivery_id: id,
      site_id: siteId,
      tokens: change.services.blindIndex.tokensOf(fields),
    }));
    await sql`insert into delivery_search (delivery_id, site_id, tokens)
      select delivery_id, site_id, tokens from jsonb_populate_recordset(null::delivery_search, ${
      JSON.stringify(batch)
    }::jsonb)
      on conflict (delivery_id) do update set tokens = excluded.tokens, site_id = excluded.site_id`.execute(
      change.tx,
    );
  }
}

/**
 * Whether a delivery's row in the index has a token for every word of the text. Tokens can find a row too many;
 * callers check with `matches` once opened.
 */
export function hasWords(reader: Reader, text: string): RawBuilder<boolean> {
  const groups = reader.services.blindIndex.query(text);
  if (groups.length === 0) return sql<boolean>`false`;
  return sql<boolean>`${
    sql.join(groups.map((group) => sql`delivery_search.tokens && ${group}::int[]`), sql` and `)
  }`;
}

/** How many words of a text are looked for. */
export const wordsIn = (reader: Reader, text: string): number =>
  reader.services.blindIndex.query(text).length;

/** What the number of a delivery may be or begin with when this was typed: it, or it after a `#`. */
export function numbersTyped(text: string): string[] {
  const typed = text.trim().toLowerCase();
  return typed.startsWith("#") ? [typed] : [typed, `#${typed}`];
}

/**
 * The condition that a delivery's number begins with what was typed; the index deliveries_number_lower answers it. Not
 * LIKE, since behind row security an index is only asked by operators that are leakproof.
 */
export const hasNumberFrom = (typed: string): RawBuilder<boolean> =>
  sql<boolean>`deliveries.number_lower ^@ ${typed}`;

/**
 * Makes sure the index is there to be searched: after a crash of the data cluster it is empty.
 * @throws Problem search-rebuilding while a large one is being made again
 */
export async function ensureIndexed(services: Services): Promise<void> {
  if (await isBuilt(services)) return;
  const { rows: beginning } = await sql`select from deliveries limit ${REBUILT_AT_ONCE + 1}`.execute(
    services.db,
  );
  if (beginning.length <= REBUILT_AT_ONCE) return await rebuildOnce(services);
  await enqueue(services.db, "search.rebuild", {}, { key: "search.rebuild" });
  throw new Problem(503, "search-rebuilding", "The search is being made ready", {
    detail: "The search index is kept out of backups and is made again after a crash of the database.",
    next: "Filter by day, state or driver meanwhile, and search again in a minute.",
    retryAfter: 30,
  });
}

const rebuilding = new WeakMap<Services, Promise<void>>();

/**
 * Rebuilds it for all who search at the same moment. If each did by themselves, they would wait for each other with a
 * connection in hand, and after a crash of the database nobody else would get one.
 */
async function rebuildOnce(services: Services): Promise<void> {
  const underWay = rebuilding.get(services) ??
    rebuildSearch(services).finally(() => rebuilding.delete(services));
  rebuilding.set(services, underWay);
  await underWay;
}

/** Makes both blind indexes again from the rows, in slices, if they are not complete. Safe to run twice and at once. */
export async function rebuildSearch(services: Services): Promise<void> {
  let after = "00000000-0000-0000-0000-000000000000";
  if (await isBuilt(services)) return;
  for (;;) {
    const last: string | null = await change(services, system("search.rebuild"), async (change) => {
      change.unchanged();
      await sql`select pg_advisory_xact_lock(${REBUILD_LOCK})`.execute(change.tx);
      return await rebuildSlice(change, after);
    });
    if (last === null) return;
    after = last;
  }
}

async function isBuilt({ db }: Pick<Services, "db">): Promise<boolean> {
  const { rows } = await sql`select from blind_indexes where name = ${NAME}`.execute(db);
  return rows.length > 0;
}

async function rebuildSlice(change: Change, after: string): Promise<string | null> {
  // By whoever had the lock before: the other instance, or the worker.
  if (await isBuilt({ db: change.tx })) return null;
  const rows = await change.tx.selectFrom("deliveries").select(["id", "siteId", "recipientId", "sealed"])
    .where("id", ">", after).orderBy("id").limit(2_000).execute();
  const opened = await change.open<Recipient>(
    "deliveries",
    rows.map((row) => ({ ...row, subject: row.recipientId })),
    null,
  );
  const known = rows.flatMap((row, at) => opened[at] ? [{ ...row, recipient: opened[at] }] : []);
  await index(
    change,
    known.map(({ id, siteId, recipient }) => ({ id, siteId, fields: searchableOf(recipient) })),
  );
  await rememberContacts(change, known);
  const last = rows.at(-1);
  if (last && rows.length === 2_000) return last.id;
  await change.tx.insertInto("blindIndexes").values({ name: NAME }).onConflict((conflict) =>
    conflict.doNothing()
  ).execute();
  return null;
}
