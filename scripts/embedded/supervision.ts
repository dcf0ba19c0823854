import { say } from "../installation/terminal.ts";

/** How a part ended, in words. */
export type Ending = string;

/** A part of the installation that runs until somebody ends it. */
export interface Part {
  readonly name: string;
  /** Resolves when it runs (a cluster: when it answers) with a promise of its end. */
  start(): Promise<{ ended: Promise<Ending> }>;
  /** Ends it properly; after `patienceMs`, or at once with 0, without mercy. */
  stop(patienceMs?: number): Promise<void>;
}

const firstPauseMs = 100;
const longestPauseMs = 10_000;
/** Whoever lived this long was healthy: its next death is followed by the short pause again. */
const healthyMs = 30_000;

/**
 * Starts the part and keeps it running: whenever it ends, it is started again after a pause that doubles from 100 ms
 * to 10 s. Rejects when the very first start fails.
 *
 * @param isStopping asked before each new start, so that a wanted end stays one
 */
export async function keepRunning(part: Part, isStopping: () => boolean) {
  const { ended } = await part.start();
  restartWhenEnded(part, ended, isStopping);
}

async function restartWhenEnded(
  part: Part,
  firstEnded: Promise<Ending>,
  isStopping: () => boolean,
) {
  let ended = firstEnded;
  let startedAt = Date.now();
  let pauseMs = firstPauseMs;
  while (true) {
    const ending = await ended;
    if (isStopping()) return;
    if (Date.now() - startedAt >= healthyMs) pauseMs = firstPauseMs;
    say(`${part.name} ended (${ending}); starting it again`);
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    if (isStopping()) return;
    pauseMs = Math.min(pauseMs * 2, longestPauseMs);
    startedAt = Date.now();
    ended = part.start().then(({ ended }) => ended, (error: Error) => error.message);
  }
}
