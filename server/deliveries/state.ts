import { conflict } from "../platform/problem.ts";
import { deliveredTo, failures, type NewStep, type Outcome, type State } from "./schema.ts";

/** What may follow what, by a step. Assigning is no step: it needs a driver (see assignment.ts). */
const onward = {
  unassigned: ["cancelled"],
  offered: ["accepted", "unassigned", "cancelled"],
  assigned: ["accepted", "unassigned", "cancelled"],
  accepted: ["loaded", "in-transit", "unassigned", "cancelled"],
  loaded: ["in-transit", "unassigned", "cancelled"],
  "in-transit": ["arrived", "failed", "cancelled"],
  arrived: ["completed", "failed"],
  completed: [],
  failed: ["returned", "unassigned"],
  returned: ["unassigned"],
  cancelled: ["unassigned"],
} as const satisfies Record<State, readonly State[]>;

/** The steps a driver takes; the rest are the dispatcher's alone. A driver may decline only what was offered. */
const driversSteps: readonly State[] = [
  "accepted",
  "loaded",
  "in-transit",
  "arrived",
  "completed",
  "failed",
  "returned",
];

/** From these an order can be given to a driver, or to another one. */
export const assignable: readonly State[] = ["unassigned", "offered", "assigned", "accepted", "loaded"];

/** Nothing about these changes any more, except by taking the last step back. */
export const closed: readonly State[] = ["completed", "returned", "cancelled"];

/** Still to be driven. */
export const open: readonly State[] = [
  "unassigned",
  "offered",
  "assigned",
  "accepted",
  "loaded",
  "in-transit",
  "arrived",
];

/** The steps somebody may take now, in the table's order. */
export function onwardFor(from: State, asDriver: boolean): State[] {
  return onward[from].filter((to) =>
    !asDriver || driversSteps.includes(to) || (from === "offered" && to === "unassigned")
  );
}

/**
 * Whether a step follows the rules.
 * @throws Problem step-refused, outcome-needed
 */
export function checkStep(from: State, step: Pick<NewStep, "to" | "outcome">, asDriver: boolean): void {
  const allowed = onwardFor(from, asDriver);
  if (!allowed.includes(step.to)) {
    throw conflict("step-refused", `An order that is ${words(from)} cannot become ${words(step.to)}`, {
      next: allowed.length > 0
        ? `It can become ${allowed.map(words).join(", ")}.`
        : "Nothing follows this state.",
    });
  }
  const fitting = outcomesOf(step.to);
  if (fitting.length > 0 && !(step.outcome && fitting.includes(step.outcome))) {
    throw conflict("outcome-needed", `An order can only become ${words(step.to)} with an outcome`, {
      next: `Say one of: ${fitting.join(", ")}.`,
    });
  }
  if (fitting.length === 0 && step.outcome) {
    throw conflict("outcome-needed", `An order that becomes ${words(step.to)} has no outcome yet`, {
      next: "Leave the outcome out.",
    });
  }
}

/** The outcomes a state can have; none for most. */
const outcomesOf = (state: State): readonly Outcome[] =>
  state === "completed" ? deliveredTo : state === "failed" ? failures : [];

const words = (state: State) => state.replace("-", " ");
