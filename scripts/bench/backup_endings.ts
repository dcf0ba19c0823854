import { exitCodes } from "../installation/refusal.ts";
import { say } from "../installation/terminal.ts";

/** What a benchmark has to end or remove, the last begun first: when it is done, when it fails, and on Ctrl-C. */
export class Endings {
  #acts: (() => Promise<unknown>)[] = [];
  #ended: Promise<void> | undefined;

  constructor() {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      Deno.addSignalListener(signal, () => {
        if (!this.#ended) say("stopping, and removing what was made");
        void this.end().finally(() => Deno.exit(exitCodes.notStarted));
      });
    }
  }

  /** @returns what ends it before, once */
  add(act: () => Promise<unknown>): () => Promise<void> {
    const once = async () => {
      if (!this.#acts.includes(once)) return;
      this.#acts.splice(this.#acts.indexOf(once), 1);
      await act();
    };
    this.#acts.push(once);
    return once;
  }

  /** A folder for the time of the measurement. */
  async folder(): Promise<{ path: string; remove(): Promise<void> }> {
    const path = await Deno.makeTempDir({ prefix: "fleethold-bench-" });
    await Deno.chmod(path, 0o755);
    return { path, remove: this.add(() => Deno.remove(path, { recursive: true })) };
  }

  /** Runs a program to its end. @returns its standard output and the seconds it took */
  async run(
    program: string,
    args: string[],
    { input, ...options }: Deno.CommandOptions & { input?: string } = {},
  ): Promise<{ output: string; seconds: number }> {
    const began = performance.now();
    const child = new Deno.Command(program, {
      args,
      stdin: input === undefined ? "null" : "piped",
      stdout: "piped",
      stderr: "piped",
      ...options,
    }).spawn();
    const stop = this.add(async () => {
      child.kill("SIGTERM");
      await child.status;
    });
    if (input !== undefined) await new Blob([input]).stream().pipeTo(child.stdin);
    const { code, stdout, stderr } = await child.output();
    const seconds = (performance.now() - began) / 1000;
    this.#acts = this.#acts.filter((act) => act !== stop);
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    if (code !== 0) throw new Error(`${program} ended with ${code}: ${text(stderr).slice(-2_000)}`);
    return { output: text(stdout), seconds };
  }

  /** Ends what there is, and goes on. */
  async clear(): Promise<void> {
    for (let act = this.#acts.at(-1); act; act = this.#acts.at(-1)) {
      await act().catch((error) => say(`not everything was ended: ${error}`));
    }
  }

  /** Ends what there is, for good. */
  end(): Promise<void> {
    return this.#ended ??= this.clear();
  }
}
