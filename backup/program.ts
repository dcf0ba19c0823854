import type { Settings } from "./settings.ts";

/** What a program said before it failed: its name, exit code and last words. */
export class ProgramFailed extends Error {
  override name = "ProgramFailed";

  constructor(readonly program: string, readonly code: number, readonly words: string) {
    super(`${program} ended with ${code}: ${words}`);
  }
}

/** Runs PostgreSQL's and pgBackRest's programs, as the account they have to run as and with nothing of our environment. */
export class Programs {
  constructor(
    private readonly settings: Pick<Settings, "FLEETHOLD_POSTGRES_ACCOUNT" | "FLEETHOLD_POSTGRES_BIN">,
  ) {}

  get bin(): string {
    return this.settings.FLEETHOLD_POSTGRES_BIN;
  }

  /**
   * A command that is not started yet. `gently`: with the lowest priority for processor and disk. Never by holding it with
   * signals: pgBackRest takes a write to a pipe that was cut short for a whole one, and waits for the rest for half an
   * hour (seen with 2.45).
   */
  command(
    program: string,
    args: string[],
    { env = {}, gently = false, ...options }: Deno.CommandOptions & { gently?: boolean } = {},
  ): Deno.Command {
    const line = gently ? ["nice", "-n", "19", "ionice", "-c", "3", program, ...args] : [program, ...args];
    return new Deno.Command(line[0]!, {
      args: line.slice(1),
      cwd: "/",
      clearEnv: true,
      env: { PATH: `${this.bin}:/usr/local/bin:/usr/bin:/bin`, LC_ALL: "C.UTF-8", TZ: "UTC", ...env },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
      ...this.settings.FLEETHOLD_POSTGRES_ACCOUNT,
      ...options,
    });
  }

  /**
   * Runs a program to its end and answers its standard output.
   * @param onLine told each line of its output as it comes
   * @throws ProgramFailed
   */
  async run(
    program: string,
    args: string[],
    options: Parameters<Programs["command"]>[2] & { onLine?: (line: string) => void; signal?: AbortSignal } =
      {},
  ): Promise<string> {
    const { onLine, signal, ...rest } = options;
    const child = this.command(program, args, rest).spawn();
    const abort = () => child.kill("SIGTERM");
    signal?.addEventListener("abort", abort);
    try {
      const [out, err, { code }] = await Promise.all([
        linesOf(child.stdout, onLine),
        linesOf(child.stderr),
        child.status,
      ]);
      if (code !== 0) throw new ProgramFailed(program, code, (err.trim() || out.trim()).slice(-2_000));
      return out;
    } finally {
      signal?.removeEventListener("abort", abort);
    }
  }
}

async function linesOf(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  onLine?: (line: string) => void,
): Promise<string> {
  let text = "";
  let seen = 0;
  for await (const chunk of stream.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    if (!onLine) continue;
    for (let end = text.indexOf("\n", seen); end >= 0; end = text.indexOf("\n", seen)) {
      onLine(text.slice(seen, end));
      seen = end + 1;
    }
    // A long backup names each of its files; only the last ones are ever looked at again.
    if (text.length > 1_000_000) {
      text = text.slice(seen);
      seen = 0;
    }
  }
  return text;
}
