import type { Fault } from "./schema.ts";

/** What was found wrong, counted in full and listed as far as a person would read. */
export class Faults {
  /** How many are listed. */
  static readonly most = 200;
  readonly listed: Fault[] = [];
  count = 0;

  /** `line` counts from 1; `column` is the header's text, or null where the whole row is meant. */
  add(line: number, column: string | null, reason: string): void {
    this.count++;
    if (this.listed.length < Faults.most) this.listed.push({ line, column, reason });
  }

  /** These and others, in the order of the file. */
  and(others: Faults): { faults: Fault[]; faultCount: number } {
    const faults = [...this.listed, ...others.listed].sort((one, other) => one.line - other.line);
    return { faults: faults.slice(0, Faults.most), faultCount: this.count + others.count };
  }
}
