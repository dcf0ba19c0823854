import { join } from "node:path";
import type { DrillFigures } from "../server/backups/schema.ts";
import { remove, space } from "./files.ts";
import { type Census, censusOf, type Mark } from "./live.ts";
import type { Parts } from "./parts.ts";
import { ProgramFailed } from "./program.ts";
import { RestoredCopy } from "./restored_copy.ts";
import type { ClusterName } from "./settings.ts";

export interface DrillOrder {
  cluster: ClusterName;
  /** Where to restore from: the live repository, or one that came back from the offsite target. */
  repository: string;
  streamed: string | undefined;
  /** The moment to compare at; null: the newest there is, compared with nothing. */
  mark: Mark | null;
  step: (step: "restoring" | "replaying" | "checking" | "comparing" | "clearing", progress?: number) => void;
  signal: AbortSignal;
}

/** A drill found that what was restored is not what was backed up: what differs, in words. */
export class DrillFailed extends Error {
  override name = "DrillFailed";
}

/** Restores need the cluster's size, and the log that is replayed; a little more, so that the host keeps some room. */
const ROOM = 1.2;
const ROOM_FOR_LOG = 1024 ** 3;

/**
 * Restores a cluster into a throw-away folder and proves that it is what it should be: every index against its table,
 * every page's checksum, every table's rows and the trail's content against the live cluster at the marked moment, and
 * a sealed value that opens with the present keys.
 *
 * @throws DrillFailed naming every difference
 */
export async function drill(parts: Parts, order: DrillOrder): Promise<DrillFigures> {
  const { cluster, repository, streamed, mark, step, signal } = order;
  const folder = join(parts.places.scratch, `drill-${cluster}`);
  await remove(folder);
  const { databaseBytes } = await needRoom(parts, order);
  let copy: RestoredCopy | undefined;
  try {
    step("restoring", 0);
    const began = performance.now();
    copy = await RestoredCopy.restore({
      use: "drill",
      cluster,
      repository,
      streamed,
      into: folder,
      until: mark ? { type: "name", name: mark.name } : { type: "latest" },
      gently: true,
      onProgress: (share) => step("restoring", share),
      signal,
    }, parts);
    const restored = performance.now();
    step("replaying");
    await copy.start({ gently: true, signal });
    const replayed = performance.now();
    step("checking");
    const faults = [...await amcheck(parts, copy)];
    step("comparing");
    const client = await copy.connect();
    let census: Census, recoveredTo: string, sealedOpened: boolean | null;
    try {
      census = await censusOf(client);
      recoveredTo = cluster === "data"
        ? (await client.query<{ at: Date }>("select at from backup_canary")).rows[0]!.at.toISOString()
        : new Date().toISOString();
      sealedOpened = cluster === "data" ? await openSample(parts, copy) : null;
    } finally {
      await client.end();
    }
    const differing = mark ? difference(mark.census.rows, census.rows) : null;
    const trailSame = mark?.census.trail
      ? mark.census.trail.sum === census.trail?.sum && mark.census.trail.entries === census.trail?.entries
      : null;
    step("checking");
    await copy.stop();
    faults.push(...await checksums(parts, folder));
    const checked = performance.now();
    faults.push(
      ...(differing ?? []).map((table) =>
        `${table} has ${census.rows[table] ?? "no"} rows and should have ${
          mark!.census.rows[table] ?? "none"
        }`
      ),
      ...(trailSame === false ? ["the audit trail differs from the live one at the same moment"] : []),
      ...(sealedOpened === false ? ["a sealed value does not open with the present keys"] : []),
    );
    if (faults.length > 0) throw new DrillFailed(`The restored copy is not sound: ${faults.join("; ")}`);
    const seconds = (from: number, to: number) => Math.round((to - from) / 100) / 10;
    return {
      recoveredTo,
      restoreSeconds: seconds(began, restored),
      replaySeconds: seconds(restored, replayed),
      checkSeconds: seconds(replayed, checked),
      databaseBytes,
      tables: Object.keys(census.rows).length,
      rows: Object.values(census.rows).reduce((sum, rows) => sum + rows, 0),
      differing,
      trailEntries: census.trail?.entries ?? 0,
      trailSame,
      sealedOpened,
    };
  } finally {
    step("clearing");
    await copy?.discard();
    await remove(folder);
  }
}

async function needRoom(
  parts: Parts,
  { cluster, repository }: DrillOrder,
): Promise<{ databaseBytes: number }> {
  const config = join(parts.places.run, "drill_info.conf");
  await parts.files.write(config, parts.pgBackRest.restoring(repository, cluster, "/nonexistent"));
  const { backup } = await parts.pgBackRest.info({ config, stanza: cluster }).finally(() => remove(config));
  const newest = backup.at(-1);
  if (!newest) throw new DrillFailed(`There is no backup of the ${cluster} cluster to restore yet`);
  const databaseBytes = newest.info.size;
  await parts.files.folder(parts.places.scratch);
  const { free } = await space(parts.places.scratch, (program, args) => parts.programs.run(program, args));
  const wanted = databaseBytes * ROOM + ROOM_FOR_LOG;
  if (free < wanted) {
    throw new DrillFailed(
      `A drill needs ${gigabytes(wanted)} and ${
        gigabytes(free)
      } are free where throw-away copies go; free some space`,
    );
  }
  return { databaseBytes };
}

const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;

/** Every index against its table, and every table's pages in themselves (PostgreSQL's amcheck). */
async function amcheck({ programs }: Parts, copy: RestoredCopy): Promise<string[]> {
  try {
    await programs.run("pg_amcheck", [
      ...copy.connection,
      "--install-missing",
      "--heapallindexed",
      "fleethold",
    ], { gently: true });
    return [];
  } catch (error) {
    if (error instanceof ProgramFailed) return [`amcheck: ${error.words.split("\n").slice(0, 3).join(" ")}`];
    throw error;
  }
}

async function checksums({ programs }: Parts, folder: string): Promise<string[]> {
  try {
    await programs.run("pg_checksums", ["--check", "-D", folder], { gently: true });
    return [];
  } catch (error) {
    if (error instanceof ProgramFailed) {
      return [`checksums: ${error.words.split("\n").slice(0, 3).join(" ")}`];
    }
    throw error;
  }
}

/** Tables whose number of rows is not the same, by name. */
function difference(live: Record<string, number>, restored: Record<string, number>): string[] {
  return [...new Set([...Object.keys(live), ...Object.keys(restored)])].sort()
    .filter((table) => live[table] !== restored[table]);
}

/** How long the worker may take to say whether a sealed value opens: it is woken, and if it was away, looks each minute. */
const ANSWER_MS = 150_000;

/**
 * Takes a sealed value out of the copy and lets the worker open it, who holds the keys; we never do.
 * @returns null when there is none yet, or nobody answers
 */
async function openSample({ data }: Parts, copy: RestoredCopy): Promise<boolean | null> {
  const client = await copy.connect();
  try {
    const { rows: [sample] } = await client.query<{ place: string; subject: string; sealed: Uint8Array }>(
      "select 'accounts/' || id as place, person_id as subject, sealed from accounts order by random() limit 1",
    );
    if (!sample) return null;
    const id = crypto.randomUUID();
    await data.query("insert into backup_samples (id, place, subject, sealed) values ($1, $2, $3, $4)", [
      id,
      sample.place,
      sample.subject,
      sample.sealed,
    ]);
    try {
      for (const end = Date.now() + ANSWER_MS; Date.now() < end;) {
        const [row] = await data.query<{ opened: boolean | null; reason: string | null }>(
          "select opened, reason from backup_samples where id = $1",
          [id],
        );
        if (!row || row.reason) return row?.opened ?? null;
        if (row.opened !== null) return row.opened;
        await new Promise((resolve) => setTimeout(resolve, 1_000));
      }
      return null;
    } finally {
      await data.query("delete from backup_samples where id = $1", [id]);
    }
  } finally {
    await client.end();
  }
}
