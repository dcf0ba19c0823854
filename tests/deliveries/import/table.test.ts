import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FileRefused, limits } from "../../../server/deliveries/import/refusal.ts";
import { readTable } from "../../../server/deliveries/import/table.ts";
import { quoted, said, tableOf } from "./files.ts";

const cellsOf = async (text: string) => (await tableOf(text)).rows.map(({ cells }) => cells);
const linesOf = async (text: string) => (await tableOf(text)).rows.map(({ line }) => line);

describe("what separates the cells", () => {
  it.each([",", ";", "\t", "|"] as const)(
    "a file separated by %j is recognised by its header",
    async (delimiter) => {
      const table = await tableOf(
        ["Number", "Name"].join(delimiter) + "\n" + ["1", "Ada"].join(delimiter) + "\n",
      );
      expect(table).toMatchObject({
        delimiter,
        columns: ["Number", "Name"],
        rows: [{ line: 2, cells: ["1", "Ada"] }],
      });
    },
  );

  it("a comma inside a quoted header does not mislead", async () => {
    expect((await tableOf('"Name, first";Ort\nAda;Bonn\n')).columns).toEqual(["Name, first", "Ort"]);
  });

  it("decimal commas in the rows do not mislead", async () => {
    expect((await tableOf("Nr;Gewicht\n1;2,5\n2;3,5\n")).delimiter).toBe(";");
  });

  it("the first line in which Excel names the separator is believed and is no header", async () => {
    expect(await tableOf("sep=;\r\na;b,c\r\n1;2\r\n")).toMatchObject({
      delimiter: ";",
      columns: ["a", "b,c"],
      headerLine: 2,
      rows: [{ line: 3, cells: ["1", "2"] }],
    });
  });
});

describe("rows and the lines they stand on", () => {
  it.each([["Unix", "\n"], ["Windows", "\r\n"], ["old Macintosh", "\r"]])(
    "%s line ends are read, and counted inside quoted notes as well",
    async (_name, end) => {
      const text = ["a,b", '1,"two', "lines", 'and a third"', "2,x", "", '3,"y', 'z"', "4,w"].join(end);
      expect(await linesOf(text)).toEqual([2, 5, 7, 9]);
      expect((await cellsOf(text))[0]).toEqual(["1", "two\nlines\nand a third"]);
    },
  );

  it("empty rows and rows of nothing but separators are passed over", async () => {
    expect(await linesOf("\n\na,b\n1,2\n,\n \n3,4\n\n")).toEqual([4, 7]);
  });

  it("a row with too few or too many cells is a fault of that line, and the others stay", async () => {
    const { rows, faults } = await tableOf("a,b,c\n1,2\n1,2,3\n1,2,3,4\n1,2,3,\n");
    expect(rows.map(({ line }) => line)).toEqual([3, 5]);
    expect(said(faults.listed)).toEqual([
      "2 row: the row has 2 cells, the header has 3",
      "4 row: the row has 4 cells, the header has 3",
    ]);
  });

  it("a quotation mark that is never closed costs its own row only", async () => {
    const { rows, faults } = await tableOf('a,b\n1,x\n2,"oops\n3,y\n4,"good, one"\n5,z\n');
    expect(rows).toEqual([
      { line: 2, cells: ["1", "x"] },
      { line: 4, cells: ["3", "y"] },
      { line: 5, cells: ["4", "good, one"] },
      { line: 6, cells: ["5", "z"] },
    ]);
    expect(said(faults.listed)).toEqual([
      "3 row: after a closing quotation mark, text goes on in the same cell",
    ]);
  });

  it("a quotation mark left open to the end of the file is named with its line", async () => {
    const { rows, faults } = await tableOf('a,b\n1,x\n2,"oops\n3,y\n');
    expect(rows.map(({ line }) => line)).toEqual([2, 4]);
    expect(said(faults.listed)).toEqual(["3 row: a quotation mark is opened and never closed"]);
  });

  it("a quotation mark in the middle of a cell is a fault of that line", async () => {
    const { rows, faults } = await tableOf('a,b\n1,5" pipe\n2,y\n');
    expect(rows.map(({ line }) => line)).toEqual([3]);
    expect(faults.listed[0]?.line).toBe(2);
  });

  it("columns without a header, and two with the same one, can be told apart", async () => {
    const { columns } = await tableOf('Name,,Name,"Two\nlines",\n1,2,3,4,\n');
    expect(columns).toEqual(["Name", "Column 2", "Name (2)", "Two lines"]);
  });
});

describe("a table beyond the limits", () => {
  const slugOf = (text: string) =>
    tableOf(text).catch((error) => error instanceof FileRefused ? error.slug : error);

  it.each([
    ["a header and nothing below it", "Name,Street\r\n", "file-header-only"],
    ["301 columns", Array(301).fill("a").join() + "\n", "too-many-columns"],
    ["50,001 rows", "a,b\n" + "1,2\n".repeat(limits.rows + 1), "too-many-rows"],
    ["a cell of 33 kB", `a,b\n1,"${"x".repeat(33 * 1024)}"\n`, "cell-too-long"],
    ["a header with broken quotation marks", '"Name,Street\n1,2\n', "quotes-broken"],
    ["broken quotation marks in row after row", "a,b\n" + '1,"2\n3,4" 5\n'.repeat(150), "quotes-broken"],
  ])("%s is refused", async (_name, text, slug) => {
    expect(await slugOf(text)).toBe(slug);
  });

  it("50,000 rows are read", async () => {
    expect((await tableOf("a,b\n" + "1,2\n".repeat(limits.rows))).rows.length).toBe(limits.rows);
  });
});

describe("any table", () => {
  const cell = fc.string({ unit: fc.constantFrom(..."ab ,;|'\"\t\n#€ä") });

  it("reads back what a spreadsheet program wrote, with every separator and line end", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(",", ";", "\t", "|"),
        fc.constantFrom("\n", "\r\n"),
        fc.array(fc.tuple(cell, cell, cell), { minLength: 1, maxLength: 8 }),
        async (delimiter, end, rows) => {
          // The first cell keeps a row from being empty; the separator inside cells must not decide what it is.
          const written = rows.map((cells) => ["x", ...cells]);
          const file = [["Number", "Name", "Street", "Note"], ...written];
          const text = `sep=${delimiter}${end}` +
            file.map((cells) => cells.map((text) => quoted(text, delimiter)).join(delimiter)).join(end) + end;
          expect(await cellsOf(text.replaceAll(/\r?\n/g, end))).toEqual(written);
        },
      ),
      { seed: 2026, numRuns: 300 },
    );
  });

  it("a thousand files of any bytes are read or refused, and nothing else happens", async () => {
    const seen = { read: 0, refused: 0 };
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.uint8Array({ maxLength: 400 }),
          fc.array(fc.constantFrom(...new TextEncoder().encode('ab,;\t|"\r\n \0ä')), { maxLength: 400 })
            .map((bytes) => Uint8Array.from(bytes)),
        ),
        async (bytes) => {
          try {
            await readTable(bytes);
            seen.read++;
          } catch (error) {
            expect(error).toBeInstanceOf(FileRefused);
            seen.refused++;
          }
        },
      ),
      { seed: 1, numRuns: 1000 },
    );
    expect(seen.read).toBeGreaterThan(50);
    expect(seen.refused).toBeGreaterThan(50);
  });
});
