import { readNumber } from "./amounts.ts";
import { type Cell, type CellNamed, type Cells, type Format } from "./format.ts";
import { formats } from "./formats.ts";
import { byHeaderKey, headerKey } from "./headers.ts";
import type { Rows } from "./rows.ts";
import { importFields, type ImportOptions } from "./schema.ts";
import type { Table } from "./table.ts";

/** A reader of what the rows of an order say: for each field, and in the column of any header. */
export function orderCells({ columns }: Table, { mapping, format }: ImportOptions) {
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
    const cells: Cells = { ...further?.(named) };
    for (const { field, column, index } of fields) {
      const text = texts[index]?.trim() ?? "";
      if (text !== "" || !cells[field]) cells[field] = { column, text };
    }
    const { quantity } = cells;
    if (severalRows && quantity && rows.length > 1) {
      const index = positions.get(quantity.column) ?? -1;
      cells.quantity = { ...quantity, text: sum(rows.map((row) => row.cells[index] ?? "")) };
    }
    const more = remark?.(named);
    if (more?.text) {
      cells.note = cells.note?.text ? { ...cells.note, text: `${cells.note.text}\n${more.text}` } : more;
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
