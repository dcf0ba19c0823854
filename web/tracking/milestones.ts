import type { Tracking } from "../../server/tracking/schema.ts";

const onTheWay = ["planned", "loaded", "in-transit", "arrived"] as const;
type End = "completed" | "failed" | "returned" | "cancelled";

export interface Milestone {
  name: typeof onTheWay[number] | End;
  standing: "reached" | "current" | "ahead";
  /** When it was reached, if that was said. */
  at: string | null;
}

/** An order's way from planned to handed over; the end is the one it has come to, or being delivered. */
export function milestonesOf({ state, steps }: Pick<Tracking, "state" | "steps">): Milestone[] {
  const end = endOf(state);
  const when = (name: string) => steps.findLast((step) => step.state === name)?.at ?? null;
  const passed = onTheWay.filter((name) => name === "planned" || when(name) !== null);
  // What an order went past without a word of it was still passed: loading may be skipped.
  const way = end === null || end === "completed" ? onTheWay : passed;
  const at = (way as readonly string[]).indexOf(state);
  const reached = end === null ? Math.max(at, 0) : way.length;
  return [...way, end ?? "completed"].map((name, index) => ({
    name,
    standing: index < reached ? "reached" : index === reached ? "current" : "ahead",
    at: index <= reached ? when(name) : null,
  }));
}

/** How it ended, or null while it is under way. */
export function endOf(state: Tracking["state"]): End | null {
  return state === "completed" || state === "failed" || state === "returned" || state === "cancelled"
    ? state
    : null;
}
