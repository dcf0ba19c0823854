import type { Buffer } from "node:buffer";
import { type Generated, type Selectable, sql } from "kysely";
import { z } from "zod";
import type { Change } from "../../audit/change.ts";
import type { Reader } from "../../audit/reader.ts";
import type { DataTables, GeneratedMoment, Moment } from "../../platform/database.ts";
import { readCursor, writeCursor } from "../../platform/http.ts";
import { newId } from "../../platform/id.ts";
import { conflict, notFound } from "../../platform/problem.ts";
import type { Page } from "../../platform/schema.ts";
import { openSiteOf } from "../../sites/site.ts";
import { alreadyRun, filePlace, readAgain, type ReadFile } from "./file.ts";
import { type Reading, readingOf, rememberOptions } from "./reading.ts";
import type {
  Fault,
  Import,
  ImportMode,
  ImportPreview,
  ImportQuery,
  ImportState,
  ImportUpload,
} from "./schema.ts";

declare module "../../platform/database.ts" {
  interface DataTables {
    imports: {
      id: string;
      siteId: string;
      accountId: string;
      /** The person who brought the file: everything of it is sealed under their key. */
      personId: string;
      state: ImportState;
      mode: ImportMode | null;
      encoding: string | null;
      rows: number;
      orders: number;
      done: Generated<number>;
      created: Generated<number>;
      updated: Generated<number>;
      unchanged: Generated<number>;
      faultCount: number;
      leftOutCount: number;
      reason: string | null;
      options: Reading;
      /** The file's name, which may well be a person's. */
      sealed: Buffer | null;
      fileSealed: Buffer | null;
      faultsSealed: Buffer | null;
      createdAt: GeneratedMoment;
      finishedAt: Moment | null;
    };
  }
}
declare module "../../platform/queue.ts" {
  interface Jobs {
    "import.run": { import: string };
    "imports.forget": Record<string, never>;
  }
}
export type ImportRow = Selectable<DataTables["imports"]>;

/** How long a file waits for somebody to run its import. */
const PREVIEWED_HOURS = 24;
/** Files of a site that wait for somebody: far more than people forget, far fewer than fill a disk. */
const MOST_PREVIEWED = 40;
const SAMPLE_ROWS = 5;
const FIRST_ORDERS = 5;

/**
 * Keeps an uploaded file, sealed, until its import is run or forgotten.
 * @throws Problem not-found, site-closed, too-many-imports
 */
export async function addImport(
  change: Change,
  { site: siteId, name }: ImportUpload,
  bytes: Uint8Array,
  read: ReadFile,
): Promise<ImportPreview> {
  await openSiteOf(change, siteId);
  await refuseHoard(change, siteId);
  const id = newId();
  const subject = change.actor.personId!;
  await change.tx.insertInto("imports").values({
    id,
    siteId,
    accountId: change.actor.accountId!,
    personId: subject,
    state: "previewed",
    encoding: read.table.encoding,
    ...columnsOf(read),
    sealed: await change.seal("imports", id, subject, { fileName: name }),
    fileSealed: await change.seal(filePlace, id, subject, bytes),
    faultsSealed: await change.seal(faultsPlace, id, subject, read.found.faults),
  }).execute();
  change.record("import.uploaded", { import: id, site: siteId, ...countsOf(read) });
  return preview({ id, siteId, fileName: name }, read);
}

/** The preview of an import that was not run yet. @throws as readAgain */
export async function previewOf(reader: Reader, id: string): Promise<ImportPreview> {
  const read = await readAgain(reader, id);
  return preview(await importOf(reader, id), read);
}

/**
 * Takes other options for an import, and remembers them for the site's next file with this header.
 * @throws Problem not-found, import-already-run
 */
export async function takeOptions(change: Change, id: string, read: ReadFile): Promise<ImportPreview> {
  const row = await lockPreviewed(change, id);
  await rememberOptions(change, row.siteId, read.table.columns, read.options);
  await change.tx.updateTable("imports").set({
    ...columnsOf(read),
    faultsSealed: await change.seal(faultsPlace, id, row.personId, read.found.faults),
  }).where("id", "=", id).execute();
  change.record("import.mapped", { import: id, site: row.siteId, ...countsOf(read) });
  return preview((await presentAll(change, [row]))[0]!, read);
}

/**
 * Lets the worker import what was previewed. Whoever runs it is whom the trail names.
 * @throws Problem not-found, import-already-run, nothing-to-import
 */
export async function startImport(change: Change, id: string, mode: ImportMode): Promise<Import> {
  const row = await lockPreviewed(change, id);
  if (row.orders === 0) {
    throw conflict("nothing-to-import", "There is no order in this file that could be imported", {
      next: "Choose other columns, or correct the file and upload it again.",
    });
  }
  await change.tx.updateTable("imports")
    .set({ state: "waiting", mode, accountId: change.actor.accountId! }).where("id", "=", id).execute();
  change.record("import.started", { import: id, site: row.siteId, mode });
  // One queue a site: two imports of the same file do not meet.
  change.enqueue("import.run", { import: id }, { key: `import ${id}`, queue: `import ${row.siteId}` });
  return await importOf(change, id);
}

/** Forgets an import that was not run, and its file. @throws Problem not-found, import-already-run */
export async function forgetImport(change: Change, id: string): Promise<void> {
  const row = await lockPreviewed(change, id);
  await change.tx.deleteFrom("imports").where("id", "=", id).execute();
  change.record("import.forgotten", { import: id, site: row.siteId });
}

/** Forgets the files nobody came back to. */
export async function forgetOldImports(change: Change): Promise<void> {
  const forgotten = await change.tx.deleteFrom("imports").where("state", "=", "previewed")
    .where("createdAt", "<", sql<Date>`now() - make_interval(hours => ${PREVIEWED_HOURS})`)
    .returning(["id", "siteId"]).execute();
  for (const { id, siteId } of forgotten) change.record("import.forgotten", { import: id, site: siteId });
  if (forgotten.length === 0) change.unchanged();
}

/** One import of the reader's sites. @throws Problem not-found */
export async function importOf(reader: Reader, id: string): Promise<Import> {
  const { faultsSealed: sealed, ...row } = await reader.db.selectFrom("imports")
    .select([...listed, "faultsSealed"]).where("id", "=", id).where(reader.inSites("imports.siteId"))
    .executeTakeFirstOrThrow(() => notFound("import"));
  const [shown] = await presentAll(reader, [row]);
  const faults = await reader.openOne<Fault[]>(faultsPlace, { id, subject: row.personId, sealed }, null);
  return { ...shown!, faults: faults ?? [] };
}

/** Imports of the reader's sites, newest first. @throws Problem bad-input for a foreign cursor */
export async function listImports(
  reader: Reader,
  { site, cursor, limit }: ImportQuery,
): Promise<Page<Import>> {
  let query = reader.db.selectFrom("imports").select(listed).where(reader.inSites("imports.siteId"));
  if (site !== undefined) query = query.where("siteId", "=", site);
  if (cursor !== undefined) query = query.where("id", "<", readCursor(cursor, z.tuple([z.uuid()]))[0]);
  const rows = await query.orderBy("id", "desc").limit(limit + 1).execute();
  const items = await presentAll(reader, rows.slice(0, limit));
  return { items, next: rows.length > limit ? writeCursor([items.at(-1)!.id]) : null };
}

/** The faults, which quote cells, open in their own place only. */
export const faultsPlace = "imports.faults";

const countsOf = ({ table, found }: ReadFile) => ({
  rows: table.rows.length,
  orders: found.orders.length,
  faultCount: found.faultCount,
  leftOutCount: found.leftOutCount,
});

const columnsOf = (read: ReadFile) => ({
  ...countsOf(read),
  options: readingOf(read.options, read.table.columns),
});

function preview(
  { id, siteId, fileName }: Pick<Import, "id" | "siteId" | "fileName">,
  { table, options, found }: ReadFile,
): ImportPreview {
  return {
    id,
    siteId,
    fileName,
    encoding: table.encoding,
    delimiter: table.delimiter,
    columns: table.columns,
    sample: table.rows.slice(0, SAMPLE_ROWS).map((row) => row.cells),
    rows: table.rows.length,
    options,
    orders: found.orders.length,
    firstOrders: found.orders.slice(0, FIRST_ORDERS).map(({ order }) => order),
    faults: found.faults,
    faultCount: found.faultCount,
    leftOutCount: found.leftOutCount,
  };
}

async function refuseHoard(change: Change, siteId: string): Promise<void> {
  const { previewed } = await change.tx.selectFrom("imports").where("siteId", "=", siteId)
    .where("state", "=", "previewed").select((of) => of.fn.countAll<number>().as("previewed"))
    .executeTakeFirstOrThrow();
  if (previewed < MOST_PREVIEWED) return;
  throw conflict("too-many-imports", `${MOST_PREVIEWED} files of this site wait to be imported already`, {
    next: "Import or forget some of them; those nobody comes back to are forgotten after a day.",
  });
}

async function lockPreviewed(change: Change, id: string): Promise<ListedRow> {
  const row = await change.tx.selectFrom("imports").select(listed).where("id", "=", id)
    .where(change.inSites("imports.siteId")).forUpdate().executeTakeFirstOrThrow(() => notFound("import"));
  if (row.state !== "previewed") throw alreadyRun();
  return row;
}

/** All but the file and its faults, which may be large. */
const listed = [
  "id",
  "siteId",
  "personId",
  "state",
  "mode",
  "rows",
  "orders",
  "done",
  "created",
  "updated",
  "unchanged",
  "faultCount",
  "leftOutCount",
  "reason",
  "sealed",
  "createdAt",
  "finishedAt",
] as const;
type ListedRow = Pick<ImportRow, typeof listed[number]>;

async function presentAll(reader: Reader, rows: readonly ListedRow[]): Promise<Import[]> {
  const names = await reader.open<{ fileName: string }>(
    "imports",
    rows.map(({ id, personId, sealed }) => ({ id, subject: personId, sealed })),
    "import.read",
  );
  return rows.map(({ personId: _, sealed: __, ...row }, at) => ({
    ...row,
    fileName: names[at]?.fileName ?? null,
    faults: [],
    createdAt: row.createdAt.toISOString(),
    finishedAt: row.finishedAt?.toISOString() ?? null,
  }));
}
