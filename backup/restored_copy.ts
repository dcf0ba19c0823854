import { basename, dirname, join } from "node:path";
// @ts-types="@types/pg"
import pg from "pg";
import { type Files, filesBelow, readText, remove } from "./files.ts";
import { bytesOf, isSegment, SEGMENT_BYTES, segmentOf, timelineOf } from "./log_segments.ts";
import type { PgBackRest } from "./pgbackrest.ts";
import type { Programs } from "./program.ts";
import type { ClusterName, Places } from "./settings.ts";
import { startingPoint } from "./starting_point.ts";

/** Up to where the log is replayed. */
export type Until =
  | { type: "latest" }
  | { type: "time"; at: string }
  | { type: "name"; name: string };

/**
 * What a copy is for; one of each at a time. It names the folder of the socket, which our permission to connect names as
 * well, and is short because a socket's path has at most 107 characters.
 */
export type CopyUse = "drill" | "restore" | "peek";

export interface RestoreOrder {
  use: CopyUse;
  cluster: ClusterName;
  /** The pgBackRest repository to restore from. */
  repository: string;
  /** The streamed log that fills in for what the repository lacks; undefined: none. */
  streamed: string | undefined;
  /** The folder that becomes the cluster's; empty or absent. */
  into: string;
  until: Until;
  /** The backup to begin with; undefined: the newest that fits. */
  label?: string;
  /** The moment of `until`, which the backup has to be complete by; undefined: one of just now. */
  at?: string;
  onProgress?: (share: number) => void;
  gently?: boolean;
  signal?: AbortSignal;
}

/** The restored copy did not become a database: what PostgreSQL said last. */
export class RestoreFailed extends Error {
  override name = "RestoreFailed";
}

const fetchLog = join(import.meta.dirname!, "fetch_log.sh");

/**
 * A cluster restored into a folder, run for us alone: by a socket in a folder only its account may enter, without
 * archiving, and without waiting for anybody.
 */
export class RestoredCopy {
  #postmaster: Deno.ChildProcess | undefined;
  #said = "";
  readonly #socket: string;

  constructor(
    private readonly programs: Programs,
    private readonly files: Files,
    private readonly places: Places,
    private readonly pgBackRest: PgBackRest,
    private readonly order: RestoreOrder,
    /** pgBackRest's configuration while the log is replayed. */
    private readonly config: string,
  ) {
    this.#socket = join(places.run, order.use);
  }

  get folder(): string {
    return this.order.into;
  }

  /** Restores the files of a backup and says how to replay the log; `start` replays it. */
  static async restore(
    order: RestoreOrder,
    { pgBackRest, programs, files, places }: {
      pgBackRest: PgBackRest;
      programs: Programs;
      files: Files;
      places: Places;
    },
  ): Promise<RestoredCopy> {
    const { cluster, repository, streamed, into, until } = order;
    await files.folder(dirname(into));
    const config = join(places.run, `${order.use}_${crypto.randomUUID().slice(0, 8)}.conf`);
    await files.write(config, pgBackRest.restoring(repository, cluster, into));
    // Beside the configuration: the script has to be where the programs' account may read it.
    const script = join(places.run, "fetch_log");
    await files.write(script, await Deno.readTextFile(fetchLog), 0o700);
    await files.folder(into);
    const start = await startingPoint(pgBackRest, { config, stanza: cluster }, repository, order);
    if (!start) {
      throw new RestoreFailed(
        "No backup leads to where the cluster was last: it was restored, and none was made since; restore to a moment before that",
      );
    }
    const { label, timeline } = start;
    const words = [script, config, cluster, repository, streamed ?? "/nonexistent"].map(quoted).join(" ");
    await pgBackRest.run({ config, stanza: cluster }, "restore", [
      `--recovery-option=restore_command=${words} %f "%p"`,
      ...(label ? [`--set=${label}`] : []),
      ...(timeline === undefined ? [] : [`--target-timeline=${timeline}`]),
      ...targetOf(until),
    ], {
      ...(order.onProgress && { onProgress: order.onProgress }),
      ...(order.gently && { gently: order.gently }),
      ...(order.signal && { signal: order.signal }),
    });
    return new RestoredCopy(programs, files, places, pgBackRest, order, config);
  }

  /**
   * Starts the copy, which replays the log first, and resolves when it is a database that can be asked.
   * @throws RestoreFailed with PostgreSQL's last words, when a part of the log is damaged or missing among others
   */
  async start(
    { gently = false, durable = false, settings = {} as Record<string, string>, onReplayed, signal }: {
      gently?: boolean;
      /** Whether what is done in it has to survive a power cut: for the cluster that will be the live one. */
      durable?: boolean;
      settings?: Record<string, string>;
      /** Told the moment of the last transaction replayed, as PostgreSQL's log says it. */
      onReplayed?: (moment: string) => void;
      signal?: AbortSignal;
    } = {},
  ): Promise<void> {
    await remove(this.#socket);
    await this.files.folder(this.#socket);
    const config = join(this.#socket, "postgresql.conf");
    await this.files.write(join(this.#socket, "pg_hba.conf"), "local all all trust\n");
    await this.files.write(join(this.#socket, "pg_ident.conf"), "");
    await this.files.write(config, "");
    const given = {
      config_file: config,
      hba_file: join(this.#socket, "pg_hba.conf"),
      ident_file: join(this.#socket, "pg_ident.conf"),
      listen_addresses: "",
      unix_socket_directories: this.#socket,
      port: "5432",
      ssl: "off",
      archive_mode: "off",
      hot_standby: "off",
      synchronous_standby_names: "",
      shared_buffers: "64MB",
      maintenance_work_mem: "64MB",
      max_wal_size: "1GB",
      max_connections: "20",
      // A value in the log would be personal, if sealed.
      log_min_error_statement: "panic",
      log_error_verbosity: "terse",
      logging_collector: "off",
      log_timezone: "UTC",
      timezone: "UTC",
      ...(durable ? {} : { fsync: "off", full_page_writes: "off", synchronous_commit: "off" }),
      ...settings,
    };
    const postmaster = this.programs.command("postgres", [
      "-D",
      this.folder,
      ...Object.entries(given).flatMap(([name, value]) => ["-c", `${name}=${value}`]),
    ], { gently, stdout: "null" }).spawn();
    this.#postmaster = postmaster;
    this.#said = "";
    const heard = this.#listen(postmaster.stderr, onReplayed);
    let ended = false;
    const end = postmaster.status.then(() => ended = true);
    const abort = () => postmaster.kill("SIGINT");
    signal?.addEventListener("abort", abort);
    try {
      while (!ended) {
        if (await this.#answers()) return await this.#refuseEarlyEnd();
        await Promise.race([end, new Promise((resolve) => setTimeout(resolve, 100))]);
      }
    } finally {
      signal?.removeEventListener("abort", abort);
    }
    await heard;
    this.#postmaster = undefined;
    throw new RestoreFailed(this.#whatFailed());
  }

  /**
   * Compares where a log that was replayed to its end did end with what there is of it. PostgreSQL takes a record that
   * is damaged, or a piece that was received in part, for the end, and opens the database.
   */
  async #refuseEarlyEnd(): Promise<void> {
    if (this.order.until.type !== "latest") return;
    const client = await this.connect("postgres");
    const { rows: [own] } = await client.query<{ system: string; history: string }>(`
      select system_identifier::text as system,
        pg_read_file('pg_wal/' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) || '.history') as history
      from pg_control_system()`).finally(() => client.end());
    // Its last line: the timeline that was left, and where (PostgreSQL manual, "Timelines").
    const [timeline, lsn] = own!.history.trim().split("\n").at(-1)!.split("\t") as [string, string];
    const end = segmentOf(Number(timeline), Math.floor(bytesOf(lsn) / SEGMENT_BYTES));
    const later = (await this.#piecesOf(own!.system))
      .filter(({ segment }) => timelineOf(segment) === Number(timeline) && segment > end)
      .sort((a, b) => a.segment < b.segment ? -1 : 1);
    for (const { segment, partial } of later) {
      if (partial && await isRestOfRecord(partial)) continue;
      throw new RestoreFailed(
        `The log ends in ${end} although ${segment} exists: ${end} is damaged; restore to a moment before it`,
      );
    }
  }

  /** Pieces of a cluster's log that are there; of the one that was being received when it ended, where. */
  async #piecesOf(system: string): Promise<{ segment: string; partial?: string }[]> {
    const { repository, cluster, streamed } = this.order;
    const folder = (await readText(`${this.config}.part`))?.trim();
    const archived = folder ? await this.pgBackRest.archived(repository, cluster, folder) : new Map();
    const found: { segment: string; partial?: string }[] = [...archived.keys()].map((segment) => ({
      segment,
    }));
    if (!streamed) return found;
    for await (const file of filesBelow(streamed)) {
      const name = basename(file), segment = name.replace(/\.partial$/, "");
      if (!file.startsWith(`${system}-`) || !isSegment(segment)) continue;
      found.push({ segment, ...(name !== segment && { partial: join(streamed, file) }) });
    }
    return found;
  }

  /** A connection as superuser; the caller ends it. */
  async connect(database = "fleethold"): Promise<pg.Client> {
    const client = new pg.Client({ host: this.#socket, port: 5432, user: "postgres", database });
    client.on("error", () => {});
    await client.connect();
    return client;
  }

  /** Where programs of PostgreSQL connect: the arguments that say so. */
  get connection(): string[] {
    return [`--host=${this.#socket}`, "--port=5432", "--username=postgres"];
  }

  /** Closes the cluster properly; what it holds stays in its folder. */
  async stop(): Promise<void> {
    const postmaster = this.#postmaster;
    if (!postmaster) return;
    this.#postmaster = undefined;
    postmaster.kill("SIGINT");
    await postmaster.status;
    await this.#forget();
  }

  /** Ends the cluster and removes all there is of it. */
  async discard(): Promise<void> {
    const postmaster = this.#postmaster;
    this.#postmaster = undefined;
    if (postmaster) {
      postmaster.kill("SIGQUIT");
      await postmaster.status;
    }
    await this.#forget();
    await remove(this.folder);
  }

  /** The configuration holds the cipher's passphrase. */
  async #forget(): Promise<void> {
    await remove(this.#socket);
    await remove(this.config);
    await remove(`${this.config}.part`);
  }

  async #answers(): Promise<boolean> {
    try {
      const client = await this.connect("postgres");
      const { rows } = await client.query("select pg_is_in_recovery() as recovering");
      await client.end();
      // PostgreSQL may say it is open for a moment before it stops for a fault in the log.
      return rows[0].recovering === false;
    } catch (error) {
      if (error instanceof Deno.errors.NotCapable) throw error;
      return false;
    }
  }

  async #listen(stream: ReadableStream<Uint8Array<ArrayBuffer>>, onReplayed?: (moment: string) => void) {
    for await (const chunk of stream.pipeThrough(new TextDecoderStream())) {
      this.#said = (this.#said + chunk).slice(-20_000);
      const moment = chunk.match(/last completed transaction was at log time (.+)/)?.[1];
      if (moment) onReplayed?.(moment.trim());
    }
  }

  /** Ours say most, then what PostgreSQL called fatal. */
  #whatFailed(): string {
    const lines = this.#said.split("\n").map((line) => line.replace(/^[\d: .-]+(UTC)? \[\d+\] /, "").trim());
    const ours = lines.findLast((line) => line.startsWith("fetch_log: ") && !line.includes("looking for"));
    const fatal = lines.findLast((line) => /^(FATAL|PANIC): /.test(line)) ?? lines.findLast(Boolean);
    return [ours?.replace("fetch_log: ", ""), fatal].filter(Boolean).join("; ") || "PostgreSQL said nothing";
  }
}

const PAGE_BYTES = 8192, FIRST_HEADER = 40, HEADER = 24;

/**
 * Whether a piece holds no more than the rest of a record that begins in the one before it, and not all of that: then
 * the log was cut in the middle of this record, and there is nothing after it (`XLogPageHeaderData` in PostgreSQL's
 * source: at byte 16 of a page, how much of the record is still to come).
 */
async function isRestOfRecord(path: string): Promise<boolean> {
  const content = await Deno.readFile(path);
  const rest = content.length < FIRST_HEADER ? 0 : new DataView(content.buffer).getUint32(16, true);
  const pages = Math.ceil(rest / (PAGE_BYTES - HEADER)) + 1;
  return content.findLastIndex((byte) => byte !== 0) < FIRST_HEADER + rest + pages * HEADER;
}

const quoted = (word: string) => `"${word.replaceAll(/(["\\$`])/g, "\\$1")}"`;

function targetOf(until: Until): string[] {
  switch (until.type) {
    case "latest":
      return ["--type=default"];
    case "time":
      return ["--type=time", `--target=${until.at}`, "--target-action=promote"];
    case "name":
      return ["--type=name", `--target=${until.name}`, "--target-action=promote"];
  }
}
