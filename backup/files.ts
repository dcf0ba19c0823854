import { dirname } from "node:path";
import type { Settings } from "./settings.ts";

/** Files that PostgreSQL's and pgBackRest's programs share with us: theirs to own, whoever we are. */
export class Files {
  constructor(private readonly settings: Pick<Settings, "FLEETHOLD_POSTGRES_ACCOUNT">) {}

  /** Makes the folder and those above it, for the programs' account alone unless `mode` says otherwise. */
  async folder(path: string, mode = 0o700): Promise<void> {
    try {
      await Deno.mkdir(path, { mode });
      await this.#giveAway(path);
    } catch (error) {
      if (error instanceof Deno.errors.AlreadyExists) return;
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      await this.folder(dirname(path), mode);
      await this.folder(path, mode);
    }
  }

  /** Writes a whole file that the programs' account may read, and nobody else. */
  async write(path: string, text: string, mode = 0o600): Promise<void> {
    const unfinished = `${path}.new`;
    await remove(unfinished);
    await Deno.writeTextFile(unfinished, text, { mode });
    await this.#giveAway(unfinished);
    await Deno.rename(unfinished, path);
  }

  async #giveAway(path: string): Promise<void> {
    const account = this.settings.FLEETHOLD_POSTGRES_ACCOUNT;
    if (account) await Deno.chown(path, account.uid, account.gid);
  }
}

/** Removes a file or a folder with all that is in it; its absence is no error. */
export async function remove(path: string): Promise<void> {
  try {
    await Deno.remove(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** The text of a file, or undefined where there is none. */
export async function readText(path: string): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** A file's content on disk under its name, whole or not at all, also after a power cut. */
export async function writeDurably(path: string, text: string): Promise<void> {
  const unfinished = `${path}.new`;
  {
    using file = await Deno.open(unfinished, { write: true, create: true, truncate: true, mode: 0o600 });
    const bytes = new TextEncoder().encode(text);
    for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
    await file.sync();
  }
  await Deno.rename(unfinished, path);
  using folder = await Deno.open(dirname(path));
  await folder.sync();
}

/** Every file below a folder, by its path relative to it. What vanishes meanwhile is left out. */
export async function* filesBelow(folder: string, prefix = ""): AsyncGenerator<string> {
  let entries: Deno.DirEntry[];
  try {
    entries = await Array.fromAsync(Deno.readDir(`${folder}/${prefix}`));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw error;
  }
  for (const { name, isDirectory, isFile } of entries) {
    if (isDirectory) yield* filesBelow(folder, `${prefix}${name}/`);
    else if (isFile) yield `${prefix}${name}`;
  }
}

/** Bytes used below a folder, and free on its file system. */
export async function space(
  folder: string,
  run: (program: string, args: string[]) => Promise<string>,
): Promise<{ used: number; free: number; size: number }> {
  const [used, df] = await Promise.all([
    run("du", ["--bytes", "--summarize", folder]).catch(() => "0"),
    run("df", ["--block-size=1", "--output=avail,size", folder]),
  ]);
  const [free, size] = df.trim().split("\n").at(-1)!.trim().split(/\s+/).map(Number) as [number, number];
  return { used: Number(used.split(/\s/)[0]), free, size };
}
