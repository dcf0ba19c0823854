import { join } from "node:path";
import { readIfExists, removeIfExists } from "../../scripts/installation/files.ts";
import { exitCodes, Refusal } from "../../scripts/installation/refusal.ts";
import { during, print, say } from "../../scripts/installation/terminal.ts";
import { COPY } from "./copying.ts";
import { Fault } from "./fault.ts";
import { copiesOf } from "./pass.ts";
import { advice, tryToDelete } from "./proof.ts";
import { megabytes, restoreNewest } from "./returning.ts";
import type { Settings } from "./settings.ts";

/** Brings copies back to a bare host: `data` and `keys` in the folder, as pgBackRest knows them. */
export async function fetch(settings: Settings, into: string, at: string | undefined): Promise<number> {
  const moment = at === undefined ? undefined : Date.parse(at);
  if (Number.isNaN(moment)) {
    throw new Refusal(`--at ${at} is not a moment`, "write it as 2026-11-26T20:00:00Z", exitCodes.usage);
  }
  await Deno.mkdir(into, { recursive: true });
  for (const cluster of ["data", "keys"]) {
    if (await isEmpty(join(into, cluster))) continue;
    throw new Refusal(`${join(into, cluster)} is not empty`, "name an empty folder", exitCodes.refused);
  }
  let told = -10;
  const copied = await during(
    "fetching the copies",
    restoreNewest(copiesOf(settings), into, moment, {}, ({ bytesDone, bytesTotal, percent }) => {
      // The keys begin at nothing again.
      if (percent < told) told = -10;
      if (percent < told + 10) return;
      told = percent;
      say(`fetched ${megabytes(bytesDone)} of ${megabytes(bytesTotal)} (${Math.floor(percent)} %)`);
    }),
  );
  say(`fetched the copy of the data of ${copied.data.time}`);
  say(`fetched the copy of the keys of ${copied.keys.time}`);
  print(JSON.stringify({ into, bytes: copied.bytes, data: copied.data.time, keys: copied.keys.time }));
  return 0;
}

/** Says which copies there are. */
export async function list(settings: Settings, asJson: boolean): Promise<number> {
  const copies = copiesOf(settings);
  const there = { data: await copies.data.list({}, COPY), keys: await copies.keys.list({}, COPY) };
  if (asJson) {
    const of = (cluster: "data" | "keys") => there[cluster].map(({ id, time }) => ({ id, time }));
    print(JSON.stringify({ data: of("data"), keys: of("keys") }));
    return 0;
  }
  for (const cluster of ["data", "keys"] as const) {
    const [oldest, newest] = [there[cluster][0], there[cluster].at(-1)];
    print(
      oldest && newest
        ? `${cluster}: ${there[cluster].length} copies at ${
          copies[cluster].address
        }, from ${oldest.time} to ${newest.time}`
        : `${cluster}: no copies at ${copies[cluster].address}`,
    );
  }
  return 0;
}

/** Tries the target as the sidecar uses it, and says in words what is right and what is not. */
export async function checkTarget(settings: Settings): Promise<number> {
  const copies = copiesOf(settings);
  let isWell = true;
  const right = (line: string) => print(`right: ${line}`);
  const wrong = (line: string, hint: string) => {
    isWell = false;
    print(`wrong: ${line}`);
    print(`  hint: ${hint}`);
  };
  for (const each of [copies.data, copies.keys]) {
    try {
      if (!await each.exists({ limit: 120_000 })) {
        right(`${each.address} answers; there are no copies of ${each.cluster} yet`);
        continue;
      }
      const newest = (await each.list({}, COPY)).at(-1);
      right(`${each.address} answers and the offsite key opens the copies of ${each.cluster}`);
      if (newest) right(`the newest copy of ${each.cluster} is of ${newest.time}`);
      if (each !== copies.data) continue;
      const { refuses, fate } = await tryToDelete(each, null, {});
      if (refuses) right("it refuses to delete and to overwrite what was copied");
      else {wrong(
          `what was copied can be ${fate} with the sidecar's own credentials`,
          advice[each.target.kind],
        );}
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      wrong(error.message, error.hint);
    }
  }
  return isWell ? 0 : exitCodes.unwell;
}

/** Forgets that copies were ever made at the target, so that the next pass may begin an empty one. */
export async function beginAnew(settings: Settings): Promise<number> {
  const path = join(settings.FLEETHOLD_OFFSITE_CACHE, "memory.json");
  const had = await readIfExists(path) !== undefined;
  await removeIfExists(path);
  say(
    had ? "the next pass begins with a full copy" : "nothing was known of the target; the next pass asks it",
  );
  return 0;
}

async function isEmpty(folder: string): Promise<boolean> {
  try {
    return (await Array.fromAsync(Deno.readDir(folder))).length === 0;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return true;
    throw error;
  }
}
