import { join } from "node:path";
import type { Backup, BackupRun, ClusterBackups } from "../server/backups/schema.ts";
import { readText, space, writeDurably } from "./files.ts";
import type { History } from "./history.ts";
import type { LogPosition } from "./live.ts";
import { notedTimeline, noteTimeline, type Timeline } from "./live_timeline.ts";
import { firstGap, numberOf, SEGMENT_BYTES, stretchesOf, timelineOf } from "./log_segments.ts";
import { liveOf, type Parts } from "./parts.ts";
import type { BackupInfo, StanzaInfo } from "./pgbackrest.ts";
import type { Receiver } from "./receiver.ts";
import type { ClusterName } from "./settings.ts";
import { oldestNeeded, presentOf } from "./verification.ts";

/** Where the log was at some moment, after a change. */
interface Sample {
  at: number;
  timeline: number;
  written: number;
  isPushed?: boolean;
}
/** PostgreSQL archives a change within 60 seconds; so long after that it is told to. */
const PUSH_MS = 90_000;

/** One cluster as it stands: its backups, how far its log is kept, and what is wrong with that. */
export class Standing {
  /** Where the log was, for as long as that is not in the repository. */
  #samples: Sample[] = [];
  #changes = "";
  #info: StanzaInfo | undefined;
  #archived: Map<string, string> = new Map();
  #position: LogPosition | undefined;
  #noted: Timeline | undefined;
  /** Up to when the log of this timeline was streamed; what was received stays when the cluster is gone. */
  #streamedAt = 0;
  #seenAt = 0;

  constructor(
    readonly cluster: ClusterName,
    private readonly parts: Parts,
    private readonly receiver: Receiver,
    private readonly history: History,
  ) {}

  get info(): StanzaInfo | undefined {
    return this.#info;
  }
  get position(): LogPosition | undefined {
    return this.#position;
  }
  get archived(): ReadonlyMap<string, string> {
    return this.#archived;
  }
  /** The newest of its backups, of a kind or of any. */
  newest(kind?: "full" | "diff"): BackupInfo | undefined {
    return this.#info?.backup.findLast(({ type }) => kind === undefined || type === kind);
  }

  /** The first piece of the log that is missing after the newest backup: what was done since cannot be brought back. */
  get gapSinceBackup(): string | null {
    const newest = this.#info && presentOf(this.#info).at(-1);
    return newest ? firstGap(this.#archived.keys(), newest.archive.stop) : null;
  }

  /**
   * Looks at the repository anew: after a backup, and now and then. One that cannot be read holds no backup that
   * anybody could restore.
   * @throws PgBackRestFailed
   */
  async lookAtRepository(): Promise<void> {
    const { pgBackRest, places } = this.parts;
    try {
      this.#info = await pgBackRest.info(pgBackRest.live(this.cluster));
    } catch (error) {
      this.#info = undefined;
      throw error;
    }
    this.#archived = await pgBackRest.archived(places.repository(this.cluster), this.cluster);
  }

  /** Looks at where the log is now. A cluster that is away keeps what was seen of it last. */
  async lookAtLog(): Promise<void> {
    this.#archived = await this.parts.pgBackRest.archived(
      this.parts.places.repository(this.cluster),
      this.cluster,
    );
    try {
      this.#position = await liveOf(this.parts, this.cluster).position();
    } catch {
      return;
    }
    const { systemId, timeline, written, changes, waitingSegments } = this.#position;
    const { files, places, log } = this.parts;
    this.#noted ??= await notedTimeline(places.repository(this.cluster));
    if (this.#noted?.systemId !== systemId || this.#noted.timeline !== timeline) {
      try {
        await noteTimeline(files, places.repository(this.cluster), { systemId, timeline });
        this.#noted = { systemId, timeline };
        this.#streamedAt = 0;
      } catch (error) {
        // The repository is away or full, which is told elsewhere; looking at the log goes on, and the next look notes it.
        log.warn({ err: error, cluster: this.cluster }, "the timeline could not be noted in the repository");
      }
    }
    this.#seenAt = Date.now();
    if (this.#changes !== changes) {
      this.#changes = changes;
      this.#samples.push({ at: this.#seenAt, timeline, written });
    }
    const reach = this.#archivedUpTo(timeline);
    this.#samples = this.#samples.filter((sample) => sample.timeline === timeline && sample.written > reach);
    // What PostgreSQL notes for itself behind a change that it archived looks like a part of it, and is never archived.
    const [oldest] = this.#samples;
    if (oldest && !oldest.isPushed && waitingSegments === 0 && oldest.at < this.#seenAt - PUSH_MS) {
      oldest.isPushed = true;
      await liveOf(this.parts, this.cluster).switchSegment();
    }
  }

  /** Up to which byte the log of a timeline is in the repository without a gap. */
  #archivedUpTo(timeline: number): number {
    const last = stretchesOf([...this.#archived.keys()].filter((segment) => timelineOf(segment) === timeline))
      .at(-1);
    return last ? (numberOf(last.to) + 1) * SEGMENT_BYTES : 0;
  }

  async published(): Promise<ClusterBackups> {
    const runs = await this.history.all();
    const backups = (this.#info?.backup ?? []).map((info) => published(info, runs));
    const position = this.#position;
    const isConnected = this.receiver.failure === null && (position?.receiver.isConnected ?? false);
    const gap = this.#info ? firstGap(this.#archived.keys(), oldestNeeded(this.#info)) : null;
    const waitingSeconds = Math.round(
      Math.max(0, this.#samples[0] ? (Date.now() - this.#samples[0].at) / 1000 : 0),
    );
    return {
      backups,
      recoverable: this.#reach(isConnected, waitingSeconds),
      log: {
        waitingSeconds,
        failure: position?.archiverFailing && waitingSeconds > 90
          ? "PostgreSQL's log does not reach the repository; the cluster's own log says why"
          : null,
        gap,
        waitingBytes: (position?.waitingSegments ?? 0) * SEGMENT_BYTES,
      },
      stream: {
        connected: isConnected,
        lagBytes: position?.receiver.lagBytes ?? 0,
        synchronous: position?.receiver.isSynchronous ?? false,
      },
    };
  }

  /** What an earlier run of the service told of how far the log reaches. */
  remember(to: string | undefined): void {
    if (to) this.#streamedAt = Date.parse(to);
  }

  /** The log goes as far as it was seen while it was streamed, and else as far as it is archived. */
  #reach(isStreamed: boolean, waitingSeconds: number): ClusterBackups["recoverable"] {
    if (isStreamed) this.#streamedAt = Math.max(this.#streamedAt, this.#seenAt);
    const backups = this.#info?.backup ?? [];
    const [oldest, newest] = [backups[0], backups.at(-1)];
    if (!oldest || !newest) return null;
    const newestAt = newest.timestamp.stop * 1000;
    const to = this.gapSinceBackup
      ? newestAt
      : Math.max(newestAt, this.#streamedAt, this.#seenAt - waitingSeconds * 1000);
    return { from: moment(oldest.timestamp.stop), to: new Date(to).toISOString() };
  }
}

const moment = (seconds: number) => new Date(seconds * 1000).toISOString();

function published(info: BackupInfo, runs: readonly BackupRun[]): Backup {
  const made = runs.find(({ figures }) => figures.label === info.label);
  const isAccused = runs.findLast(({ kind, outcome }) => kind === "verification" && outcome !== null)
    ?.figures.findings?.some((finding) => finding.includes(info.label));
  return {
    label: info.label,
    kind: info.type === "full" ? "full" : "diff",
    startedAt: moment(info.timestamp.start),
    endedAt: moment(info.timestamp.stop),
    databaseBytes: info.info.size,
    repositoryBytes: info.info.repository.delta ?? 0,
    sound: isAccused || info.error ? false : made?.outcome === "done" ? true : made ? false : null,
  };
}

/** How much room the repository takes, and for how long there is more. */
export class Room {
  constructor(private readonly parts: Parts) {}

  get #path(): string {
    return join(this.parts.places.state, "room.json");
  }

  async look(): Promise<
    { usedBytes: number; freeBytes: number; fullInDays: number | null; sizeBytes: number }
  > {
    const { used, free, size } = await space(
      this.parts.places.repositories,
      (program, args) => this.parts.programs.run(program, args),
    );
    const samples = JSON.parse(await readText(this.#path) ?? "[]") as { at: number; used: number }[];
    const now = Date.now();
    if (!samples.length || samples.at(-1)!.at < now - HOUR) {
      const kept = [...samples.filter(({ at }) => at > now - 14 * 24 * HOUR && at <= now), { at: now, used }];
      await writeDurably(this.#path, JSON.stringify(kept)).catch((error) =>
        this.parts.log.warn({ err: error }, "how full the repository is cannot be written down")
      );
    }
    const first = samples.find(({ at }) => at > now - 7 * 24 * HOUR);
    const days = first ? (now - first.at) / (24 * HOUR) : 0;
    const growth = first && days >= 1 ? (used - first.used) / days : 0;
    return {
      usedBytes: used,
      freeBytes: free,
      sizeBytes: size,
      fullInDays: growth > 0 ? Math.floor(free / growth) : null,
    };
  }
}

const HOUR = 3_600_000;
