import type { Buffer } from "node:buffer";
import { peppered } from "../../access/pepper.ts";
import type { Change } from "../../audit/change.ts";
import type { Reader } from "../../audit/reader.ts";
import { badInput } from "../../platform/problem.ts";
import { guess } from "./formats.ts";
import type { ImportField, ImportOptions, Mapping } from "./schema.ts";

declare module "../../platform/database.ts" {
  interface DataTables {
    importMappings: { siteId: string; header: Buffer; options: Reading };
  }
}

/**
 * How a file is read, as it is stored in the clear: columns by their place from 0, never by their text. A file without
 * a header line has somebody's name and address where the header should be.
 */
export interface Reading extends Omit<ImportOptions, "mapping"> {
  columns: Partial<Record<ImportField, number>>;
}

/**
 * Options as they are stored for a file with these columns.
 * @throws Problem bad-input when a field is mapped to a column the file does not have
 */
export function readingOf({ mapping, ...rest }: ImportOptions, columns: readonly string[]): Reading {
  const places = Object.entries(mapping).map(([field, column]) => [field, columns.indexOf(column)] as const);
  const faults = places.filter(([, place]) => place === -1)
    .map(([field]) => ({ path: `mapping.${field}`, reason: "names a column that the file does not have" }));
  if (faults.length > 0) throw badInput(faults);
  return { ...rest, columns: Object.fromEntries(places) };
}

/** The options stored as a reading, for the file's own columns. */
export function optionsOf({ columns: places, ...rest }: Reading, columns: readonly string[]): ImportOptions {
  const mapping: Mapping = Object.fromEntries(
    Object.entries(places).flatMap(([field, place]) =>
      columns[place] === undefined ? [] : [[field, columns[place]]]
    ),
  );
  return { ...rest, mapping };
}

/** What the site chose for files with this header the last time; what the header suggests when it never did. */
export async function recallOptions(
  reader: Reader,
  siteId: string,
  columns: readonly string[],
): Promise<ImportOptions> {
  const remembered = await reader.db.selectFrom("importMappings").select("options")
    .where("siteId", "=", siteId).where("header", "=", headerHash(reader, columns)).executeTakeFirst();
  if (remembered) return optionsOf(remembered.options, columns);
  return { ...guess([...columns]), defaultDay: null, dateOrder: "day-first" };
}

/** Keeps a site's choice for its next file with this header; the day was for this file alone. */
export async function rememberOptions(
  change: Change,
  siteId: string,
  columns: readonly string[],
  options: ImportOptions,
): Promise<void> {
  const reading = { ...readingOf(options, columns), defaultDay: null };
  await change.tx.insertInto("importMappings")
    .values({ siteId, header: headerHash(change, columns), options: reading })
    .onConflict((conflict) => conflict.columns(["siteId", "header"]).doUpdateSet({ options: reading }))
    .execute();
}

/** A keyed hash: a plain one of a line that quotes a person could be guessed back. */
const headerHash = (reader: Reader, columns: readonly string[]): Buffer =>
  peppered(reader.services.config, "import header", JSON.stringify(columns));
