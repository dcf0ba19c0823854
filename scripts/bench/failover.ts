import type { BenchOptions } from "../bench.ts";
import { exitCodes, Refusal } from "../installation/refusal.ts";
import { say } from "../installation/terminal.ts";
import { Appliance, missingDocker } from "./appliance.ts";
import { type Depot, openDepot } from "./depot.ts";
import {
  bringBack,
  importWithoutWorker,
  instances,
  isToldToWait,
  kill,
  killAndWait,
  pause,
  restartInTurns,
  secondsToRecovery,
} from "./failover_faults.ts";
import { type Answered, FailoverLoad } from "./failover_load.ts";
import { setUp } from "./installation.ts";

/** Enough that the worker does not end before it is killed. */
const IMPORTED = 5_000;

/** What dispatchers met while something failed. */
interface Met {
  requests: number;
  /** Got no good answer, and were not told when to come back. */
  failed: number;
  told: number;
  duplicated: number;
  /** Milliseconds. */
  slowest: number;
  answers: readonly Answered[];
}

/**
 * Starts the appliance and lets dispatchers work in it, 50 requests a second, while its parts fail: each instance of the
 * API is killed, both are restarted in turns, the data cluster is killed, and the worker amid an import. Dispatchers
 * send nothing twice: what gets no good answer has failed, except what is told to wait while the database is away.
 * `duplicated` counts what is there twice, or not at all, although it was answered that it is there.
 */
export async function run({ quick }: BenchOptions): Promise<Record<string, number>> {
  const missing = await missingDocker();
  if (missing) {
    const hint = "install Docker Engine 20.10 and Compose 2.26, or newer";
    throw new Refusal(`The appliance cannot be started: ${missing}`, hint, exitCodes.toolsMissing);
  }
  // All dispatchers come from this one address, which the limit for an address is not to slow down.
  const settings = { FLEETHOLD_CLIENT_RATE: "100000" };
  const appliance = await Appliance.start("fleethold-bench", { settings });
  try {
    const owner = await setUp(appliance.url, await appliance.setupToken(), await appliance.client());
    const depot = await openDepot(appliance, owner.cookie);
    return await measure(appliance, depot, quick ? 3 : 15);
  } finally {
    await appliance.end();
  }
}

/** @param pauses seconds of quiet before, between and after failures */
async function measure(
  appliance: Appliance,
  depot: Depot,
  pauses: number,
): Promise<Record<string, number>> {
  const killed = await during("killing the instances", appliance, depot, async () => {
    for (const instance of instances) {
      await pause(pauses);
      await kill(appliance, instance);
      await pause(pauses);
      await bringBack(appliance, instance);
    }
    await pause(pauses);
  });
  const restarted = await during("restarting the instances in turns", appliance, depot, async () => {
    await pause(pauses);
    await restartInTurns(appliance);
    await pause(pauses);
  });
  let diedAt = 0;
  const withoutDb = await during("killing the data cluster", appliance, depot, async () => {
    await pause(pauses);
    diedAt = performance.now();
    await killAndWait(appliance, "db");
    // Healthy again does not mean that everybody who waits was answered.
    await pause(20);
  });
  say("killing the worker amid an import");
  const { ended, doneAtDeath, numbers } = await importWithoutWorker(appliance, depot, IMPORTED);
  if (ended.state !== "done") throw new Error(`The import is ${ended.state}: ${ended.reason}`);
  const distinct = new Set(numbers).size;
  const inFile = IMPORTED - distinct + numbers.length - distinct;
  const steady = [killed, restarted];
  const all = [...steady, withoutDb];
  return {
    requests: sum(all.map(({ requests }) => requests)),
    // Nobody may be told to wait while only an instance is away.
    failed: sum(steady.map(({ failed, told }) => failed + told)) + withoutDb.failed,
    duplicated: sum(all.map(({ duplicated }) => duplicated)) + inFile,
    slowest_ms: Math.max(...steady.map(({ slowest }) => slowest)),
    db_recovered_s: secondsToRecovery(withoutDb.answers.filter(({ isWrite }) => isWrite), diedAt),
    // Reads as well: the search index is made again after a crash, so that searches may be refused for longer.
    db_all_recovered_s: secondsToRecovery(withoutDb.answers, diedAt),
    db_told_to_wait: withoutDb.told,
    db_slowest_ms: withoutDb.slowest,
    imported: ended.created,
    imported_before_death: doneAtDeath,
  };
}

/** Lets dispatchers work while something happens. */
async function during(
  what: string,
  appliance: Appliance,
  depot: Depot,
  trouble: () => Promise<void>,
): Promise<Met> {
  say(what);
  const load = await FailoverLoad.begin(appliance, depot);
  await trouble();
  const { missing, doubled, disowned } = await load.end();
  const [told, failed] = [
    load.failed.filter(isToldToWait),
    load.failed.filter((answer) => !isToldToWait(answer)),
  ];
  const met = {
    requests: load.answers.length,
    failed: failed.length,
    told: told.length,
    duplicated: missing.length + doubled.length + disowned.length,
    slowest: load.slowest,
    answers: load.answers,
  };
  say(
    `${what}: ${met.requests} requests, ${met.failed} failed, ${met.told} told to wait, ${met.duplicated} missing or doubled, slowest ${met.slowest} ms`,
  );
  for (const answer of failed.slice(0, 10)) say(`  failed: ${answer.what} ${answer.status} ${answer.said}`);
  for (const thing of [...missing, ...doubled, ...disowned].slice(0, 10)) {
    say(`  missing or doubled: ${thing}`);
  }
  return met;
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
