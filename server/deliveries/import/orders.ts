import { setImmediate as nextTurn } from "node:timers/promises";
import { type FaultReport, Faults } from "./faults.ts";
import type { Format } from "./format.ts";
import { formats } from "./formats.ts";
import { type Order, readOrder, type Said, type Site } from "./order.ts";
import { orderCells } from "./order_cells.ts";
import { rowsByOrder } from "./rows.ts";
import type { ImportField, ImportOptions } from "./schema.ts";
import type { Table } from "./table.ts";

export interface OrderInFile {
  /** The line of the file the order begins on. */
  line: number;
  order: Order;
  said: Said;
}

export interface OrdersInFile extends FaultReport {
  /** The orders that can be written, in the order of the file; no two have the same number. */
  orders: OrderInFile[];
}

/** Orders read without a pause for other work: a few milliseconds' worth. */
const stride = 250;

/**
 * The orders a table holds under a mapping, each held against the same rules as an order entered by hand.
 *
 * @param onProgress told now and then how many of how many orders have been read.
 */
export async function readOrders(
  table: Table,
  options: ImportOptions,
  site: Site,
  onProgress: (done: number, of: number) => void = () => {},
): Promise<OrdersInFile> {
  const faults = new Faults();
  const orders: OrderInFile[] = [];
  const cellsOf = orderCells(table, options);
  if (!isMappable(table, options, faults)) return { orders, ...table.faults.and(faults.report()) };

  const format: Format = formats[options.format];
  const groups = rowsByOrder(table, options, faults);
  for (const [done, rows] of groups.entries()) {
    if (done % stride === 0) {
      onProgress(done, groups.length);
      await nextTurn();
    }
    const [{ line }] = rows;
    const { cells, named } = cellsOf(rows);
    const excluded = format.excluded?.(named);
    if (excluded) {
      faults.leaveOut(line, excluded.column, excluded.reason);
      continue;
    }
    const result = readOrder(cells, options, site);
    if ("order" in result) orders.push({ line, ...result });
    else for (const { column, reason } of result.faults) faults.add(line, column, reason);
  }
  onProgress(groups.length, groups.length);
  return { orders, ...table.faults.and(faults.report()) };
}

/** Whether the mapping names columns the file has, and enough of them: said once, not for every row. */
function isMappable(
  { columns, headerLine }: Table,
  { mapping, format }: ImportOptions,
  faults: Faults,
): boolean {
  for (const column of Object.values(mapping)) {
    if (!columns.includes(column)) faults.add(headerLine, column, "the file has no column of this name");
  }
  const byFormat = format !== "custom";
  const needed = [
    ["the order number", ["number"]],
    ["the name", ["name", "firstName", "lastName"]],
    ["the street", ["street"]],
  ] satisfies [string, ImportField[]][];
  for (const [what, fields] of needed) {
    if (fields.some((field) => mapping[field]) || (byFormat && what !== "the order number")) continue;
    faults.add(headerLine, null, `no column is chosen for ${what}`);
  }
  return faults.count === 0;
}
