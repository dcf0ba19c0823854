import { CsvError, parse } from "csv-parse";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setImmediate as nextTurn } from "node:timers/promises";
import { decode, type Encoding } from "./decoding.ts";
import { type Delimiter, delimiterOf } from "./delimiter.ts";
import { Faults } from "./faults.ts";
import { FileRefused, limits } from "./refusal.ts";

export interface Row {
  /** The line of the file the row begins on, from 1; a quoted cell may span several. */
  line: number;
  /** As many as the table has columns. */
  cells: string[];
}

/** A file read as a table (RFC 4180, with other delimiters and line ends allowed). */
export interface Table {
  encoding: Encoding;
  delimiter: Delimiter;
  /** The header's texts: trimmed, never empty, each different. */
  columns: string[];
  /** The line the header stands on, from 1. */
  headerLine: number;
  /** The rows that are whole, empty ones left out. */
  rows: Row[];
  /** The rows that are not: quotation marks that do not match, cells missing or too many. */
  faults: Faults;
}

/**
 * Reads a file's bytes as a table, in slices between which other work goes on.
 *
 * @throws FileRefused when there is no table in it, or it is larger than `limits` allow.
 */
export async function readTable(bytes: Uint8Array): Promise<Table> {
  const { text, encoding } = decode(bytes);
  // One kind of line end, so that lines are counted right inside quoted cells as well.
  const lines = text.replace(/\r\n?/g, "\n");
  const hint = /^sep=(.)\n/i.exec(lines.slice(0, 6));
  const body = hint ? lines.slice(hint[0].length) : lines;
  const delimiter = hinted(hint?.[1]) ?? delimiterOf(body);

  const columns: string[] = [];
  let headerLine = 0;
  const rows: Row[] = [];
  const faults = new Faults();
  const brokenLines: number[] = [];
  await readRecords(body, delimiter, hint ? 2 : 1, {
    whole(cells, line) {
      if (cells.every((cell) => cell.trim() === "")) return;
      holdToLimits(cells, line);
      if (headerLine === 0) {
        columns.push(...columnNames(cells));
        headerLine = line;
      } else if (
        cells.length < columns.length || cells.slice(columns.length).some((cell) => cell.trim() !== "")
      ) {
        faults.add(line, null, `the row has ${cells.length} cells, the header has ${columns.length}`);
      } else if (rows.push({ line, cells: cells.slice(0, columns.length) }) > limits.rows) {
        throw new FileRefused(
          "too-many-rows",
          `The file has more than ${limits.rows.toLocaleString("en")} rows`,
          "Split it, or export a shorter period, and import the parts one after the other.",
        );
      }
    },
    broken(line, reason) {
      faults.add(line, null, reason);
      if (brokenLines.push(line) > limits.brokenRows || headerLine === 0) {
        throw new FileRefused(
          "quotes-broken",
          `The quotation marks in the file do not match, first on line ${brokenLines[0]}`,
          "Export the file again without editing it by hand, or save it anew from a spreadsheet program.",
        );
      }
    },
  });
  if (rows.length === 0 && faults.count === 0) {
    throw new FileRefused(
      "file-header-only",
      "The file has a header and no orders below it",
      "Check the period and the filter chosen in the shop, and export again.",
    );
  }
  return { encoding, delimiter, columns, headerLine, rows, faults };
}

interface Records {
  whole(cells: string[], line: number): void;
  broken(line: number, reason: string): void;
}

const sliceBytes = 256 * 1024;
const lineFeed = 10;

/**
 * Hands every record to `whole`. Where quotation marks do not match, the line the record begins on goes to `broken`
 * and reading goes on with the line after it: one stray mark costs one row, not the rest of the file.
 */
async function readRecords(
  text: string,
  delimiter: Delimiter,
  firstLine: number,
  { whole, broken }: Records,
) {
  const bytes = new TextEncoder().encode(text);
  let line = firstLine;
  let start = 0;
  while (start < bytes.length) {
    const origin = { byte: start, line: line - 1 };
    const parser = parse({
      delimiter,
      record_delimiter: "\n",
      relax_column_count: true,
      max_record_size: limits.row,
      // Nothing is handed on: a stream that fails drops the records it had buffered.
      on_record: (cells: string[], read) => {
        whole(cells, line);
        line = origin.line + read.lines + 1;
        start = origin.byte + read.bytes;
        return null;
      },
    });
    try {
      await pipeline(Readable.from(slices(bytes.subarray(start))), parser);
      return;
    } catch (error) {
      if (!(error instanceof CsvError)) throw error;
      broken(line, brokenBecause(error.code));
      const end = bytes.indexOf(lineFeed, start);
      start = end === -1 ? bytes.length : end + 1;
      line++;
    }
  }
}

async function* slices(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += sliceBytes) {
    yield bytes.subarray(at, at + sliceBytes);
    await nextTurn();
  }
}

function brokenBecause(code: string): string {
  switch (code) {
    case "INVALID_OPENING_QUOTE":
      return "a quotation mark stands inside a cell that does not begin with one";
    case "CSV_INVALID_CLOSING_QUOTE":
      return "after a closing quotation mark, text goes on in the same cell";
    case "CSV_MAX_RECORD_SIZE":
      return `the row does not end within ${limits.row / 1024} kB; is a quotation mark not closed?`;
    default:
      return "a quotation mark is opened and never closed";
  }
}

function hinted(separator: string | undefined): Delimiter | null {
  return separator === "," || separator === ";" || separator === "\t" || separator === "|" ? separator : null;
}

function holdToLimits(cells: string[], line: number): void {
  if (cells.length > limits.columns) {
    throw new FileRefused(
      "too-many-columns",
      `Line ${line} has ${cells.length} columns; the limit is ${limits.columns}`,
      "Leave out the columns that orders do not need, and export again.",
    );
  }
  const long = cells.findIndex((cell) => cell.length > limits.cell);
  if (long !== -1) {
    throw new FileRefused(
      "cell-too-long",
      `Column ${long + 1} on line ${line} holds more than ${limits.cell / 1024} kB of text`,
      "Leave that column out, or shorten the text, and export again.",
    );
  }
}

/** Headers as a mapping can name them: one line, at most 190 characters, each different. */
function columnNames(header: string[]): string[] {
  const taken = new Set<string>();
  // Cells to the right of the last header belong to no column.
  const width = header.findLastIndex((cell) => cell.trim() !== "") + 1;
  return header.slice(0, width).map((cell, index) => {
    const spelled = printable(cell) || `Column ${index + 1}`;
    let name = spelled;
    for (let copy = 2; taken.has(name); copy++) name = `${spelled} (${copy})`;
    taken.add(name);
    return name;
  });
}

function printable(cell: string): string {
  return cell.normalize("NFC").toWellFormed().replace(/[\p{Cc}\u2028\u2029]+/gu, " ").trim().slice(0, 190)
    .toWellFormed().trim();
}
