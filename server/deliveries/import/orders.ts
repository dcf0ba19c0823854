import { setImmediate as nextTurn } from "node:timers/promises";
import type { NewDelivery } from "../schema.ts";
import { readNumber } from "./amounts.ts";
import { Faults } from "./faults.ts";
import { type Cell, type CellNamed, type Cells, filled, type Format } from "./format.ts";
import { formats } from "./formats.ts";
import { byHeaderKey, headerKey } from "./headers.ts";
import { readOrder, type Site } from "./order.ts";
import { type Fault, type ImportField, importFields, type ImportOptions } from "./schema.ts";
import type { Row, Table } from "./table.ts";

export interface ImportedOrder {
  /** The line of the file the order begins on. */
  line: number;
  order: Omit<NewDelivery, "siteId">;
}

export interface ImportedOrders {
  /** The orders that can be written, in the order of the file; no two have the same number. */
  orders: ImportedOrder[];
  /** What is wrong with the rows and the other orders: the first 200 by line. For the importing person only, never
   *  for a log: reasons quote the file. */
  faults: Fault[];
  faultCount: number;
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
): Promise<ImportedOrders> {
  const faults = new Faults();
  const orders: ImportedOrder[] = [];
  const cellsOf = cellReader(table, options);
  if (!isMappable(table, options, faults)) return { orders, ...table.faults.and(faults) };

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
      faults.add(line, excluded.column, excluded.reason);
      continue;
    }
    const result = readOrder(cells, options, site);
    if ("order" in result) orders.push({ line, order: result.order });
    else for (const { column, reason } of result.faults) faults.add(line, column, reason);
  }
  onProgress(groups.length, groups.length);
  return { orders, ...table.faults.and(faults) };
}

type Rows = [Row, ...Row[]];

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

/**
 * The rows of each order, in the order of the file. Where an order may take several rows, they belong together by the
 * order number, or follow without one; elsewhere a second row with the same number is a fault.
 */
function rowsByOrder({ rows, columns }: Table, { mapping, format }: ImportOptions, faults: Faults): Rows[] {
  const { severalRows } = formats[format];
  const at = (field: ImportField) => columns.indexOf(mapping[field] ?? "");
  const numberAt = at("number");
  const identifying = [at("name"), at("firstName"), at("lastName"), at("street")].filter((index) =>
    index !== -1
  );
  const says = (row: Row, index: number) => row.cells[index]?.trim() ?? "";

  const orders: Rows[] = [];
  const byNumber = new Map<string, Rows>();
  for (const row of rows) {
    const number = says(row, numberAt);
    const bare = identifying.every((index) => says(row, index) === "");
    const first = number === "" ? (bare ? orders.at(-1) : undefined) : byNumber.get(number);
    if (!first || (number === "" && !severalRows)) {
      const order: Rows = [row];
      orders.push(order);
      if (number !== "") byNumber.set(number, order);
    } else if (!severalRows) {
      faults.add(
        row.line,
        mapping.number ?? null,
        `the order number stands on line ${first[0].line} already`,
      );
    } else if (bare || identifying.every((index) => says(row, index) === says(first[0], index))) {
      first.push(row);
    } else {
      faults.add(
        row.line,
        mapping.number ?? null,
        `the order number stands on line ${first[0].line} already, for another recipient`,
      );
    }
  }
  return orders;
}

/** How to find what the rows of an order say, for each field and by header. */
function cellReader({ columns }: Table, { mapping, format }: ImportOptions) {
  const { further, remark, severalRows }: Format = formats[format];
  const positions = new Map(columns.map((column, index) => [column, index]));
  const fields = importFields.flatMap((field) => {
    const column = mapping[field];
    return column === undefined ? [] : [{ field, column, index: positions.get(column) ?? -1 }];
  });
  const byKey = byHeaderKey(columns);
  const known = new Map<string, string>();
  const columnCalled = (header: string) => {
    const column = known.get(header) ?? byKey.get(headerKey(header)) ?? header;
    known.set(header, column);
    return column;
  };

  return (rows: Rows): { cells: Cells; named: CellNamed } => {
    const [{ cells: texts }] = rows;
    const named = (header: string): Cell => {
      const column = columnCalled(header);
      return { column, text: texts[positions.get(column) ?? -1]?.trim() ?? "" };
    };
    const mappedCells: Cells = {};
    for (const { field, column, index } of fields) {
      mappedCells[field] = { column, text: texts[index]?.trim() ?? "" };
    }
    const cells = { ...mappedCells, ...further?.(named), ...filled(mappedCells) };
    const { quantity } = cells;
    if (severalRows && quantity && rows.length > 1) {
      const index = positions.get(quantity.column) ?? -1;
      cells.quantity = { ...quantity, text: sum(rows.map((row) => row.cells[index] ?? "")) };
    }
    const more = remark?.(named);
    if (more) {
      const { column = "", text = "" } = cells.note ?? {};
      cells.note = { column, text: [text, more].filter(Boolean).join("\n") };
    }
    return { cells, named };
  };
}

/** The sum of what each row says; the first text that is no number, so that it is reported. */
function sum(texts: string[]): string {
  const said = texts.map((text) => text.trim()).filter((text) => text !== "");
  const total = said.reduce((so, text) => so + (readNumber(text, { groups: true }) ?? NaN), 0);
  return Number.isNaN(total)
    ? said.find((text) => readNumber(text, { groups: true }) === null) ?? ""
    : String(total);
}
