import { join } from "node:path";
// @ts-types="@types/pg"
import pg from "pg";
import { type Account, ownedDirectory, writeAs } from "./account.ts";
import { readIfExists, removeIfExists } from "../installation/files.ts";
import type { LogFile } from "./log_file.ts";
import type { Postgres } from "./postgres.ts";
import { stopLeftover } from "./postmaster.ts";
import { sendSignal } from "./processes.ts";
import { Refusal } from "../installation/refusal.ts";
import { scramVerifier } from "../installation/scram.ts";
import type { Ending, Part } from "./supervision.ts";

export interface ClusterOptions {
  /** How messages call it. */
  name: "data" | "keys";
  /** Owned by the cluster alone; created when absent. */
  directory: string;
  /** On 127.0.0.1; the caller picks a free one. */
  port: number;
  postgres: Postgres;
  /** Whom PostgreSQL runs as; undefined: as this process. */
  account: Account | undefined;
  superuserPassword: string;
  log: LogFile;
  /** PostgreSQL's shared_buffers. */
  sharedBuffersMb: number;
  /** False for tests only: commits need not survive a power cut. */
  durable: boolean;
  /** pgBackRest's configuration for this cluster; undefined: no backups. */
  backups?: string | undefined;
}

/**
 * A PostgreSQL cluster in a directory, run as a direct child of this process so that we are told when it dies.
 * It listens on 127.0.0.1 only and lets nobody in without a password (SCRAM-SHA-256). Where there are backups it has a
 * socket as well, for pgBackRest, in a folder that only the cluster's own account may enter.
 */
export class Cluster implements Part {
  #postmaster: Deno.ChildProcess | undefined;
  #isStopped = false;
  readonly #files: string;

  constructor(readonly options: ClusterOptions) {
    this.#files = join(options.directory, "pgdata");
  }

  get name(): string {
    return this.options.name;
  }

  /** The postmaster's process id while it runs. */
  get pid(): number | undefined {
    return this.#postmaster?.pid;
  }

  /** Creates the cluster unless it exists. A creation that was killed half-way is thrown away and done again. */
  async create(): Promise<void> {
    const { directory, postgres, account, durable, superuserPassword } = this.options;
    await ownedDirectory(directory, account);
    if (await majorOf(directory)) return;
    await removeUnfinished(directory);
    // A name of our own: an initdb that outlived a killed launcher may still be at work in its directory.
    const unfinished = join(directory, `${unfinishedPrefix}${Deno.pid}`);
    const passwordFile = join(directory, "superuser_verifier");
    await writeAs(account, passwordFile, scramVerifier(superuserPassword));
    const { success, stderr } = await new Deno.Command(join(postgres.bin, "initdb"), {
      args: [
        `--pgdata=${unfinished}`,
        "--username=postgres",
        `--pwfile=${passwordFile}`,
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        // Only Linux promises C.UTF-8. Either sorts by code point, so an upgraded libc cannot corrupt an index.
        `--locale=${Deno.build.os === "linux" ? "C.UTF-8" : "C"}`,
        "--data-checksums",
        ...(durable ? [] : ["--no-sync"]),
      ],
      ...this.#spawning(),
      stdout: "null",
    }).output();
    await Deno.remove(passwordFile);
    if (!success) {
      throw new Refusal(
        `Cannot create the ${this.name} cluster in ${directory}: ${new TextDecoder().decode(stderr).trim()}`,
        "free some disk space or choose another directory with --data, then start again",
      );
    }
    await writeAs(account, join(unfinished, "postgresql.conf"), "include 'fleethold.conf'\n");
    await writeAs(account, join(unfinished, "fleethold.conf"), settings(this.options));
    await Deno.rename(unfinished, this.#files);
  }

  /**
   * Starts the cluster and resolves when it answers queries (crash recovery included) with a promise of its end.
   * A postmaster that outlived a killed launcher is stopped first.
   *
   * @throws {Refusal} when PostgreSQL ends before it is ready; its last words are in the message.
   */
  async start(): Promise<{ ended: Promise<Ending> }> {
    const { postgres, log, port, account } = this.options;
    await stopLeftover(this.#files);
    await writeAs(account, join(this.#files, "fleethold.conf"), settings(this.options));
    await writeAs(account, join(this.#files, "pg_hba.conf"), access);
    await writeAs(account, join(this.#files, "pg_ident.conf"), "own /^.*$ postgres\n");
    // Asked to stop while we were preparing: a postmaster started now would outlive us.
    if (this.#isStopped) return { ended: Promise.resolve("stopped before it started") };
    const postmaster = new Deno.Command(join(postgres.bin, "postgres"), {
      args: ["-D", this.#files, "-p", String(port)],
      ...this.#spawning(),
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
      // A group of its own: Ctrl-C in the terminal must reach the launcher only, which stops the API first.
      detached: true,
    }).spawn();
    this.#postmaster = postmaster;
    const drained = Promise.all([log.drain(postmaster.stdout), log.drain(postmaster.stderr)]);
    let isEnded = false;
    const ended = postmaster.status.then(async ({ code, signal }) => {
      isEnded = true;
      // Backends of a killed postmaster may hold the pipe for a moment longer; we do not wait for them.
      await Promise.race([drained, new Promise((resolve) => setTimeout(resolve, 200))]);
      this.#postmaster = undefined;
      return signal ? `killed by ${signal}` : `exit ${code}`;
    });
    while (!isEnded) {
      if (await this.#answers()) return { ended };
      await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 50))]);
    }
    throw new Refusal(
      `The ${this.name} cluster did not start (${await ended}): ${log.lastLines(3)}`,
      `read ${log.path}`,
    );
  }

  /**
   * Ends the cluster: open transactions are rolled back and the cluster is closed properly. After `patienceMs` (or at
   * once with 0) it is told to quit without that; the next start then recovers from the log, nothing is lost.
   */
  async stop(patienceMs = 20_000): Promise<void> {
    this.#isStopped = true;
    const postmaster = this.#postmaster;
    if (!postmaster) return;
    if (patienceMs > 0) sendSignal(postmaster.pid, "SIGINT");
    const impatience = setTimeout(() => sendSignal(postmaster.pid, "SIGQUIT"), patienceMs);
    await postmaster.status;
    clearTimeout(impatience);
  }

  /** An open connection as superuser; the caller ends it. */
  async connect(database = "postgres"): Promise<pg.Client> {
    const client = new pg.Client({
      host: "127.0.0.1",
      port: this.options.port,
      user: "postgres",
      password: this.options.superuserPassword,
      database,
      connectionTimeoutMillis: 5_000,
    });
    // A connection cut by a dying server must not bring the launcher down; queries on it reject on their own.
    client.on("error", () => {});
    await client.connect();
    return client;
  }

  async #answers(): Promise<boolean> {
    try {
      const client = await this.connect();
      await client.end();
      return true;
    } catch (error) {
      if ((error as { code?: string }).code !== wrongPassword) return false;
      await this.stop();
      throw new Refusal(
        `The ${this.name} cluster refuses its superuser password`,
        "put the secrets folder back that belongs to this data directory",
      );
    }
  }

  #spawning(): Deno.CommandOptions {
    const { account, directory } = this.options;
    return {
      cwd: directory,
      clearEnv: true,
      env: { PATH: Deno.env.get("PATH") ?? "/usr/bin:/bin", LC_ALL: "C", TZ: "UTC" },
      ...(account ? { uid: account.uid, gid: account.gid } : {}),
    };
  }
}

/** The PostgreSQL release that wrote the cluster in the directory, or undefined when there is no cluster yet. */
export async function majorOf(directory: string): Promise<number | undefined> {
  const version = await readIfExists(join(directory, "pgdata", "PG_VERSION"));
  return version === undefined ? undefined : Number(version);
}

// SQLSTATE invalid_password
const wrongPassword = "28P01";

/** PostgreSQL's own name for streaming the log is `replication`; `all` leaves that out. */
const access = `local  all          postgres            peer map=own
host   all          all                 127.0.0.1/32  scram-sha-256
host   replication  fleethold_receiver  127.0.0.1/32  scram-sha-256
`;

/** With the name of the socket itself a path may have 107 bytes (unix(7)). */
export const longestSocketFolder = 107 - "/.s.PGSQL.65535".length;

const commonSettings = new URL("../../migrations/cluster/settings.conf", import.meta.url);

function settings({ name, directory, durable, sharedBuffersMb, backups }: ClusterOptions): string {
  return `# Written at each start; put your own settings into postgresql.auto.conf with ALTER SYSTEM.
listen_addresses = '127.0.0.1'
${backups ? archiving(name, directory, backups) : "unix_socket_directories = ''"}
shared_buffers = '${sharedBuffersMb}MB'
effective_cache_size = '${sharedBuffersMb * 3}MB'
${durable ? "" : "fsync = off\nsynchronous_commit = off\nfull_page_writes = off\n"}
${Deno.readTextFileSync(commonSettings)}`;
}

function archiving(name: string, directory: string, config: string): string {
  const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`;
  return `unix_socket_directories = ${quoted(directory)}
unix_socket_permissions = 0700
archive_mode = on
archive_command = ${
    quoted(`pgbackrest --config="${config}" --stanza=${name} --log-level-console=off archive-push %p`)
  }
archive_timeout = 60
max_slot_wal_keep_size = '2GB'`;
}

const unfinishedPrefix = "unfinished-";

/** Removes what creations left that were killed half-way; one whose initdb is still writing yields a moment later. */
async function removeUnfinished(directory: string): Promise<void> {
  for await (const { name } of Deno.readDir(directory)) {
    if (!name.startsWith(unfinishedPrefix)) continue;
    while (!await isRemoved(join(directory, name))) await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function isRemoved(path: string): Promise<boolean> {
  try {
    await removeIfExists(path);
    return true;
  } catch (error) {
    if ((error as { code?: string }).code === "ENOTEMPTY") return false;
    throw error;
  }
}
