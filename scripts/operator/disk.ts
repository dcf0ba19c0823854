import { statfs } from "node:fs/promises";
import { join } from "node:path";

/** Bytes that an installation's parts take on disk, and bytes that are left there; `free` is null where nobody knows. */
export async function diskUsage(
  directory: string,
): Promise<{ data: number; keys: number; logs: number; free: number | null }> {
  const [data, keys, logs, free] = await Promise.all([
    ...["data", "keys", "logs"].map((part) => sizeOf(join(directory, part))),
    freeBytes(directory),
  ]);
  return { data: data!, keys: keys!, logs: logs!, free: free ?? null };
}

/** All files below a directory; what PostgreSQL removes while we look is not counted. */
async function sizeOf(directory: string): Promise<number> {
  let bytes = 0;
  try {
    for await (const { name, isDirectory, isFile } of Deno.readDir(directory)) {
      const path = join(directory, name);
      if (isDirectory) bytes += await sizeOf(path);
      if (isFile) bytes += (await Deno.stat(path)).size;
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return bytes;
}

async function freeBytes(directory: string): Promise<number | null> {
  try {
    const { bavail, bsize } = await statfs(directory);
    return bavail * bsize;
  } catch {
    return null;
  }
}
