import { checkout } from "../../scripts/embedded/program.ts";

/** One of our commands as a child, with what it has said so far. */
export interface Launched {
  process: Deno.ChildProcess;
  said: { out: string; err: string };
  exit: Promise<number>;
}

/** Runs a script of the checkout with Deno, as `deno task` does, with nobody at the keyboard. */
export function launch(script: string, flags: string[], env: Record<string, string> = {}): Launched {
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", script, ...flags],
    cwd: checkout,
    env,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const said = { out: "", err: "" };
  const collect = async (stream: ReadableStream<Uint8Array>, into: "out" | "err") => {
    const decoder = new TextDecoder();
    for await (const chunk of stream) said[into] += decoder.decode(chunk, { stream: true });
  };
  const heard = Promise.all([collect(process.stdout, "out"), collect(process.stderr, "err")]);
  const exit = Promise.all([process.status, heard]).then(([{ code }]) => code);
  return { process, said, exit };
}

/** Starts an installation that is not set up yet, builds its web UI if need be, and waits for its last line. */
export async function startInstallation(flags: string[], env?: Record<string, string>): Promise<Launched> {
  const launched = launch("scripts/start.ts", flags, env);
  const ended = launched.exit.then((code) => {
    throw new Error(`the launcher ended with ${code}: ${launched.said.err}`);
  });
  ended.catch(() => {});
  await Promise.race([eventually(() => launched.said.out.includes("set-up:"), 3), ended]);
  return launched;
}

/** Signals the child and waits for its exit code. */
export async function end({ process, exit }: Launched, signal: Deno.Signal): Promise<number> {
  process.kill(signal);
  return await exit;
}

/** Waits until it holds, for a minute or for as many as given. */
export async function eventually(holds: () => boolean | Promise<boolean>, minutes = 1): Promise<void> {
  const deadline = Date.now() + minutes * 60_000;
  while (!await holds()) {
    if (Date.now() > deadline) throw new Error(`it did not come true within ${minutes} min`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
