import { join } from "node:path";
import { Fault, faultOf } from "./fault.ts";
import type { Settings } from "./settings.ts";
import {
  addressOf,
  type Credentials,
  folderOf,
  readCredentials,
  resticAccess,
  sshOptions,
  type Target,
} from "./target.ts";

/** Ends a program that only repeats itself: restic would for a quarter of an hour. */
const PATIENCE = 60_000;
/** What no repetition makes good. */
const HOPELESS = /retrying after.*(x509:|certificate|\b401\b)/;
/** A program that is asked to end gets so long before it is made to. */
const GRACE = 15_000;

/** A copy at the target. */
export interface Copy {
  id: string;
  time: string;
  tags?: string[];
}

/** How far restic is. */
export interface Progress {
  bytesDone: number;
  bytesTotal: number;
  percent: number;
}

export interface Options {
  signal?: AbortSignal;
  onProgress?: (progress: Progress) => void;
  /** Milliseconds after which it is given up. */
  limit?: number;
  cwd?: string;
  input?: string;
  /** Exit codes that are no failure besides 0. */
  accept?: number[];
  /** Ends the program as soon as it says so on standard error. */
  endOn?: RegExp;
}

export interface Said {
  code: number;
  out: string;
  err: string;
}

/** A restic repository at the target: the copies of one cluster's backups. */
export class Copies {
  constructor(
    readonly settings: Settings,
    readonly target: Target,
    readonly cluster: "data" | "keys",
    private readonly credentialsFolder: string | undefined,
  ) {}

  get address(): string {
    return this.target.kind === "folder"
      ? `the folder ${this.settings.FLEETHOLD_OFFSITE_FOLDER}`
      : addressOf(this.target);
  }

  /** Distinguishes what is remembered about this place from what was about another. */
  get place(): string {
    return `${addressOf(this.target)} ${folderOf(this.cluster)}`;
  }

  credentials(): Promise<Credentials> {
    return readCredentials(this.target, this.credentialsFolder);
  }

  /** Every copy, the oldest first; of `tag` only, if given. */
  async list(options: Options = {}, tag?: string): Promise<Copy[]> {
    const { out } = await this.run(
      ["snapshots", "--json", "--no-lock", ...(tag ? ["--tag", tag] : [])],
      options,
    );
    const copies = (JSON.parse(out) ?? []) as Copy[];
    return copies.map(({ id, time, tags }) => ({ id, time: new Date(time).toISOString(), tags: tags ?? [] }))
      .sort((a, b) => a.time < b.time ? -1 : 1);
  }

  /** Bytes that restoring a copy takes. */
  async restoredSize(id: string, options: Options = {}): Promise<number> {
    const { out } = await this.run(["stats", "--json", "--no-lock", "--mode", "restore-size", id], options);
    return (JSON.parse(out) as { total_size: number }).total_size;
  }

  /** Bytes at the target that copies use. */
  async usedBytes(options: Options = {}): Promise<number> {
    const { out } = await this.run(["stats", "--json", "--no-lock", "--mode", "raw-data"], options);
    return (JSON.parse(out) as { total_size: number }).total_size;
  }

  /** Whether there is a repository that the key opens; throws what else is wrong. */
  async exists(options: Options = {}): Promise<boolean> {
    try {
      await this.run(["cat", "config", "--no-lock"], options);
      return true;
    } catch (error) {
      if (error instanceof Fault && error.kind === "missing") return false;
      throw error;
    }
  }

  /**
   * Runs restic to its end.
   * @throws {Fault} when it fails
   */
  async run(args: string[], options: Options = {}): Promise<Said> {
    const said = await this.say(args, options);
    options.signal?.throwIfAborted();
    if (said.code === 0 || options.accept?.includes(said.code)) return said;
    throw await this.faultOf(said);
  }

  /** What it means that restic failed. Of a connection by SSH it may end before it has told why. */
  async faultOf({ code, err, out }: Said): Promise<Fault> {
    const fault = faultOf(this.address, code, `${err}\n${out.slice(-4_000)}`);
    if (this.target.kind !== "sftp" || (fault.kind !== "other" && fault.kind !== "unreachable")) return fault;
    const tried = await runProgram(
      "sftp",
      [
        "-b",
        "-",
        ...sshOptions(this.target, await this.credentials()),
        `${this.target.user}@${this.target.host}`,
      ],
      {},
      { input: "pwd\n", limit: 60_000 },
    );
    return tried.code === 0 ? fault : faultOf(this.address, tried.code, tried.err);
  }

  /** Runs restic to its end, however that may be. */
  async say(args: string[], options: Options = {}): Promise<Said> {
    const credentials = await this.credentials();
    const {
      FLEETHOLD_OFFSITE_FOLDER,
      FLEETHOLD_OFFSITE_CACHE,
      FLEETHOLD_OFFSITE_CACERT,
      FLEETHOLD_OFFSITE_RATE,
    } = this.settings;
    const access = resticAccess(this.target, credentials, this.cluster, FLEETHOLD_OFFSITE_FOLDER);
    const temporary = join(FLEETHOLD_OFFSITE_CACHE, "temporary");
    await Deno.mkdir(temporary, { recursive: true });
    const said = await runProgram("restic", [
      ...access.options,
      ...(FLEETHOLD_OFFSITE_CACERT ? ["--cacert", FLEETHOLD_OFFSITE_CACERT] : []),
      ...(FLEETHOLD_OFFSITE_RATE ? ["--limit-upload", `${FLEETHOLD_OFFSITE_RATE}`] : []),
      ...args,
    ], {
      ...access.env,
      RESTIC_PASSWORD_FILE: this.settings.FLEETHOLD_OFFSITE_KEY_FILE,
      RESTIC_CACHE_DIR: join(FLEETHOLD_OFFSITE_CACHE, "restic"),
      RESTIC_PROGRESS_FPS: "1",
      TMPDIR: temporary,
    }, options);
    return {
      ...said,
      err: withoutSecrets(said.err, credentials),
      out: withoutSecrets(said.out, credentials),
    };
  }
}

/** Runs a program with nothing of our environment but the way to programs. It gives up on one that repeats itself. */
export async function runProgram(
  program: string,
  args: string[],
  env: Record<string, string>,
  { signal, onProgress, limit, cwd, input, endOn }: Options = {},
): Promise<Said> {
  signal?.throwIfAborted();
  const child = new Deno.Command(program, {
    args,
    clearEnv: true,
    env: {
      PATH: Deno.env.get("PATH") ?? "/usr/local/bin:/usr/bin:/bin",
      HOME: "/nonexistent",
      TZ: "UTC",
      ...env,
    },
    ...(cwd !== undefined && { cwd }),
    stdin: input === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let killing: ReturnType<typeof setTimeout> | undefined;
  const send = (signal: Deno.Signal) => {
    try {
      child.kill(signal);
    } catch { /* it has just ended */ }
  };
  const end = () => {
    if (killing !== undefined) return;
    send("SIGINT");
    killing = setTimeout(() => send("SIGKILL"), GRACE);
  };
  signal?.addEventListener("abort", end);
  const limiting = limit === undefined ? undefined : setTimeout(end, limit);
  let losingPatience: ReturnType<typeof setTimeout> | undefined;
  let bytesDone = -1;
  try {
    const [out, err, { code }] = await Promise.all([
      linesOf(child.stdout, (line) => {
        const status = line.startsWith('{"message_type":"status"') && JSON.parse(line) as Status;
        if (!status) return true;
        onProgress?.({
          bytesDone: status.bytes_done ?? status.bytes_restored ?? 0,
          bytesTotal: status.total_bytes ?? 0,
          percent: Math.round((status.percent_done ?? 0) * 1_000) / 10,
        });
        const done = status.bytes_done ?? status.bytes_restored ?? 0;
        if (done !== bytesDone) {
          clearTimeout(losingPatience);
          losingPatience = undefined;
        }
        bytesDone = done;
        return false;
      }),
      linesOf(child.stderr, (line) => {
        if (/retrying after/.test(line)) losingPatience ??= setTimeout(end, PATIENCE);
        if (HOPELESS.test(line) || endOn?.test(line)) end();
        return true;
      }),
      child.status,
      give(child, input),
    ]);
    return { code, out, err };
  } finally {
    signal?.removeEventListener("abort", end);
    for (const timer of [killing, limiting, losingPatience]) clearTimeout(timer);
  }
}

interface Status {
  percent_done?: number;
  total_bytes?: number;
  bytes_done?: number;
  bytes_restored?: number;
}

/** Hands the text to a program that reads it. */
async function give(child: Deno.ChildProcess, input: string | undefined): Promise<void> {
  if (input === undefined) return;
  const writer = child.stdin.getWriter();
  try {
    await writer.write(new TextEncoder().encode(input));
    await writer.close();
  } catch { /* it has ended, and its exit code says why */ }
}

/** The lines that `keep` wants kept, the last million characters of them. */
async function linesOf(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  keep: (line: string) => boolean,
): Promise<string> {
  let kept = "";
  let rest = "";
  for await (const chunk of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop()!;
    for (const line of lines) if (keep(line)) kept += `${line}\n`;
    if (kept.length > 8_000_000) kept = kept.slice(-4_000_000);
  }
  return kept + rest;
}

/** restic hides passwords in addresses by itself; this holds for whatever else repeats one. */
function withoutSecrets(text: string, { secretKey, password }: Credentials): string {
  return [secretKey, password].filter((secret) => secret !== undefined && secret.length > 0)
    .flatMap((secret) => [secret!, encodeURIComponent(secret!)])
    .reduce((cleaned, secret) => cleaned.replaceAll(secret, "***"), text);
}
