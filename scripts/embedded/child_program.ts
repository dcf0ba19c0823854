import type { LogFile } from "./log_file.ts";
import { sendSignal } from "./processes.ts";
import { exitCodes, Refusal } from "../installation/refusal.ts";
import type { Ending, Part } from "./supervision.ts";

/** A program of ours as a child of the launcher: supervised, or run once. */
export abstract class ChildProgram implements Part {
  #child: Deno.ChildProcess | undefined;

  /** @param probe where it answers 200 once it is well, without the scheme */
  constructor(readonly name: string, readonly log: LogFile, private readonly probe: string) {}

  /** The command that starts it with these arguments. */
  protected abstract command(args: string[], options: Deno.CommandOptions): Deno.Command;

  async start(): Promise<{ ended: Promise<Ending> }> {
    // stdin is kept open and never written to: the program ends when it reads its end, that is when we are gone.
    // A group of its own keeps Ctrl-C in the terminal from reaching it before we can stop things in order.
    const child = this.command(["--end-with-stdin"], {
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
      detached: true,
    }).spawn();
    this.#child = child;
    const drained = Promise.all([this.log.drain(child.stdout), this.log.drain(child.stderr)]);
    let isEnded = false;
    const ended = child.status.then(async ({ code, signal }) => {
      isEnded = true;
      await drained;
      this.#child = undefined;
      return signal ? `killed by ${signal}` : `exit ${code}: ${this.#lastWords()}`;
    });
    while (!isEnded) {
      if (await this.#answers()) return { ended };
      await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 50))]);
    }
    throw new Refusal(`${this.name} did not start (${await ended})`, `read ${this.log.path}`);
  }

  async stop(patienceMs = 10_000): Promise<void> {
    const child = this.#child;
    if (!child) return;
    sendSignal(child.pid, patienceMs > 0 ? "SIGTERM" : "SIGKILL");
    const impatience = setTimeout(() => sendSignal(child.pid, "SIGKILL"), patienceMs);
    await child.status;
    clearTimeout(impatience);
  }

  /**
   * Runs the program to its end and returns what it wrote to standard output.
   *
   * @param args what the program takes, after its name
   * @throws {Refusal} when it refuses, in its own words; when it fails, with its last words
   */
  async runOnce(...args: string[]): Promise<string> {
    return await this.runOnceWith("", ...args);
  }

  /** As `runOnce`, with a text on its standard input. */
  async runOnceWith(text: string, ...args: string[]): Promise<string> {
    const child = this.command(args, { stdin: "piped", stdout: "piped", stderr: "piped" }).spawn();
    // One that ends without reading has said why.
    void new Blob([text]).stream().pipeTo(child.stdin).catch(() => {});
    const { success, stdout, stderr } = await child.output();
    if (!success) {
      const refused = new TextDecoder().decode(stderr).match(/^error: (.+)\nhint: (.+)\n$/);
      if (refused) throw new Refusal(refused[1]!, refused[2]!, exitCodes.refused);
      this.log.write(stdout);
      this.log.write(stderr);
      throw new Refusal(`${this.name} failed: ${this.#lastWords()}`, `read ${this.log.path}`);
    }
    return new TextDecoder().decode(stdout);
  }

  async #answers(): Promise<boolean> {
    try {
      const response = await fetch(`http://${this.probe}`, { signal: AbortSignal.timeout(5_000) });
      await response.body?.cancel();
      return response.ok;
    } catch {
      return false;
    }
  }

  /** The last message in its log: Deno's line about an uncaught error, the message of a JSON line, or the line as it is. */
  #lastWords(): string {
    const lines = this.log.lastLines(30).split("\n");
    const line = lines.findLast((line) => line.startsWith("error: ")) ?? lines.at(-1)!;
    try {
      const { msg, err } = JSON.parse(line) as { msg?: string; err?: { message?: string } };
      return [msg, err?.message].filter(Boolean).join(": ");
    } catch {
      return line;
    }
  }
}
