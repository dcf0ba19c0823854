import type { Faults } from "./faults.ts";
import { formats } from "./formats.ts";
import type { ImportField, ImportOptions } from "./schema.ts";
import type { Row, Table } from "./table.ts";

/** The rows of one order: at least one. */
export type Rows = [Row, ...Row[]];

/**
 * The rows of each order, in the order of the file. Where an order may take several rows, they belong together by the
 * order number, or follow without one; elsewhere a second row with the same number is a fault.
 */
export function rowsByOrder(
  { rows, columns }: Table,
  { mapping, format }: ImportOptions,
  faults: Faults,
): Rows[] {
  const { severalRows } = formats[format];
  const at = (field: ImportField) => columns.indexOf(mapping[field] ?? "");
  const numberAt = at("number");
  const who = [at("name"), at("firstName"), at("lastName"), at("street")].filter((index) => index !== -1);
  const again = (row: Row, where: string) =>
    faults.add(row.line, mapping.number ?? null, `the order number stands ${where}`);
  const says = (row: Row, index: number) => row.cells[index]?.trim() ?? "";

  const orders: Rows[] = [];
  const byNumber = new Map<string, Rows>();
  for (const row of rows) {
    const number = says(row, numberAt);
    const bare = who.every((index) => says(row, index) === "");
    const first = number === "" ? (bare ? orders.at(-1) : undefined) : byNumber.get(number);
    if (!first || (number === "" && !severalRows)) {
      const order: Rows = [row];
      orders.push(order);
      if (number !== "") byNumber.set(number, order);
    } else if (!severalRows) {
      again(row, `on line ${first[0].line} already`);
    } else if (bare || who.every((index) => says(row, index) === says(first[0], index))) {
      first.push(row);
    } else {
      again(row, `on line ${first[0].line} already, for another recipient`);
    }
  }
  return orders;
}
