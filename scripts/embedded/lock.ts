import { join } from "node:path";
import { readIfExists } from "../installation/files.ts";
import { exitCodes, Refusal } from "../installation/refusal.ts";

/** Where a running installation answers, for the second start that is refused and for operator commands. */
export interface Running {
  pid: number;
  url: string;
  /** TCP ports of the clusters on 127.0.0.1. */
  dataPort: number;
  keysPort: number;
}

/** The installation's lock, held until this process ends in whatever way. */
export interface Lock {
  /** Where the launcher before us answered, if there was one. */
  readonly former: Running | undefined;
  /** Tells others where we answer. */
  publish(running: Running): Promise<void>;
}

/**
 * Takes the installation for this process.
 *
 * @throws {Refusal} when another launcher runs it
 */
export async function takeLock(installation: string): Promise<Lock> {
  const path = join(installation, "lock");
  const file = await Deno.open(path, { read: true, write: true, create: true, mode: 0o600 });
  if (!await file.tryLock(true)) {
    file.close();
    const other = await readRunning(path);
    throw new Refusal(
      `${installation} is in use: process ${other?.pid ?? "unknown"} serves it at ${
        other?.url ?? "an address not known yet"
      }`,
      "use that one, stop it first, or choose another directory with --data",
      exitCodes.inUse,
    );
  }
  const former = await readRunning(path);
  await file.truncate();
  return {
    former,
    async publish(running) {
      await file.truncate();
      await file.seek(0, Deno.SeekMode.Start);
      await file.write(new TextEncoder().encode(JSON.stringify(running)));
    },
  };
}

/** Where the installation answers now, or undefined when it is not running. */
export async function runningInstallation(installation: string): Promise<Running | undefined> {
  const path = join(installation, "lock");
  try {
    using file = await Deno.open(path, { read: true, write: true });
    if (await file.tryLock(true)) return undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  return await readRunning(path);
}

async function readRunning(path: string): Promise<Running | undefined> {
  const text = await readIfExists(path);
  // Empty while a launcher has not chosen its ports yet.
  return text ? JSON.parse(text) as Running : undefined;
}
