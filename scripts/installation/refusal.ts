/**
 * Exit codes of `deno task start` and `deno task fleethold`: scripts and service units rely on them, so they never
 * change meaning.
 */
export const exitCodes = {
  stopped: 0,
  inUse: 1,
  /** The product's own rules stand against what the operator asked for, or the operator did not say yes. */
  refused: 1,
  usage: 2,
  toolsMissing: 3,
  notStarted: 4,
  /** There is nobody to ask. */
  notRunning: 5,
  /** It runs, but not well. */
  unwell: 6,
} as const;

/** A refusal the operator can act on: what failed, what is so, and (as hint) the next step. */
export class Refusal extends Error {
  override name = "Refusal";

  constructor(message: string, readonly hint: string, readonly exitCode: number = exitCodes.notStarted) {
    super(message);
  }
}
