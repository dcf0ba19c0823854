import { guess } from "../../../server/deliveries/import/formats.ts";
import { type OrdersInFile, readOrders } from "../../../server/deliveries/import/orders.ts";
import type { ImportOptions } from "../../../server/deliveries/import/schema.ts";
import { readTable, type Table } from "../../../server/deliveries/import/table.ts";

export const site = { timeZone: "Europe/Berlin", today: "2026-02-20" };

/** A table from the text of a file. */
export function tableOf(text: string): Promise<Table> {
  return readTable(new TextEncoder().encode(text));
}

/** A table from a file of this folder. */
export async function tableIn(file: string): Promise<Table> {
  return await readTable(await Deno.readFile(new URL(`files/${file}.csv`, import.meta.url)));
}

/** The orders of a table under the mapping guessed for it. */
export function ordersOf(
  table: Table,
  options: Partial<ImportOptions> = {},
  onProgress?: (done: number, of: number) => void,
): Promise<OrdersInFile> {
  return readOrders(
    table,
    { ...guess(table.columns), defaultDay: null, dateOrder: "day-first", ...options },
    site,
    onProgress,
  );
}

/** The orders of a file's text, and what is wrong with it as `line column: reason`. */
export async function read(text: string, options: Partial<ImportOptions> = {}) {
  const { orders, faults } = await ordersOf(await tableOf(text), options);
  return {
    orders: orders.map(({ order }) => order),
    lines: orders.map(({ line }) => line),
    faults: said(faults),
  };
}

export const said = (faults: Readonly<OrdersInFile["faults"]>) =>
  faults.map(({ line, column, reason }) => `${line} ${column ?? "row"}: ${reason}`);

/** A cell as a spreadsheet program writes it (RFC 4180, section 2). */
export function quoted(cell: string, delimiter = ","): string {
  return /["\r\n]/.test(cell) || cell.includes(delimiter) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
