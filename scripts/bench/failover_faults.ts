import type { Import, ImportPreview } from "../../server/deliveries/import/schema.ts";
import type { Delivery } from "../../server/deliveries/schema.ts";
import { type Appliance, docker } from "./appliance.ts";
import type { Depot } from "./depot.ts";
import { all, type Answered, isGood } from "./failover_load.ts";
import { shopFile } from "./shop_file.ts";

/** The two instances of the API. */
export const instances = ["api-a", "api-b"] as const;

/** Ends an instance at once, as a host that fails does; it stays away until `bringBack`. */
export async function kill(appliance: Appliance, service: string): Promise<void> {
  await docker(["kill", await appliance.container(service)]);
}

/** Starts what was killed or stopped, and waits until it is healthy. */
export async function bringBack(appliance: Appliance, service: string): Promise<void> {
  await docker(["start", await appliance.container(service)]);
  await untilHealthy(appliance, service);
}

/** Restarts what an operator restarts, in turns, by the operator's own command. */
export async function restartInTurns(appliance: Appliance): Promise<void> {
  const { code, err } = await appliance.operator("restart");
  if (code !== 0) throw new Error(`scripts/fleethold restart: ${err.slice(-2_000)}`);
}

/** Kills a service's main process as the kernel would, and waits until Docker has started it again and it is healthy. */
export async function killAndWait(appliance: Appliance, service: string): Promise<void> {
  const { State: { StartedAt } } = await appliance.inspect(service);
  await appliance.killProcess(service);
  while ((await appliance.inspect(service)).State.StartedAt === StartedAt) await pause(0.2);
  await untilHealthy(appliance, service);
}

async function untilHealthy(appliance: Appliance, service: string): Promise<void> {
  while ((await appliance.inspect(service)).State.Health.Status !== "healthy") await pause(0.5);
}

/** While the database is away people wait, or are told when to come back. */
export const isToldToWait = ({ status, retryAfter }: Answered): boolean => status === 503 && retryAfter;

/**
 * Seconds from a moment until requests were answered well again: until the first that was asked after the last refusal.
 *
 * @param since milliseconds of `performance.now()`
 */
export function secondsToRecovery(answers: readonly Answered[], since: number): number {
  const refusals = answers.filter(({ status }) => !isGood(status)).map(({ ended }) => ended);
  const refusedLast = Math.max(since, ...refusals);
  const good = answers.filter(({ status, began }) => isGood(status) && began >= refusedLast);
  return Math.round(Math.min(...good.map(({ ended }) => ended)) - since) / 1000;
}

/** What became of an import whose worker died. */
export interface OrphanedImport {
  /** How many orders were carried out when the worker died; none of them was committed. */
  doneAtDeath: number;
  ended: Import;
  /** The numbers of all orders the site then has of the file's day. */
  numbers: string[];
}

/** Imports so many orders into a site that has none of them, and kills the worker when it has carried out some. */
export async function importWithoutWorker(
  appliance: Appliance,
  { siteId, call }: Depot,
  orders: number,
): Promise<OrphanedImport> {
  const { id } = await call<ImportPreview>(
    "POST",
    `/api/imports?site=${siteId}&name=orders_export.csv`,
    shopFile(orders),
  );
  const now = () => call<Import>("GET", `/api/imports/${id}`);
  let seen = await call<Import>("POST", `/api/imports/${id}/run`, { mode: "all-or-nothing" });
  while (isUnderWay(seen) && seen.done === 0) seen = await now();
  await appliance.killProcess("worker");
  let ended = await now();
  if (!isUnderWay(ended)) {
    throw new Error("The import ended before the worker could be killed: take more orders");
  }
  while (isUnderWay(ended)) {
    await pause(0.2);
    ended = await now();
  }
  const there = await all<Delivery>(
    call,
    `/api/deliveries?site=${siteId}&day=2026-02-21&sort=number&limit=200`,
  );
  return { doneAtDeath: seen.done, ended, numbers: there.map(({ number }) => number) };
}

const isUnderWay = ({ state }: Import): boolean => state === "waiting" || state === "running";

/** Waits for so many seconds. */
export const pause = (seconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, seconds * 1000));
