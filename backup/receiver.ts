import { join } from "node:path";
import type { Logger } from "../server/platform/log.ts";
import { type Files, remove } from "./files.ts";
import type { LiveCluster } from "./live.ts";
import { isSegment, numberOf, segmentOf } from "./log_segments.ts";
import type { Programs } from "./program.ts";
import type { ClusterName, Places, Settings } from "./settings.ts";

const SLOT = "fleethold_receiver";
/** Runs a program that ends when standard input does: one that outlived us would keep the slot from the next. */
const LEASH = 'exec 3<&0; "$@" 3<&- < /dev/null & receiver=$!; ' +
  '{ cat <&3 > /dev/null; kill -INT "$receiver"; } 2> /dev/null & exec 3<&-; wait "$receiver"';
const PAUSE_MS = 2_000;
const STEADY_MS = 1_500;
/** Archived pieces of the stream stay this long all the same: until the archive's own copy was looked at. */
const KEPT_MS = 10 * 60_000;

/**
 * Receives a cluster's log as it is written, beside the archive, which gets it in pieces of up to a minute: when the
 * cluster's disk is lost, what was acknowledged a moment before is here. A slot makes the cluster keep what a receiver
 * that was away has not seen, within its `max_slot_wal_keep_size`.
 */
export class Receiver {
  #child: Deno.ChildProcess | undefined;
  #isStopping = false;
  #running: Promise<void> | undefined;
  /** Why it does not receive now; null while it does. */
  failure: string | null = "it has not begun yet";

  constructor(
    private readonly name: ClusterName,
    private readonly live: LiveCluster,
    private readonly settings: Settings,
    private readonly places: Places,
    private readonly programs: Programs,
    private readonly files: Files,
    private readonly log: Logger,
  ) {}

  start(): void {
    this.#running = this.#keepReceiving();
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#child?.stdin.close().catch(() => {});
    await this.#running;
  }

  async #keepReceiving(): Promise<void> {
    while (!this.#isStopping) {
      try {
        await this.#receive();
      } catch (error) {
        const words = error instanceof Error ? error.message : String(error);
        if (this.failure !== words) this.log.warn({ cluster: this.name, words }, "the log is not received");
        this.failure = words;
      }
      if (!this.#isStopping) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }

  /** Receives until the connection ends. */
  async #receive(): Promise<void> {
    const { timeline, systemId } = await this.live.position();
    // Pieces of another timeline or another cluster must not lead the receiver to where this log never was.
    const folder = join(this.places.streamed(this.name), `${systemId}-${timeline}`);
    const { args, env } = await this.#connection();
    await this.#keepSlot(args, env);
    await this.#putAside(folder, timeline);
    await this.files.folder(this.places.streamed(this.name));
    await this.files.folder(folder);
    if (this.#isStopping) return;
    const child = this.programs.command("sh", [
      "-c",
      LEASH,
      "sh",
      "pg_receivewal",
      ...args,
      `--directory=${folder}`,
      "--slot",
      SLOT,
      "--no-loop",
      "--status-interval=1",
      // On disk before it is told to be there. Costs nothing while nobody waits for it.
      "--synchronous",
    ], { env, stdin: "piped", stdout: "null" }).spawn();
    this.#child = child;
    // One that ends at once, for a full disk or a slot that is in use, was not receiving.
    const steady = setTimeout(() => {
      this.failure = null;
      this.log.info({ cluster: this.name, timeline }, "receiving the log");
    }, STEADY_MS);
    const said = new Response(child.stderr).text();
    const { code } = await child.status;
    clearTimeout(steady);
    this.#child = undefined;
    await child.stdin.close().catch(() => {});
    if (this.#isStopping) return;
    throw new Error((await said).trim().split("\n").at(-1) || `pg_receivewal ended with ${code}`);
  }

  /**
   * Makes the slot unless it is there. One whose place in the log is gone, because nobody received for so long that
   * `max_slot_wal_keep_size` was reached, never comes back by itself and is made anew.
   */
  async #keepSlot(args: string[], env: Record<string, string>): Promise<void> {
    const pgReceivewal = (action: string[]) =>
      this.programs.run("pg_receivewal", [...args, "--slot", SLOT, ...action], { env });
    const [lost] = await this.live.query(
      "select from pg_replication_slots where slot_name = $1 and wal_status = 'lost'",
      [SLOT],
    );
    if (lost) {
      this.log.warn(
        { cluster: this.name },
        "the log was not received for too long; what is missing is archived",
      );
      await pgReceivewal(["--drop-slot"]);
    }
    await pgReceivewal(["--create-slot", "--if-not-exists"]);
  }

  /** Puts pieces aside that the log no longer follows on: the receiver would ask for the next one, which is gone. */
  async #putAside(folder: string, timeline: number): Promise<void> {
    const newest = (await namesIn(folder)).sort().at(-1);
    if (!newest) return;
    const wanted = numberOf(newest.slice(0, 24)) + (isSegment(newest) ? 1 : 0);
    const [oldest] = await this.live.query<{ name: string | null }>(
      "select min(name) as name from pg_ls_waldir() where name like $1",
      [`${segmentOf(timeline, 0).slice(0, 8)}${"_".repeat(16)}`],
    );
    if (!oldest?.name || wanted >= numberOf(oldest.name)) return;
    await Deno.rename(folder, `${folder}-${newest.slice(0, 24)}`);
  }

  async #connection(): Promise<{ args: string[]; env: Record<string, string> }> {
    const url = new URL(
      this.name === "data" ? this.settings.FLEETHOLD_DATA_URL : this.settings.FLEETHOLD_KEYS_URL,
    );
    const password = this.name === "data"
      ? this.settings.FLEETHOLD_DATA_RECEIVER_PASSWORD
      : this.settings.FLEETHOLD_KEYS_RECEIVER_PASSWORD;
    const file = join(this.places.run, `${this.name}.pgpass`);
    await this.files.write(file, `*:*:*:fleethold_receiver:${password}\n`);
    return {
      args: [
        `--host=${url.hostname}`,
        `--port=${url.port || 5432}`,
        "--username=fleethold_receiver",
        "--no-password",
      ],
      env: {
        PGPASSFILE: file,
        PGAPPNAME: SLOT,
        PGCONNECT_TIMEOUT: "5",
        ...(url.searchParams.get("sslmode") === "verify-full" && {
          PGSSLMODE: "verify-full",
          PGSSLROOTCERT: url.searchParams.get("sslrootcert")!,
        }),
      },
    };
  }

  /**
   * Forgets pieces that the archive has as well; the newest two always stay. Of a cluster or a timeline that was here
   * before, everything goes once it is of no use.
   * @param archived segments of the cluster that runs now
   */
  async trim(
    archived: ReadonlyMap<string, string>,
    { systemId, timeline }: { systemId: string; timeline: number },
  ): Promise<void> {
    for (const folder of await namesIn(this.places.streamed(this.name))) {
      const path = join(this.places.streamed(this.name), folder);
      if (folder !== `${systemId}-${timeline}` && await this.#isOutdated(path)) {
        await remove(path);
        continue;
      }
      // The archive of another cluster has other segments by these names.
      if (!folder.startsWith(`${systemId}-`)) continue;
      const pieces = (await namesIn(path)).filter(isSegment).sort();
      for (const piece of pieces.slice(0, -2)) {
        if (!archived.has(piece)) continue;
        const { mtime } = await Deno.stat(join(path, piece));
        if (mtime && mtime.getTime() < Date.now() - KEPT_MS) await remove(join(path, piece));
      }
    }
  }

  /** Keys must be nowhere after 72 hours; data is of use while there may be backups that it goes on from. */
  async #isOutdated(folder: string): Promise<boolean> {
    const hours = this.name === "keys" ? 71 : this.settings.FLEETHOLD_BACKUP_RETENTION * 24;
    const end = Date.now() - hours * 3_600_000;
    for (const name of await namesIn(folder)) {
      const { mtime } = await Deno.stat(join(folder, name));
      if (!mtime || mtime.getTime() > end) return false;
    }
    return true;
  }
}

async function namesIn(path: string): Promise<string[]> {
  try {
    return await Array.fromAsync(Deno.readDir(path), ({ name }) => name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
