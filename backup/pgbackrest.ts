import { join } from "node:path";
import { z } from "zod";
import { ProgramFailed, type Programs } from "./program.ts";
import { isSegment } from "./log_segments.ts";
import type { ClusterName, Places, Settings } from "./settings.ts";

/** A backup as `pgbackrest info --output=json` tells it; only what we use. */
const Info = z.array(z.object({
  name: z.string(),
  status: z.object({ code: z.int(), message: z.string() }),
  repo: z.array(z.object({ status: z.object({ message: z.string() }) })).default([]),
  db: z.array(z.object({ id: z.int(), "system-id": z.number(), version: z.string() })).default([]),
  archive: z.array(z.object({ id: z.string(), min: z.string().nullable(), max: z.string().nullable() })),
  backup: z.array(z.object({
    label: z.string(),
    database: z.object({ id: z.int() }),
    type: z.enum(["full", "diff", "incr"]),
    error: z.boolean().optional(),
    archive: z.object({ start: z.string(), stop: z.string() }),
    lsn: z.object({ start: z.string(), stop: z.string() }),
    timestamp: z.object({ start: z.number(), stop: z.number() }),
    info: z.object({
      size: z.number(),
      repository: z.object({ delta: z.number().optional() }),
    }),
  })),
}));
export type BackupInfo = z.infer<typeof Info>[number]["backup"][number];
export type StanzaInfo = z.infer<typeof Info>[number];

/** pgBackRest refused or failed: its own sentence and hint. */
export class PgBackRestFailed extends Error {
  override name = "PgBackRestFailed";

  /** @param code of pgBackRest, such as 82 for a log segment that was not archived in time */
  constructor(readonly command: string, readonly code: number, message: string) {
    super(message);
  }
}

/** Where a command works: the live cluster's repository, or the same with other places. */
export interface Target {
  config: string;
  stanza: ClusterName;
}

/** pgBackRest, for both clusters: its configuration, and its commands with answers that can be worked with. */
export class PgBackRest {
  constructor(
    private readonly settings: Settings,
    private readonly places: Places,
    private readonly programs: Programs,
  ) {}

  /** The configuration for working with the live clusters; the same file serves pgBackRest's TLS server. */
  get config(): string {
    return join(this.places.run, "pgbackrest.conf");
  }

  live(stanza: ClusterName): Target {
    return { config: this.config, stanza };
  }

  /** Writes the configuration; it holds the ciphers' passphrases, so only the account of the programs may read it. */
  async configure(write: (path: string, text: string) => Promise<void>): Promise<void> {
    const features = await this.features();
    await write(
      this.config,
      [
        ...this.#common(features),
        ...this.#tls(),
        ...this.#stanza("data", this.places.repository("data"), this.#liveCluster("data")),
        ...this.#stanza("keys", this.places.repository("keys"), this.#liveCluster("keys")),
        "",
      ].join("\n"),
    );
  }

  /** The configuration for restoring out of a repository into a folder here. */
  restoring(repository: string, stanza: ClusterName, into: string): string {
    return [
      // With locks of its own: a restore must not wait for a backup that runs, nor keep one from beginning.
      ...this.#common({ hasBlocks: false }, join(this.places.run, "restore")),
      ...this.#stanza(stanza, repository, [`pg1-path=${into}`]),
      "",
    ].join("\n");
  }

  #common({ hasBlocks }: { hasBlocks: boolean }, locks = join(this.places.run, "lock")): string[] {
    return [
      "[global]",
      "repo1-cipher-type=aes-256-cbc",
      "repo1-bundle=y",
      // Random updates touch nearly every file: blocks keep differentials small. Since pgBackRest 2.46.
      ...(hasBlocks ? ["repo1-block=y"] : []),
      "compress-type=zst",
      // Most of what there is was sealed and does not compress: level 3 took a quarter longer for it.
      "compress-level=1",
      "process-max=2",
      "start-fast=y",
      // Never while something is copied out of the repository; the scheduler expires by itself.
      "expire-auto=n",
      "archive-timeout=120",
      `lock-path=${locks}`,
      `spool-path=${join(this.places.run, "spool")}`,
      "log-level-file=off",
      "log-level-stderr=error",
      "log-timestamp=n",
    ];
  }

  #tls(): string[] {
    const { FLEETHOLD_DATA_HOST: data, FLEETHOLD_KEYS_HOST: keys } = this.settings;
    if (!data || !keys) return [];
    return [
      "tls-server-address=*",
      `tls-server-cert-file=${join(this.places.run, "tls.crt")}`,
      `tls-server-key-file=${join(this.places.run, "tls.key")}`,
      `tls-server-ca-file=${this.settings.FLEETHOLD_AUTHORITY}`,
      // Each cluster reaches its own stanza and nothing else.
      `tls-server-auth=${data}=data`,
      `tls-server-auth=${keys}=keys`,
    ];
  }

  #stanza(stanza: ClusterName, repository: string, cluster: string[]): string[] {
    const cipher = { data: this.settings.FLEETHOLD_DATA_CIPHER, keys: this.settings.FLEETHOLD_KEYS_CIPHER };
    return [
      "",
      `[${stanza}]`,
      `repo1-path=${repository}`,
      `repo1-cipher-pass=${cipher[stanza]}`,
      ...(stanza === "data"
        ? [
          "repo1-retention-full-type=time",
          `repo1-retention-full=${this.settings.FLEETHOLD_BACKUP_RETENTION}`,
        ]
        // Made daily, and the last goes once the next one is verified: no key is here for longer than about a day
        // after it was erased. Of the 72 hours the rest is for copies offsite: see offsite/expiry.ts.
        : ["repo1-retention-full=1"]),
      ...cluster,
    ];
  }

  #liveCluster(name: ClusterName): string[] {
    const files = this.settings.FLEETHOLD_CLUSTER_FILES.replace("{cluster}", name);
    const host = { data: this.settings.FLEETHOLD_DATA_HOST, keys: this.settings.FLEETHOLD_KEYS_HOST }[name];
    if (host) {
      return [
        `pg1-host=${host}`,
        "pg1-host-type=tls",
        `pg1-host-cert-file=${join(this.places.run, "tls.crt")}`,
        `pg1-host-key-file=${join(this.places.run, "tls.key")}`,
        `pg1-host-ca-file=${this.settings.FLEETHOLD_AUTHORITY}`,
        "pg1-host-config=/run/postgresql/pgbackrest.conf",
        `pg1-path=${files}`,
        "pg1-socket-path=/run/postgresql",
      ];
    }
    const port =
      new URL(name === "data" ? this.settings.FLEETHOLD_DATA_URL : this.settings.FLEETHOLD_KEYS_URL).port;
    return [`pg1-path=${files}`, `pg1-port=${port}`, "pg1-user=postgres", `pg1-socket-path=${files}/..`];
  }

  /** What the installed release can do. */
  async features(): Promise<{ hasBlocks: boolean; verifiesOne: boolean }> {
    const text = await this.programs.run("pgbackrest", ["version"]);
    const [, major, minor] = text.match(/(\d+)\.(\d+)/)!.map(Number) as [number, number, number];
    const isAtLeast = (wanted: number) => major > 2 || minor >= wanted;
    return { hasBlocks: isAtLeast(46), verifiesOne: isAtLeast(53) };
  }

  /**
   * Runs a command.
   * @param onProgress told the share that is done, 0 to 1, where pgBackRest tells it
   * @throws PgBackRestFailed
   */
  async run(
    { config, stanza }: Target,
    command: string,
    args: string[] = [],
    { onProgress, gently, signal }: {
      onProgress?: (share: number) => void;
      gently?: boolean;
      signal?: AbortSignal;
    } = {},
  ): Promise<string> {
    try {
      return await this.programs.run("pgbackrest", [
        `--config=${config}`,
        `--stanza=${stanza}`,
        `--log-level-console=${onProgress ? "detail" : "off"}`,
        command,
        ...args,
      ], {
        ...(gently && { gently }),
        ...(signal && { signal }),
        ...(onProgress && {
          onLine: (line) => {
            const share = line.match(/, (\d+(?:\.\d+)?)%\)/)?.[1];
            if (share) onProgress(Number(share) / 100);
          },
        }),
      });
    } catch (error) {
      throw error instanceof ProgramFailed ? failureOf(command, error) : error;
    }
  }

  /**
   * What the repository holds. A stanza that was not created yet holds nothing.
   * @throws PgBackRestFailed when it cannot be read, which pgBackRest says in its answer, with exit code 0
   */
  async info(target: Target): Promise<StanzaInfo> {
    const text = await this.run(target, "info", ["--output=json"]);
    // It quotes what it could not read as it is, unprintable or not.
    const [info] = Info.parse(JSON.parse(text.replaceAll(UNPRINTABLE, " ")));
    if (info!.status.code !== OTHER) return info!;
    const words = info!.repo.map(({ status }) => status.message.replace(/^\[\w+\] /, "").split(/:? *\n/)[0]);
    throw new PgBackRestFailed("info", OTHER, `pgBackRest info: ${words.join("; ")}`);
  }

  /**
   * Every segment of the present cluster's log in a repository, with the SHA-1 its name carries. Read from the folder
   * itself. The log of a cluster that was here before has segments of the same names, in a folder of its own.
   * @param folder of another cluster's log than the present one's
   */
  async archived(repository: string, stanza: ClusterName, folder?: string): Promise<Map<string, string>> {
    const found = new Map<string, string>();
    const root = join(repository, "archive", stanza);
    const wanted = folder ?? (await namesIn(root)).filter((name) => /^[\d.]+-\d+$/.test(name))
      .sort((a, b) => numberOfFolder(a) - numberOfFolder(b)).at(-1);
    if (!wanted) return found;
    for (const part of await namesIn(join(root, wanted))) {
      for (const file of await namesIn(join(root, wanted, part))) {
        const [segment, sum] = [file.slice(0, 24), file.match(/^[0-9A-F]{24}-([0-9a-f]{40})/)?.[1]];
        if (sum && isSegment(segment)) found.set(segment, sum);
      }
    }
    return found;
  }
}

/** Status of a stanza whose repository cannot be read (`INFO_STANZA_STATUS_CODE_OTHER` in pgBackRest's source). */
const OTHER = 99;
// deno-lint-ignore no-control-regex
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\ufffd]/g;

/** `15-2` is the second cluster that was backed up into this repository, and PostgreSQL 15. */
const numberOfFolder = (folder: string) => Number(folder.split("-")[1]);

async function namesIn(path: string): Promise<string[]> {
  try {
    return await Array.fromAsync(Deno.readDir(path), ({ name }) => name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return [];
    throw error;
  }
}

/** pgBackRest says `ERROR: [082]: what failed` and, on further lines, what to do. */
function failureOf(command: string, { code, words }: ProgramFailed): PgBackRestFailed {
  const found = words.match(/ERROR: \[(\d+)\]: ([\s\S]*)/);
  const said = found
    ? found[2]!.split(/\n(?:P\d\d)?\s*(?:INFO|DETAIL|WARN):/)[0]!
    // Killed, it says no error, and what it said first is how it was called.
    : `it ended with ${code} without saying why; its last words were ${words.trim().slice(-300)}`;
  const text = said.replaceAll(/\s*\n\s*/g, " ").trim().slice(0, 600);
  return new PgBackRestFailed(command, Number(found?.[1] ?? code), `pgBackRest ${command}: ${text}`);
}
