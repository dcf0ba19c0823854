import type { ImportPreview } from "./schema.ts";

export type Delimiter = ImportPreview["delimiter"];

const candidates: Delimiter[] = [",", ";", "\t", "|"];

/**
 * What separates the cells: the character that cuts the header and the rows after it into the same number of cells,
 * counted outside quotation marks; among equals, the one that makes the most cells. A comma when nothing does.
 */
export function delimiterOf(text: string): Delimiter {
  const sample = text.slice(0, 64 * 1024);
  let best: { delimiter: Delimiter; agreeing: number; cells: number } = {
    delimiter: ",",
    agreeing: 0,
    cells: 1,
  };
  for (const delimiter of candidates) {
    const [cells = 1, ...rows] = cellCounts(sample, delimiter);
    if (cells === 1) continue;
    const agreeing = 1 + rows.filter((count) => count === cells).length;
    if (agreeing > best.agreeing || (agreeing === best.agreeing && cells > best.cells)) {
      best = { delimiter, agreeing, cells };
    }
  }
  return best.delimiter;
}

/** How many cells the first rows have; empty lines do not count. */
function cellCounts(sample: string, delimiter: Delimiter, most = 6): number[] {
  const counts: number[] = [];
  let cells = 1;
  let quoted = false;
  let empty = true;
  for (const letter of sample + "\n") {
    if (letter === "\n" && !quoted) {
      if (!empty) counts.push(cells);
      if (counts.length === most) break;
      [cells, empty] = [1, true];
      continue;
    }
    empty = false;
    if (letter === '"') quoted = !quoted;
    else if (letter === delimiter && !quoted) cells++;
  }
  return counts;
}
