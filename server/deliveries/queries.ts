import { type RawBuilder, sql } from "kysely";
import { z } from "zod";
import type { Reader } from "../audit/reader.ts";
import { driverNames } from "../drivers/driver.ts";
import { matcherOf } from "../platform/blind_index.ts";
import type { DataTables } from "../platform/database.ts";
import { readCursor, writeCursor } from "../platform/http.ts";
import { notFound } from "../platform/problem.ts";
import { Day, Id, Instant, line, type Page } from "../platform/schema.ts";
import { todayAt } from "../sites/site.ts";
import { type DeliveryRow, presentAll, within } from "./delivery.ts";
import { proofsOf } from "./proof.ts";
import { searchableOf } from "./recipient.ts";
import type { Delivery, DeliveryDetail, DeliveryQuery, Recipient, Summary, SummaryQuery } from "./schema.ts";
import { ensureIndexed, hasNumberFrom, hasWords, numbersTyped, wordsIn } from "./search.ts";
import { onwardFor, open } from "./state.ts";
import { stepsOf, undoableOf } from "./step.ts";

/** Work without a window is listed after work with one. */
const byWindow = sql<Date>`coalesce(deliveries.window_after, 'infinity')`;

/** Of the numbers that begin with what was typed, so many of the highest are found: whoever wants others types on. */
const MOST_NUMBERS = 500;

/** So many of the newest orders are looked through for several words before the index of all is asked. */
const RECENT = 3_000;

/** One page of the deliveries that fit, personal data opened and the look recorded. */
export async function listDeliveries(reader: Reader, query: DeliveryQuery): Promise<Page<Delivery>> {
  const searched = query.q ? query.q : null;
  if (searched) await ensureIndexed(reader.services);
  const sort = searched ? "newest" : query.sort;
  const fitting = searched ? await found(reader, query, searched) : filtered(reader, query);
  const rows = await sorted(fitting, sort, query.cursor).limit(query.limit + 1).execute();
  const page = rows.slice(0, query.limit);
  const items = await presentAll(reader, page, "delivery.read");
  return {
    items: searched ? items.filter(reallyFitting(searched)) : items,
    next: rows.length > query.limit ? cursorAfter(page.at(-1)!, sort) : null,
  };
}

/** One delivery with all that happened to it. */
export async function deliveryDetail(reader: Reader, id: string): Promise<DeliveryDetail> {
  const row = await reader.db.selectFrom("deliveries").selectAll().where("id", "=", id).where(within(reader))
    .executeTakeFirstOrThrow(() => notFound("order"));
  return (await detailsOf(reader, [row]))[0]!;
}

/** As `deliveryDetail`, for whoever has just acted on it: a driver who declined an order no longer reaches it. */
export async function detailOf(reader: Reader, id: string): Promise<DeliveryDetail> {
  const row = await reader.db.selectFrom("deliveries").selectAll().where("id", "=", id)
    .executeTakeFirstOrThrow();
  return (await detailsOf(reader, [row]))[0]!;
}

/** Today where the signed-in driver's site is. */
export async function driversToday(reader: Reader): Promise<string> {
  const site = await reader.db.selectFrom("drivers").innerJoin("sites", "sites.id", "drivers.siteId").select(
    "sites.timeZone",
  )
    .where("drivers.id", "=", reader.actor.driverId).executeTakeFirstOrThrow(() => notFound("driver"));
  return todayAt(site.timeZone);
}

/** A driver's own day in the order to drive it: what has a window by its window, then the rest by number. */
export async function driversStops(reader: Reader, day: string): Promise<DeliveryDetail[]> {
  const rows = await reader.db.selectFrom("deliveries").selectAll()
    .where("driverId", "=", reader.actor.driverId).where("day", "=", day).where("state", "!=", "cancelled")
    .orderBy(byWindow).orderBy("number").limit(500).execute();
  return await detailsOf(reader, rows);
}

/** How a day stands: counts by state and by driver. */
export async function summary(reader: Reader, { site, day }: SummaryQuery): Promise<Summary> {
  const rows = await reader.db.selectFrom("deliveries").select([
    "state",
    "driverId",
    sql<number>`count(*)`.as("count"),
  ])
    .where(within(reader))
    .$if(site !== undefined, (query) => query.where("siteId", "=", site!))
    .$if(day !== undefined, (query) => query.where("day", "=", day!))
    .groupBy(["state", "driverId"]).execute();
  const byState = Map.groupBy(rows, (row) => row.state);
  const byDriver = Map.groupBy(rows, (row) => row.driverId);
  const total = (of: readonly { count: number }[]) => of.reduce((sum, { count }) => sum + count, 0);
  return {
    total: total(rows),
    byState: [...byState].map(([state, of]) => ({ state, count: total(of) })),
    byDriver: [...byDriver].map(([driverId, of]) => ({
      driverId,
      open: total(of.filter((row) => open.includes(row.state))),
      done: total(of.filter((row) => row.state === "completed")),
      failed: total(of.filter((row) => row.state === "failed" || row.state === "returned")),
    })),
  };
}

async function detailsOf(reader: Reader, rows: readonly DeliveryRow[]): Promise<DeliveryDetail[]> {
  const ids = rows.map((row) => row.id);
  const asDriver = reader.actor.role === "driver";
  const [deliveries, steps, proofs, names] = await Promise.all([
    presentAll(reader, rows, "delivery.read"),
    stepsOf(reader, rows),
    proofsOf(reader, rows),
    driverNames(reader, [...new Set(rows.flatMap((row) => row.driverId ?? []))]),
  ]);
  return deliveries.map((delivery, at) => ({
    ...delivery,
    driverName: delivery.driverId ? names.get(delivery.driverId) ?? null : null,
    steps: steps.get(ids[at]!) ?? [],
    proofs: proofs.get(ids[at]!) ?? [],
    onward: onwardFor(delivery.state, asDriver),
    undoable: undoableOf(reader, steps.get(ids[at]!) ?? []),
  }));
}

function filtered(reader: Reader, { site, state, driver, day }: DeliveryQuery) {
  return reader.db.selectFrom("deliveries").selectAll("deliveries").where(within(reader))
    .$if(site !== undefined, (query) => query.where("deliveries.siteId", "=", site!))
    .$if(state !== undefined, (query) => query.where("state", "in", state!))
    .$if(driver === "none", (query) => query.where("driverId", "is", null))
    .$if(driver !== undefined && driver !== "none", (query) => query.where("driverId", "=", driver!))
    .$if(day !== undefined, (query) => query.where("day", "=", day!));
}
type Filtered = ReturnType<typeof filtered>;
type IndexRow = DataTables["deliverySearch"];

/**
 * What fits and is found by its words or its number. A word that half of all orders have is looked for among the newest
 * until the page is full, one that few have in the index; the planner knows which from the statistics of the tokens.
 */
async function found(reader: Reader, query: DeliveryQuery, text: string): Promise<Filtered> {
  const typed = numbersTyped(text);
  const itself = filtered(reader, query).where(
    sql<boolean>`deliveries.number_lower = any(${typed}::text[])`,
  );
  // Numbers and ids rise together: to go by id would walk through all that is newer than what was typed.
  const byNumber = typed.map((beginning) =>
    filtered(reader, query).where(hasNumberFrom(beginning))
      .orderBy(sql`deliveries.number_lower using ~>~`).limit(MOST_NUMBERS)
  );
  const byWords = await recentWithWords(reader, query, text) ??
    withWords(reader, query, text, sql<IndexRow>`delivery_search`);
  return filtered(reader, query)
    .where(
      sql<boolean>`deliveries.id in (${
        sql.join([byWords, ...[itself, ...byNumber].map(idsOf)], sql` union `)
      })`,
    );
}

/**
 * The page of what has all of several words, if the newest orders fill it. The planner takes the words of "An der
 * Schleuse" for independent of each other, expects next to nothing, and would fetch all who live in that street.
 */
async function recentWithWords(reader: Reader, query: DeliveryQuery, text: string) {
  if (wordsIn(reader, text) < 2) return null;
  const before = query.cursor ? sql`where delivery_id < ${readCursor(query.cursor, NewestKey)[0]}` : sql``;
  const newest = sql<
    IndexRow
  >`(select * from delivery_search ${before} order by delivery_id desc limit ${RECENT})`;
  const ids = (await withWords(reader, query, text, newest).execute()).map(({ id }) => id);
  return ids.length > query.limit ? sql`select unnest(${ids}::uuid[])` : null;
}

/** The newest that fit and have every word, looked for in the index's rows that `rows` names. */
function withWords(reader: Reader, query: DeliveryQuery, text: string, rows: RawBuilder<IndexRow>) {
  const { site, state, driver, day, cursor, limit } = query;
  const indexed = reader.db.selectFrom(rows.as("deliverySearch")).select("deliverySearch.deliveryId as id")
    .where(hasWords(reader, text));
  // The index knows each order's site, and to fetch all that are found only for that is most of the time.
  const fitting =
    reader.actor.role !== "driver" && state === undefined && driver === undefined && day === undefined
      ? indexed.where(reader.inSites("deliverySearch.siteId"))
        .$if(site !== undefined, (query) => query.where("deliverySearch.siteId", "=", site!))
      : indexed.innerJoin(filtered(reader, query).as("fitting"), "fitting.id", "deliverySearch.deliveryId");
  return fitting
    .$if(
      cursor !== undefined,
      (query) => query.where("deliverySearch.deliveryId", "<", readCursor(cursor!, NewestKey)[0]),
    )
    .orderBy("deliverySearch.deliveryId", "desc").limit(limit + 1);
}

const idsOf = (fitting: Filtered) => fitting.clearSelect().select("deliveries.id");

const ByWindowKey = z.tuple([Day, z.union([z.literal("infinity"), Instant]), Id]);
const ByNumberKey = z.tuple([line(40), Id]);
const NewestKey = z.tuple([Id]);

/** Keyset paging: the page after a row starts where that row stands, whatever was added meanwhile. */
function sorted(query: Filtered, sort: DeliveryQuery["sort"], cursor: string | undefined): Filtered {
  switch (sort) {
    case "window": {
      const page = query.orderBy("day").orderBy(byWindow).orderBy("id");
      if (!cursor) return page;
      const [day, after, id] = readCursor(cursor, ByWindowKey);
      // The day apart: behind row security an index is not asked by a comparison with coalesce() in it.
      return page.where("day", ">=", day).where(
        sql<boolean>`(day, ${byWindow}, id) > (${day}::date, ${after}::timestamptz, ${id}::uuid)`,
      );
    }
    case "number": {
      const page = query.orderBy("number").orderBy("id");
      if (!cursor) return page;
      const [number, id] = readCursor(cursor, ByNumberKey);
      return page.where(sql<boolean>`(number, id) > (${number}, ${id}::uuid)`);
    }
    case "newest": {
      const page = query.orderBy("id", "desc");
      return cursor ? page.where("id", "<", readCursor(cursor, NewestKey)[0]) : page;
    }
  }
}

const cursorAfter = (row: DeliveryRow, sort: DeliveryQuery["sort"]): string =>
  writeCursor(
    sort === "window"
      ? [row.day, row.windowAfter?.toISOString() ?? "infinity", row.id]
      : sort === "number"
      ? [row.number, row.id]
      : [row.id],
  );

/** Tokens are cut to 32 bits and may find a row too many; a number is compared as it stands. */
function reallyFitting(text: string): (delivery: Delivery) => boolean {
  const typed = numbersTyped(text);
  const hasWordsOf = matcherOf(text);
  return ({ number, recipient }) =>
    typed.some((beginning) => number.toLowerCase().startsWith(beginning)) ||
    (recipient !== null && hasWordsOf(searchableOf(recipient as Recipient)));
}
