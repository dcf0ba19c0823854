import type { Candidates } from "./headers.ts";
import type { ImportField } from "./schema.ts";

/** What a file says for one field, and where: the column's header. */
export interface Cell {
  column: string;
  text: string;
}

export type Cells = Partial<Record<ImportField, Cell>>;

/** The cell of an order in the column with this header, however the file spells it; its text is empty without one. */
export type CellNamed = (header: string) => Cell;

/** A program's way of writing orders into a file. */
export interface Format {
  /** Whether that program wrote a file with these columns. */
  wrote(columns: string[]): boolean;
  /** Which columns fill which fields. */
  candidates: Candidates;
  /** Whether an order may take several rows, one for each thing ordered. */
  severalRows: boolean;
  /** Why an order in the file is not to be delivered: the column that says so and a reason, or null. */
  excluded?(cell: CellNamed): { column: string; reason: string } | null;
  /** What the file says elsewhere than in a column for it. Counts where the mapped column is empty. */
  further?(cell: CellNamed): Cells;
  /** What a driver should read besides the note, if it is not empty. */
  remark?(cell: CellNamed): Cell;
}

/** Each cell that says something, by the field it fills. */
export function filled(cells: Cells): Cells {
  return Object.fromEntries(Object.entries(cells).filter(([, { text }]) => text !== ""));
}

/** Whether a shop's name of a way to pay means cash to the driver. */
export function isCashOnDelivery(paymentMethod: string): boolean {
  return /\bcod\b|cash on delivery|nachnahme|bar(zahlung)? bei (lieferung|zustellung)|contre[- ]remboursement/i
    .test(paymentMethod);
}
