import { join } from "node:path";
import { createLog, type Logger } from "../../server/platform/log.ts";
import { Refusal } from "../../scripts/installation/refusal.ts";
import { removeIfExists } from "../../scripts/installation/files.ts";
import { endOf, isWithin, nextWithin } from "./hours.ts";
import { Pass } from "./pass.ts";
import type { Settings } from "./settings.ts";

const MINUTE = 60_000;
/** How often it shows that it lives, and looks whether something was brought back for nothing any more. */
const LOOK = 15_000;

/** Copies until it is told to stop. */
export async function serve(settings: Settings, stop: AbortSignal): Promise<void> {
  const log = createLog(settings.FLEETHOLD_LOG_LEVEL, "offsite");
  using _alone = await takeCache(settings);
  const {
    FLEETHOLD_OFFSITE_HOURS: hours,
    FLEETHOLD_OFFSITE_TIME_ZONE: zone,
    FLEETHOLD_OFFSITE_EVERY: every,
  } = settings;
  const pass = await Pass.prepare(settings);
  let failures = 0;
  let next = nextWithin(hours, zone, Date.now());
  while (!stop.aborted) {
    pass.report.next = new Date(next).toISOString();
    await look(settings, pass);
    if (Date.now() < next) {
      await rest(Math.min(LOOK, next - Date.now()), stop);
      continue;
    }
    pass.report.next = null;
    const startedAt = Date.now();
    const failed = await passWithinHours(settings, pass, stop, log);
    failures = failed ? failures + 1 : 0;
    // A minute, two, four, eight, a quarter of an hour: a target that comes back is not met by an impatient one.
    const due = failed ? Date.now() + Math.min(15, 2 ** (failures - 1)) * MINUTE : startedAt + every * 1_000;
    next = nextWithin(hours, zone, Math.max(due, Date.now()));
  }
  await pass.report.write();
}

/** Makes one pass now, whatever the hours. @returns whether all went well */
export async function copyOnce(settings: Settings, stop: AbortSignal): Promise<string | null> {
  using _alone = await takeCache(settings);
  const pass = await Pass.prepare(settings);
  await pass.tidy();
  const fault = await pass.run(stop);
  return fault && fault.told;
}

async function passWithinHours(
  settings: Settings,
  pass: Pass,
  stop: AbortSignal,
  log: Logger,
): Promise<boolean> {
  const { FLEETHOLD_OFFSITE_HOURS: hours, FLEETHOLD_OFFSITE_TIME_ZONE: zone } = settings;
  const over = new AbortController();
  const looking = setInterval(() => {
    if (!isWithin(hours, zone, Date.now())) over.abort();
    look(settings, pass).catch((error) => log.error({ err: error }, "the status cannot be written"));
  }, LOOK);
  try {
    const fault = await pass.run(AbortSignal.any([stop, over.signal]));
    if (fault) log.warn({ kind: fault.kind, failure: fault.told }, "a pass failed");
    else if (over.signal.aborted) {
      log.info({ until: endOf(hours, zone, Date.now()) }, "the hours for copying are over");
    } else log.debug("a pass was done");
    return fault !== null && fault.kind !== "refused";
  } catch (error) {
    if (stop.aborted) return false;
    log.error({ err: error }, "a pass broke off");
    pass.report.failure = {
      kind: "other",
      told: `A pass broke off (${
        error instanceof Error ? error.name : "unknown error"
      }); the sidecar's log says where`,
    };
    return true;
  } finally {
    clearInterval(looking);
  }
}

async function look(settings: Settings, pass: Pass): Promise<void> {
  await pass.tidy();
  await pass.report.write();
  if (settings.FLEETHOLD_OFFSITE_LOOKED) await Deno.writeTextFile(settings.FLEETHOLD_OFFSITE_LOOKED, "");
}

/** Makes sure that this is the only one that copies, and clears what a killed one left in the cache. */
async function takeCache({ FLEETHOLD_OFFSITE_CACHE: cache }: Settings): Promise<Deno.FsFile> {
  await Deno.mkdir(join(cache, "restic"), { recursive: true });
  const lock = await Deno.open(join(cache, "lock"), { read: true, write: true, create: true });
  if (!await lock.tryLock(true)) {
    lock.close();
    throw new Refusal(
      "Another offsite copy is under way",
      "wait until it is over; the status says how far it is",
    );
  }
  await removeIfExists(join(cache, "temporary"));
  for await (const { name } of Deno.readDir(join(cache, "restic"))) {
    if (name.startsWith("restic-check-cache-")) await removeIfExists(join(cache, "restic", name));
  }
  return lock;
}

/** Sleeps; wakes at once when it is to stop. */
async function rest(milliseconds: number, stop: AbortSignal): Promise<void> {
  if (stop.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, milliseconds);
  stop.addEventListener("abort", () => resolve(), { once: true });
  await promise;
  clearTimeout(timer);
}
