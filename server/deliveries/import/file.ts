import type { Selectable } from "kysely";
import type { Reader } from "../../audit/reader.ts";
import type { DataTables } from "../../platform/database.ts";
import { conflict, notFound, Problem } from "../../platform/problem.ts";
import { Turns } from "../../platform/turns.ts";
import { siteOf, todayAt } from "../../sites/site.ts";
import { type OrdersInFile, readOrders } from "./orders.ts";
import { optionsOf, readingOf, recallOptions } from "./reading.ts";
import type { ImportOptions } from "./schema.ts";
import { readTable, type Table } from "./table.ts";

/** The file of an import opens in its own place only. */
export const filePlace = "imports.file";

/** A large file takes some seconds and many times its size in memory: a process reads one at a time. */
const turns = new Turns(
  { atOnce: 1, waiting: 8 },
  () =>
    new Problem(503, "imports-busy", "Other files are being read at this moment", {
      next: "Send it again in a moment.",
      retryAfter: 5,
    }),
);

/** A file as it was read, and the orders it makes under some options. */
export interface ReadFile {
  table: Table;
  options: ImportOptions;
  found: OrdersInFile;
}

/**
 * Reads a file for a site as the site read its last one with the same header. Nothing is written.
 * @throws FileRefused; Problem not-found (site), imports-busy
 */
export async function readUpload(reader: Reader, siteId: string, bytes: Uint8Array): Promise<ReadFile> {
  const { timeZone } = await siteOf(reader, siteId);
  return await turns.take(async () => {
    const table = await readTable(bytes);
    return await readAs(table, await recallOptions(reader, siteId, table.columns), timeZone);
  });
}

/**
 * Reads an import's file again, as stored or with other options. Nothing is written.
 * @throws Problem not-found, import-already-run, imports-busy, bad-input for a column the file does not have
 */
export async function readAgain(reader: Reader, id: string, options?: ImportOptions): Promise<ReadFile> {
  return await turns.take(async () => {
    const row = await reader.db.selectFrom("imports").selectAll().where("id", "=", id)
      .where(reader.inSites("imports.siteId")).executeTakeFirstOrThrow(() => notFound("import"));
    if (row.state !== "previewed") throw alreadyRun();
    return await readStored(reader, row, "import.read", options);
  });
}

/**
 * Opens an import's file and reads it, as stored unless told otherwise; `act` as in `Reader.open`.
 * @throws Problem not-found when the file is gone, bad-input as `readingOf`
 */
export async function readStored(
  reader: Reader,
  row: Selectable<DataTables["imports"]>,
  act: string | null,
  options?: ImportOptions,
): Promise<ReadFile> {
  const file = { id: row.id, subject: row.personId, sealed: row.fileSealed };
  const bytes = await reader.openBytes(filePlace, file, act);
  if (!bytes) throw notFound("file");
  const { timeZone } = await siteOf(reader, row.siteId);
  const table = await readTable(bytes);
  if (options) readingOf(options, table.columns);
  return await readAs(table, options ?? optionsOf(row.options, table.columns), timeZone);
}

async function readAs(table: Table, options: ImportOptions, timeZone: string): Promise<ReadFile> {
  return { table, options, found: await readOrders(table, options, { timeZone, today: todayAt(timeZone) }) };
}

export const alreadyRun = () =>
  conflict("import-already-run", "This import has been run already", {
    next: "Upload the file again to import it once more; orders that are the same stay as they are.",
  });
