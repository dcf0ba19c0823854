import { dirname, join } from "node:path";
// @ts-types="@types/pg"
import type pg from "pg";
import { readText, remove, space, writeDurably } from "./files.ts";
import { censusOf } from "./live.ts";
import { notedTimeline, noteTimeline, type Timeline } from "./live_timeline.ts";
import type { Parts } from "./parts.ts";
import { local, readUntil, type Recoverable, recoverable, Refused } from "./recoverable.ts";
import { RestoredCopy, type Until } from "./restored_copy.ts";
import type { ClusterName, Settings } from "./settings.ts";

/** What a restore would do, to be read before it is done. */
export interface RestorePlan {
  cluster: ClusterName;
  until: Until;
  /** The moment everything will be as of. */
  at: string;
  timeZone: string;
  /** Seconds of work that are lost at most: from that moment to the end of what is known. */
  lostSeconds: number;
  /** Nothing that was received is left out. */
  isLatest: boolean;
  databaseBytes: number;
  /** How long it takes, by the last drill; null: no drill yet. */
  estimatedSeconds: number | null;
  neededBytes: number;
  freeBytes: number;
  /** Where the present data is kept; null: there is none. */
  aside: string | null;
}

/** What a restore brought. */
export interface Restored {
  cluster: ClusterName;
  /** The last moment it holds, by its canary; null for keys. */
  recoveredTo: string | null;
  rows: number;
  tables: number;
  seconds: number;
  aside: string | null;
}

const filesOf = (settings: Settings, cluster: ClusterName) =>
  settings.FLEETHOLD_CLUSTER_FILES.replace("{cluster}", cluster);

/** @throws Refused when it cannot be done, saying why and what to do */
export async function planRestore(parts: Parts, cluster: ClusterName, to: string): Promise<RestorePlan> {
  if (cluster === "keys" && to !== "latest") {
    throw new Refused(
      "Keys are only ever restored to the latest moment",
      "an earlier one would bring keys of erased people back, and lose those of new ones; say --to latest",
    );
  }
  const known: Recoverable = await recoverable(parts, cluster);
  const { until, at } = readUntil(to, known);
  const files = filesOf(parts.settings, cluster);
  const databaseBytes = known.backups.findLast((backup) => backup.at <= at)?.databaseBytes ??
    known.backups[0]!.databaseBytes;
  // Whoever lost the disk may have lost the folder around the files too; it will be made where it was.
  const around = await Deno.stat(dirname(files)).then(() => dirname(files), () => dirname(dirname(files)));
  const { free } = await space(around, (program, args) => parts.programs.run(program, args));
  const plan: RestorePlan = {
    cluster,
    until,
    at,
    timeZone: known.timeZone,
    lostSeconds: Math.max(0, Math.round((Date.parse(known.to!) - Date.parse(at)) / 1000)),
    isLatest: until.type === "latest",
    databaseBytes,
    estimatedSeconds: known.pace ? Math.round(databaseBytes / known.pace) : null,
    neededBytes: Math.round(databaseBytes * 1.1 + 512 * 1024 ** 2),
    freeBytes: free,
    aside: await isCluster(files) ? join(dirname(files), `aside-${stamp()}`) : null,
  };
  if (plan.freeBytes < plan.neededBytes) {
    const size = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;
    throw new Refused(
      `A restore needs ${size(plan.neededBytes)} beside the present data and ${
        size(plan.freeBytes)
      } are free`,
      "free some space, or let go of data that an earlier restore kept aside",
    );
  }
  return plan;
}

/**
 * Restores a cluster that does not run: beside the present data first, which is put aside only once the restored one
 * is a database that answers. Killed at any moment, the present data is where it was or, whole, aside.
 *
 * @throws Refused while the cluster runs; RestoreFailed when the log is damaged or ends too early
 */
export async function restore(
  parts: Parts,
  plan: RestorePlan,
  tell: (words: string, share?: number) => void,
): Promise<Restored> {
  const { settings, places } = parts;
  const { cluster } = plan;
  const live = filesOf(settings, cluster);
  await refuseWhileRunning(live);
  const unfinished = join(dirname(live), "restoring");
  await remove(unfinished);
  const began = performance.now();
  const copy = await RestoredCopy.restore({
    use: "restore",
    cluster,
    repository: places.repository(cluster),
    streamed: places.streamed(cluster),
    into: unfinished,
    until: plan.until,
    ...(!plan.isLatest && { at: plan.at }),
    onProgress: (share) => tell("copying the backup", share),
  }, parts);
  tell("replaying the log");
  let restored: Restored, timeline: Timeline;
  try {
    await copy.start({
      durable: true,
      // What becomes of it is archived once it is live: the beginning of its timeline above all.
      settings: { archive_mode: "on", archive_command: "/bin/false" },
      onReplayed: (moment) => tell(`replayed up to ${moment}`),
    });
    tell("counting what is there");
    const client = await copy.connect();
    try {
      const { rows } = await censusOf(client);
      const canary = cluster === "data" && "public.backup_canary" in rows
        ? (await client.query<{ at: Date }>("select at from backup_canary")).rows[0]
        : undefined;
      timeline = await timelineOf(client);
      restored = {
        cluster,
        recoveredTo: canary?.at.toISOString() ?? null,
        rows: Object.values(rows).reduce((sum, count) => sum + count, 0),
        tables: Object.keys(rows).length,
        seconds: 0,
        aside: plan.aside,
      };
    } finally {
      await client.end();
    }
    await copy.stop();
  } catch (error) {
    await copy.discard();
    throw error;
  }
  await forgetHowItCame(parts, unfinished);
  if (plan.aside) await putAside(parts, cluster, live, plan.aside);
  await Deno.rename(unfinished, live);
  await noteTimeline(parts.files, places.repository(cluster), timeline);
  if (cluster === "data") await tellService(parts, { to: plan.at, isLatest: plan.isLatest });
  return { ...restored, seconds: Math.round((performance.now() - began) / 1000) };
}

/** The service takes a full backup first of all, and says in the trail what happened. */
async function tellService({ places }: Parts, what: Record<string, unknown>): Promise<void> {
  await writeDurably(
    join(places.state, "restored.json"),
    JSON.stringify({ at: new Date().toISOString(), ...what }),
  );
}

/** What pgBackRest wrote for the restore means nothing to the live cluster. */
async function forgetHowItCame({ files }: Parts, folder: string): Promise<void> {
  const path = join(folder, "postgresql.auto.conf");
  const text = await readText(path) ?? "";
  const kept = text.split("\n").filter((line) =>
    !/^\s*(restore_command|recovery_target\w*|archive_mode)\s*=|^# Recovery settings generated by pgBackRest/
      .test(line)
  );
  await files.write(path, kept.join("\n"));
  await remove(join(folder, "fleethold_log_gap"));
  await remove(join(folder, "recovery.signal"));
}

/** Data that restores kept aside, by folder, the oldest first. */
export async function asides(
  parts: Parts,
): Promise<{ cluster: ClusterName; folder: string; bytes: number }[]> {
  const found = [];
  for (const cluster of ["data", "keys"] as const) {
    const parent = dirname(filesOf(parts.settings, cluster));
    for await (const { name } of Deno.readDir(parent)) {
      if (!name.startsWith("aside-")) continue;
      const { used } = await space(join(parent, name), (program, args) => parts.programs.run(program, args));
      found.push({ cluster, folder: join(parent, name), bytes: used });
    }
  }
  return found.sort((a, b) => a.folder < b.folder ? -1 : 1);
}

/** Lets go of what restores kept aside. */
export async function forgetAsides(parts: Parts): Promise<number> {
  const found = await asides(parts);
  for (const { folder } of found) await remove(folder);
  return found.length;
}

/**
 * Puts the data back that the last restore kept aside, and keeps the restored one aside instead.
 * @throws Refused when nothing is kept, or the cluster runs
 */
export async function putBack(parts: Parts, cluster: ClusterName): Promise<string> {
  const live = filesOf(parts.settings, cluster);
  const newest = (await asides(parts)).findLast((aside) => aside.cluster === cluster);
  if (!newest) {
    throw new Refused(
      `No earlier ${cluster} is kept aside`,
      "there was no restore, or it was let go of already",
    );
  }
  await refuseWhileRunning(live);
  const aside = join(dirname(live), `aside-${stamp()}`);
  if (await isCluster(live)) await putAside(parts, cluster, live, aside);
  await Deno.rename(newest.folder, live);
  const kept = await readText(join(live, KEPT_TIMELINE));
  if (kept) await noteTimeline(parts.files, parts.places.repository(cluster), JSON.parse(kept));
  await remove(join(live, KEPT_TIMELINE));
  if (cluster === "data") await tellService(parts, { putBack: true });
  return aside;
}

/** Beside the files of a cluster that is kept aside: the timeline it goes on with when it is put back. */
const KEPT_TIMELINE = "fleethold_timeline";

async function putAside(
  { files, places }: Parts,
  cluster: ClusterName,
  live: string,
  aside: string,
): Promise<void> {
  const noted = await notedTimeline(places.repository(cluster));
  if (noted) await files.write(join(live, KEPT_TIMELINE), JSON.stringify(noted));
  await Deno.rename(live, aside);
}

async function timelineOf(client: pg.Client): Promise<Timeline> {
  const { rows: [found] } = await client.query<Timeline>(`
    select system_identifier::text as "systemId",
      ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int as timeline
    from pg_control_system()`);
  return found!;
}

async function isCluster(folder: string): Promise<boolean> {
  return await readText(join(folder, "PG_VERSION")) !== undefined;
}

/** Its postmaster writes its heartbeat into a file of the folder; one that was killed left it there, unchanged. */
async function refuseWhileRunning(folder: string): Promise<void> {
  const pid = (await readText(join(folder, "postmaster.pid")))?.split("\n")[0];
  if (!pid) return;
  const command = await readText(`/proc/${pid}/cmdline`).catch(() => undefined);
  if (command?.includes(folder)) {
    throw new Refused(`PostgreSQL runs in ${folder}`, "stop it first, then repeat this");
  }
}

const stamp = () => new Date().toISOString().replaceAll(/[-:Z]/g, "").replace("T", "-").replace(".", "-");

/** The plan in words an operator reads before saying yes. */
export function planInWords(plan: RestorePlan): string[] {
  const { cluster, at, timeZone, isLatest, lostSeconds, databaseBytes, estimatedSeconds, aside } = plan;
  const size = databaseBytes < 1e9
    ? `${Math.round(databaseBytes / 1e6)} MB`
    : `${(databaseBytes / 1e9).toFixed(1)} GB`;
  return [
    `Restores the ${cluster} cluster (${size}) as it was on ${local(at, timeZone)}.`,
    isLatest
      ? "That is all there is: nothing is lost that had reached the repository or the stream."
      : `What was entered in the ${duration(lostSeconds)} after that is not in it.`,
    ...(cluster === "data" ? ["Keys stay as they are now: who was erased since then stays erased."] : []),
    estimatedSeconds === null
      ? "How long it takes is not known: there was no drill yet."
      : `It takes about ${duration(Math.max(10, estimatedSeconds))}, by the last drill.`,
    aside
      ? "The present data is kept beside it until you let go of it."
      : "There is no present data to keep.",
  ];
}

/** What was restored, in words. */
export function restoredInWords({ cluster, rows, tables, seconds, recoveredTo, aside }: Restored): string[] {
  return [
    `Restored the ${cluster} cluster: ${rows.toLocaleString("en")} rows in ${tables} tables in ${
      duration(seconds)
    }.`,
    ...(recoveredTo ? [`It goes up to ${recoveredTo}, or a minute after that.`] : []),
    ...(aside ? [`What was there is kept in ${aside}.`] : []),
  ];
}

export function duration(seconds: number): string {
  if (seconds < 90) return `${seconds} seconds`;
  if (seconds < 90 * 60) return `${Math.round(seconds / 60)} minutes`;
  if (seconds < 36 * 3600) return `${Math.round(seconds / 3600)} hours`;
  return `${Math.round(seconds / 86_400)} days`;
}
