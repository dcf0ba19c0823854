import { join } from "node:path";
import { statfs } from "node:fs/promises";
import { readIfExists, removeIfExists, writeWhole } from "../../scripts/installation/files.ts";
import { COPY } from "./copying.ts";
import { Fault } from "./fault.ts";
import type { Notebook, Report } from "./memory.ts";
import type { Copies, Copy, Options } from "./restic.ts";
import type { Settings } from "./settings.ts";

const MONTH = 30 * 24 * 3_600_000;
/** Restoring is not begun unless it leaves so much of the disk free. */
const SPARE = 256 * 1024 ** 2;

/**
 * Brings the newest copies back for a drill, once a month or when the backup service asks by `return.request`, and
 * takes them away again once it says in `returned.done` that it is done with them.
 */
export async function bringBack(
  copies: { data: Copies; keys: Copies },
  notebook: Notebook,
  report: Report,
  options: Options,
): Promise<void> {
  const { settings } = copies.data;
  const request = (await readIfExists(join(settings.FLEETHOLD_OFFSITE_SNAPSHOT, "return.request")))?.trim();
  const isAsked = request !== undefined && request !== notebook.memory.answered;
  const { lastReturnAt, lastCopyAt } = notebook.memory;
  const isDue = lastReturnAt === null || Date.now() - Date.parse(lastReturnAt) >= MONTH;
  if (lastCopyAt === null || !(isAsked || isDue) || await isAwaited(settings)) return;
  await empty(settings);
  await report.begin("returning", null);
  const copied = await restoreNewest(
    copies,
    settings.FLEETHOLD_OFFSITE_RETURNED,
    undefined,
    options,
    report.progress,
  );
  const at = new Date().toISOString();
  await writeWhole(
    join(settings.FLEETHOLD_OFFSITE_RETURNED, "returned.json"),
    JSON.stringify({ at, snapshotAt: copied.data.time, keysSnapshotAt: copied.keys.time }),
    0o640,
  );
  await notebook.keep({ lastReturnAt: at, answered: request ?? notebook.memory.answered });
}

/** Takes away what was brought back, once the backup service has done its drill with it. */
export async function clearReturned(settings: Settings): Promise<void> {
  const returned = await atOf(join(settings.FLEETHOLD_OFFSITE_RETURNED, "returned.json"));
  if (returned && returned === await atOf(join(settings.FLEETHOLD_OFFSITE_SNAPSHOT, "returned.done"))) {
    await empty(settings);
  }
}

/**
 * Restores a copy of the data and one of the keys into `data` and `keys` of a folder.
 * @param at  the newest copies until then; of the keys, which are kept for 40 hours only, the oldest after it if need be
 * @throws {Fault} before anything is written, when there is none or when there is not enough room
 */
export async function restoreNewest(
  copies: { data: Copies; keys: Copies },
  folder: string,
  at: number | undefined,
  options: Options,
  onProgress?: Options["onProgress"],
): Promise<{ data: Copy; keys: Copy; bytes: number }> {
  const chosen = {
    data: choose(copies.data, await copies.data.list(options, COPY), at),
    keys: choose(copies.keys, await copies.keys.list(options, COPY), at),
  };
  const bytes = await copies.data.restoredSize(chosen.data.id, options) +
    await copies.keys.restoredSize(chosen.keys.id, options);
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize < bytes + SPARE) {
    throw new Fault(
      "no-room",
      `The copies take ${megabytes(bytes)} and ${folder} has ${megabytes(bavail * bsize)} free`,
      "make room there",
    );
  }
  for (const cluster of ["data", "keys"] as const) {
    // What is inside has the modes it had: whoever could read the backups reads what comes back.
    await Deno.mkdir(join(folder, cluster), { recursive: true, mode: 0o755 });
    await copies[cluster].run(
      ["restore", chosen[cluster].id, "--json", "--no-lock", "--target", join(folder, cluster)],
      { ...options, ...(onProgress && { onProgress }) },
    );
  }
  return { ...chosen, bytes };
}

function choose(copies: Copies, all: Copy[], at: number | undefined): Copy {
  const until = at === undefined ? all : all.filter(({ time }) => Date.parse(time) <= at);
  const copy = until.at(-1) ?? (copies.cluster === "keys" ? all[0] : undefined);
  if (copy) return copy;
  throw all.length === 0
    ? new Fault(
      "missing",
      `There are no copies at ${copies.address}`,
      "check the address and the folder in it",
    )
    : new Fault(
      "missing",
      `The oldest copy at ${copies.address} is of ${all[0]!.time}`,
      "choose a later moment",
    );
}

async function isAwaited({ FLEETHOLD_OFFSITE_RETURNED }: Settings): Promise<boolean> {
  return await readIfExists(join(FLEETHOLD_OFFSITE_RETURNED, "returned.json")) !== undefined;
}

async function atOf(path: string): Promise<string | undefined> {
  const text = await readIfExists(path);
  return text === undefined ? undefined : (JSON.parse(text) as { at?: string }).at;
}

/** The note goes first: what it tells of is complete for as long as it is there. */
async function empty({ FLEETHOLD_OFFSITE_RETURNED }: Settings): Promise<void> {
  for (const name of ["returned.json", "data", "keys"]) {
    await removeIfExists(join(FLEETHOLD_OFFSITE_RETURNED, name));
  }
}

export const megabytes = (bytes: number) => `${Math.ceil(bytes / 1e6).toLocaleString("en")} MB`;
