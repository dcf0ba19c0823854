import { Problem } from "../../platform/problem.ts";

/** What one file may hold. Generous for a day's orders, small enough to be read in seconds within little memory. */
export const limits = {
  bytes: 25 * 1024 * 1024,
  rows: 50_000,
  columns: 300,
  /** Characters in one cell. */
  cell: 32 * 1024,
  /** Characters in one row; also how far an opening quotation mark is followed in search of the closing one. */
  row: 128 * 1024,
  /** Rows with broken quotation marks, after which the file as a whole is called broken. */
  brokenRows: 100,
} as const;

/**
 * A file that cannot be read as a table at all, as opposed to one with faulty rows. `title` says what is so, `next`
 * what to do; both name places in the file (lines, column numbers) and never its contents, so they may be logged.
 */
export class FileRefused extends Problem {
  constructor(slug: string, title: string, readonly next: string) {
    super(slug === "file-too-large" ? 413 : 422, slug, title, { next });
    this.name = "FileRefused";
  }
}
