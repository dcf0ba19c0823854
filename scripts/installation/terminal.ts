import { exitCodes, Refusal } from "./refusal.ts";

/** Tells the operator one line, on standard error: progress and trouble. */
export function say(line: string): void {
  write(Deno.stderr, line);
}

/** Writes a line to standard output, where scripts read it. */
export function print(line: string): void {
  write(Deno.stdout, line);
}

/** Says what is going on, and again every 15 s for as long as it takes. */
export async function during<T>(what: string, work: Promise<T>): Promise<T> {
  say(what);
  const reminder = setInterval(() => say(`still ${what}`), 15_000);
  try {
    return await work;
  } finally {
    clearInterval(reminder);
  }
}

/** Tells the operator what failed and returns the exit code that says so to scripts. */
export function explain(error: unknown): number {
  if (error instanceof Refusal) {
    say(error.message);
    say(`hint: ${error.hint}`);
    return error.exitCode;
  }
  say(error instanceof Error ? error.stack ?? error.message : String(error));
  return exitCodes.notStarted;
}

function write(stream: { writeSync(bytes: Uint8Array): number }, line: string): void {
  let left = new TextEncoder().encode(`${line}\n`);
  try {
    while (left.length > 0) left = left.subarray(stream.writeSync(left));
  } catch {
    // The terminal was closed. Nobody reads this any more, and what runs has to be stopped in order all the same.
  }
}
