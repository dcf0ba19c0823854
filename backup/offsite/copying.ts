import { createHash } from "node:crypto";
import { join } from "node:path";
import { Fault } from "./fault.ts";
import type { Notebook } from "./memory.ts";
import type { Copies, Options } from "./restic.ts";
import type { Settings } from "./settings.ts";

/** Every copy is made under this name, whichever container made it. */
const HOST = "fleethold";
/** Copies of the backups; what else lies in a repository was made to prove something. */
export const COPY = "copy";

/**
 * Reads the backup service's snapshot while it cannot be replaced.
 * @throws {Fault} when there is none yet
 */
export async function whileItStays<T>(
  settings: Settings,
  work: (snapshot: string) => Promise<T>,
): Promise<T> {
  const folder = settings.FLEETHOLD_OFFSITE_SNAPSHOT;
  try {
    using lock = await Deno.open(join(folder, "snapshot.lock"));
    await lock.lock(false);
    await Deno.stat(join(folder, "snapshot"));
    return await work(join(folder, "snapshot"));
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new Fault(
      "nothing-to-copy",
      "There are no backups to copy yet",
      "the first copy is made once the backup service has made the first backup",
    );
  }
}

/**
 * Copies one cluster's part of the snapshot, unless nothing in it is new or it is still empty.
 * @returns bytes that were added at the target; null: nothing was new
 */
export async function copy(
  copies: Copies,
  snapshot: string,
  notebook: Notebook,
  options: Options,
): Promise<number | null> {
  const folder = join(snapshot, copies.cluster);
  const known = notebook.of(copies);
  const fingerprint = await fingerprintOf(folder);
  if (fingerprint === null) return null;
  if (fingerprint === known.fingerprint) {
    // Whether it is still there is asked all the same: a target that is gone must not look like one that is idle.
    if (!await copies.exists({ ...options, limit: 120_000 })) throw gone(copies);
    return null;
  }
  await open(copies, notebook, options);
  const parent = known.newest ?? (await copies.list(options, COPY)).at(-1)?.id;
  // Whoever prunes at the target may take the one that is remembered; then the next attempt asks which is the newest.
  delete known.newest;
  const said = await copies.say([
    "backup",
    "--json",
    ...["--host", HOST, "--tag", COPY],
    // What the backups hold is encrypted already. Names, sizes and the index are compressed all the same.
    ...["--compression", "off"],
    // Every snapshot is made of new hard links, which changes both of files that are as they were.
    "--ignore-ctime",
    "--ignore-inode",
    ...(parent ? ["--parent", parent] : []),
    ".",
  ], { ...options, cwd: folder, endOn: refusal });
  options.signal?.throwIfAborted();
  const summary = said.out.split("\n").findLast((line) => line.startsWith('{"message_type":"summary"'));
  const { snapshot_id, data_added, data_added_packed } = JSON.parse(summary ?? "{}") as Summary;
  // With a summary the copy is complete, though its lock may not have been deleted.
  if (!snapshot_id) throw await copies.faultOf(said);
  if (said.code === 3) {
    throw new Fault(
      "other",
      `Some of the backups of ${copies.cluster} could not be read`,
      "check that the sidecar's account belongs to the group that the backups are readable for",
    );
  }
  Object.assign(known, { fingerprint, newest: snapshot_id, begun: true });
  return data_added_packed ?? data_added ?? 0;
}

interface Summary {
  snapshot_id?: string;
  data_added?: number;
  /** Since restic 0.17. */
  data_added_packed?: number;
}

/** Makes the repository at the first connection; a lock left behind by a killed process is taken away. */
async function open(copies: Copies, notebook: Notebook, options: Options): Promise<void> {
  if (await copies.exists({ ...options, limit: 120_000 })) {
    // Only locks of processes that are gone, or that are half an hour old. Where locks cannot be deleted they do no
    // harm here: those of copies are shared, and the only exclusive ones are made where deleting is allowed.
    await copies.say(["unlock"], { ...options, limit: 120_000, endOn: refusal });
    return;
  }
  if (notebook.of(copies).begun) throw gone(copies);
  await copies.run(["init", "--repository-version", "2"], { ...options, limit: 120_000 });
}

/** restic repeats an attempt to delete a lock for most of a minute where that is refused. */
const refusal = /Remove\(.*(403|forbidden|denied|not permitted|permission)/i;

function gone(copies: Copies): Fault {
  return new Fault(
    "gone",
    `The copies at ${copies.address} are gone`,
    "put them back or mount what they lie on; if they were removed on purpose, `anew` begins again with a full copy",
  );
}

/** What the names, sizes and times of all files come to; two trees with the same are the same. Null: no file. */
async function fingerprintOf(folder: string): Promise<string | null> {
  let isEmpty = true;
  const hash = createHash("sha256");
  const walk = async (path: string) => {
    const entries = await Array.fromAsync(Deno.readDir(path));
    for (const entry of entries.sort((a, b) => a.name < b.name ? -1 : 1)) {
      const inside = `${path}/${entry.name}`;
      if (entry.isDirectory) {
        hash.update(`${inside}/\n`);
        await walk(inside);
        continue;
      }
      const { size, mtime } = await Deno.lstat(inside);
      isEmpty = false;
      const link = entry.isSymlink ? await Deno.readLink(inside) : "";
      hash.update(`${inside} ${size} ${mtime?.getTime()} ${link}\n`);
    }
  };
  await walk(folder);
  return isEmpty ? null : hash.digest("hex");
}
