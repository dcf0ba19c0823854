import { Refusal } from "./refusal.ts";

/** The file's text, or undefined when there is no such file. */
export async function readIfExists(path: string): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Removes the file or the whole directory; its absence is no error. */
export async function removeIfExists(path: string): Promise<void> {
  try {
    await Deno.remove(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/**
 * The file appears under its name with all its content on disk, or not at all. `mode` as in chmod.
 *
 * @throws {Refusal} when the disk is full
 */
export async function writeWhole(path: string, text: string, mode = 0o600): Promise<void> {
  const unfinished = `${path}.new`;
  // One that was left half-way may have a mode that forbids to open it again.
  await removeIfExists(unfinished);
  try {
    using file = await Deno.open(unfinished, { write: true, create: true, truncate: true, mode });
    const bytes = new TextEncoder().encode(text);
    for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
    await file.sync();
  } catch (error) {
    if ((error as { code?: string }).code !== "ENOSPC") throw error;
    await removeIfExists(unfinished);
    throw new Refusal(
      `The disk is full: ${path} cannot be written`,
      "free some space, then repeat this; what was there before is as it was",
    );
  }
  await Deno.rename(unfinished, path);
}
