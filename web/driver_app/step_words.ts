import type { State } from "../../server/deliveries/schema.ts";

/** The states a driver's step can lead to; the rest are the dispatcher's alone. */
const driversSteps = [
  "accepted",
  "unassigned",
  "loaded",
  "in-transit",
  "arrived",
  "completed",
  "failed",
  "returned",
] as const satisfies readonly State[];
export type DriversStep = typeof driversSteps[number];

/** Whether a step to this state is one a driver takes, and so has words of the driver's own. */
export const isDriversStep = (to: State): to is DriversStep =>
  (driversSteps as readonly State[]).includes(to);
