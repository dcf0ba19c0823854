import type { Fault } from "./schema.ts";

export interface FaultReport {
  /** The first of each kind, in the order of the file. For the importing people only, never for a log: reasons quote it. */
  faults: Fault[];
  faultCount: number;
  leftOutCount: number;
}

/** What was found wrong or left out, counted in full and listed as far as a person would read. */
export class Faults {
  /** How many of each kind are listed. */
  static readonly most = 200;
  readonly #listed: Fault[] = [];
  readonly #counts: Record<Fault["kind"], number> = { fault: 0, "left-out": 0 };

  /** `line` counts from 1; `column` is the header's text, or null where the whole row is meant. */
  add(line: number, column: string | null, reason: string): void {
    this.#note({ line, column, reason, kind: "fault" });
  }

  /** An order that is rightly not taken over, such as one cancelled in the shop. */
  leaveOut(line: number, column: string | null, reason: string): void {
    this.#note({ line, column, reason, kind: "left-out" });
  }

  get listed(): readonly Fault[] {
    return this.#listed;
  }

  get count(): number {
    return this.#counts.fault;
  }

  /** These and those reported elsewhere, in the order of the file. */
  and(others: FaultReport): FaultReport {
    const listed = [...this.#listed, ...others.faults].sort((one, other) => one.line - other.line);
    const first = (kind: Fault["kind"]) =>
      listed.filter((fault) => fault.kind === kind).slice(0, Faults.most);
    const shown = new Set([...first("fault"), ...first("left-out")]);
    return {
      faults: listed.filter((fault) => shown.has(fault)),
      faultCount: this.#counts.fault + others.faultCount,
      leftOutCount: this.#counts["left-out"] + others.leftOutCount,
    };
  }

  report(): FaultReport {
    return {
      faults: [...this.#listed],
      faultCount: this.#counts.fault,
      leftOutCount: this.#counts["left-out"],
    };
  }

  #note(fault: Fault): void {
    if (this.#counts[fault.kind]++ < Faults.most) this.#listed.push(fault);
  }
}
