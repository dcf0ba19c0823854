/** Tells the operator one line, on standard error: progress and trouble. */
export function say(line: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(`${line}\n`));
}

/** Writes a line to standard output, where scripts read it. */
export function print(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
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
