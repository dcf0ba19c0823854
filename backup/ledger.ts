import { createHash } from "node:crypto";
import { join } from "node:path";
import { filesBelow, readText, writeDurably } from "./files.ts";
import { TIMELINE_FILE } from "./live_timeline.ts";

interface Entry {
  size: number;
  modified: number;
  sha256: string;
}

/** What a look at every byte of a repository found. */
export interface Audit {
  files: number;
  bytes: number;
  /** One a fault: the file and what is wrong. */
  findings: string[];
}

/**
 * What every file of a repository was when it was new: its size and SHA-256. pgBackRest never changes a file once it
 * is written and replaces its `.info` files by rename, so a file that has another content under the same time is
 * damaged. pgBackRest's own `verify` looks at neither `backup.info` nor manifests, and `info` says ok all the same.
 */
export class Ledger {
  constructor(private readonly path: string, private readonly repository: string) {}

  /**
   * Writes down what is new, and forgets what was expired. What is known is not read again, and what changed since it
   * was written stays as it was: the next audit finds the difference.
   *
   * @param labels of the backups there are; a folder of another name is unfinished or was expired
   * @param needed the first segment that is still needed, by the folder of the log that it is in
   */
  async note(labels: ReadonlySet<string>, needed: ReadonlyMap<string, string>): Promise<void> {
    const known = await this.#read();
    const noted = new Map([...known].filter(([file]) => isWanted(file, labels, needed)));
    for await (const file of filesBelow(this.repository)) {
      if (noted.has(file) && !isReplaced(file) || !isWanted(file, labels, needed)) continue;
      const stat = await statOf(join(this.repository, file));
      const sha256 = stat && await sumOf(join(this.repository, file));
      if (sha256) noted.set(file, { ...stat, sha256 });
    }
    await this.#write(noted);
  }

  /** Reads every file again and compares it with what was written down. */
  async audit(onProgress?: (share: number) => void, signal?: AbortSignal): Promise<Audit> {
    const known = await this.#read();
    const total = [...known.values()].reduce((sum, { size }) => sum + size, 0);
    const audit: Audit = { files: 0, bytes: 0, findings: [] };
    for (const [file, { size, modified, sha256 }] of known) {
      signal?.throwIfAborted();
      const path = join(this.repository, file);
      const stat = await statOf(path);
      if (!stat) {
        audit.findings.push(`${file} is missing`);
        continue;
      }
      audit.files++;
      audit.bytes += stat.size;
      // Written anew since; verification reads these by themselves.
      if (stat.modified !== modified && isReplaced(file)) continue;
      if (stat.size !== size) audit.findings.push(`${file} has ${stat.size} bytes and should have ${size}`);
      else if (await sumOf(path) !== sha256) audit.findings.push(`${file} is damaged`);
      onProgress?.(total === 0 ? 1 : audit.bytes / total);
    }
    return audit;
  }

  async #read(): Promise<Map<string, Entry>> {
    const lines = (await readText(this.path))?.split("\n").filter(Boolean) ?? [];
    return new Map(lines.map((line) => {
      const [sha256, size, modified, ...name] = line.split(" ");
      return [name.join(" "), { sha256: sha256!, size: Number(size), modified: Number(modified) }];
    }));
  }

  async #write(entries: Map<string, Entry>): Promise<void> {
    const lines = [...entries].map(([name, { sha256, size, modified }]) =>
      `${sha256} ${size} ${modified} ${name}`
    );
    await writeDurably(this.path, lines.map((line) => `${line}\n`).join(""));
  }
}

/** `backup.info` and `archive.info` with their copies, which pgBackRest writes anew. */
const isReplaced = (file: string) => /\/(backup|archive)\.info(\.copy)?$/.test(file);

function isWanted(
  file: string,
  labels: ReadonlySet<string>,
  needed: ReadonlyMap<string, string>,
): boolean {
  if (file.endsWith(".tmp") || file.endsWith(".lock") || file === TIMELINE_FILE) return false;
  const label = file.match(/^backup\/[a-z]+\/(\d{8}-\d{6}F[^/]*)\//)?.[1];
  if (label) return labels.has(label);
  const [, folder, segment] = file.match(/^archive\/[a-z]+\/([^/]+)\/.*\/([0-9A-F]{24})-[^/]+$/) ?? [];
  if (!folder || !segment) return true;
  const oldest = needed.get(folder);
  return oldest !== undefined && segment >= oldest;
}

async function statOf(path: string): Promise<{ size: number; modified: number } | undefined> {
  try {
    const { size, mtime } = await Deno.stat(path);
    return { size, modified: mtime?.getTime() ?? 0 };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** SHA-256 in hexadecimal; undefined when the file vanished meanwhile. */
async function sumOf(path: string): Promise<string | undefined> {
  try {
    using file = await Deno.open(path);
    const hash = createHash("sha256");
    const buffer = new Uint8Array(256 * 1024);
    for (let read = await file.read(buffer); read !== null; read = await file.read(buffer)) {
      hash.update(buffer.subarray(0, read));
    }
    return hash.digest("hex");
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
