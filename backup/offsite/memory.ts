import { join } from "node:path";
import type { BackupRun, OffsiteState } from "../../server/backups/schema.ts";
import { readIfExists, writeWhole } from "../../scripts/installation/files.ts";
import { newId } from "../../server/platform/id.ts";
import type { Copies, Progress } from "./restic.ts";
import type { Settings } from "./settings.ts";

/** What is remembered of one repository at the target. Losing it costs a look at the target and nothing else. */
export interface Remembered {
  /** Names, sizes and times of all files that were copied last. */
  fingerprint?: string;
  /** The copy the next one is compared with. */
  newest?: string;
  /** Whether copies were ever made there: a place that is empty afterwards has lost them. */
  begun?: true;
  prunedAt?: string;
  /** When it did not let us delete. */
  refusedAt?: string | undefined;
}

export interface Memory {
  places: Record<string, Remembered>;
  lastCopyAt: string | null;
  lastVerifiedAt: string | null;
  lastFullVerifiedAt: string | null;
  /** Sound or not. */
  verificationTriedAt: string | null;
  /** The last of the thirty parts that was read back. */
  part: number;
  /** What the last verification found wrong; gone after one that found nothing. */
  damage: string | null;
  refusesDeletion: boolean | null;
  deletionTriedAt: string | null;
  /** An object of ours at the target that the next attempt to delete is made on. */
  probe: string | null;
  oldestKeysAt: string | null;
  bytes: number | null;
  copies: number | null;
  lastReturnAt: string | null;
  /** The backup service's last request that was answered. */
  answered: string | null;
  /** Bytes copied since the last daily summary, and since when. */
  copied: { since: string; bytes: number } | null;
  summarisedAt: string | null;
  /** The failure that was told last in the history, and when. */
  told: { failure: string; at: string } | null;
}

const nothing: Memory = {
  places: {},
  lastCopyAt: null,
  lastVerifiedAt: null,
  lastFullVerifiedAt: null,
  verificationTriedAt: null,
  part: 0,
  damage: null,
  refusesDeletion: null,
  deletionTriedAt: null,
  probe: null,
  oldestKeysAt: null,
  bytes: null,
  copies: null,
  lastReturnAt: null,
  answered: null,
  copied: null,
  summarisedAt: null,
  told: null,
};

/** The sidecar's own memory, in the cache folder. Another target begins with an empty one. */
export class Notebook {
  private constructor(
    private readonly path: string,
    private readonly address: string,
    readonly memory: Memory,
  ) {}

  static async open(settings: Settings, { place }: Copies): Promise<Notebook> {
    const path = join(settings.FLEETHOLD_OFFSITE_CACHE, "memory.json");
    const text = await readIfExists(path);
    const known = text ? JSON.parse(text) as { address: string; memory: Memory } : undefined;
    return new Notebook(path, place, {
      ...structuredClone(nothing),
      ...(known?.address === place && known.memory),
    });
  }

  /** What is known of a repository; changes to it are kept by `keep`. */
  of({ place }: Copies): Remembered {
    return this.memory.places[place] ??= {};
  }

  async keep(change: Partial<Memory> = {}): Promise<void> {
    Object.assign(this.memory, change);
    await writeWhole(this.path, JSON.stringify({ address: this.address, memory: this.memory }));
  }
}

/** What is being done, and how far it is. */
export interface Doing {
  what: "copying" | "pruning" | "verifying" | "proving" | "returning";
  cluster: "data" | "keys" | null;
  startedAt: string;
  bytesDone: number | null;
  bytesTotal: number | null;
  percent: number | null;
}

/** What the sidecar tells the backup service, in `status.json`. */
export interface Status extends OffsiteState {
  at: string;
  /** When the next pass begins; null while one is under way. */
  next: string | null;
  pass: Doing | null;
  failureKind: string | null;
}

/** Tells the backup service how it stands, and what was done. */
export class Report {
  doing: Doing | null = null;
  next: string | null = null;
  failure: { kind: string; told: string } | null = null;
  #written: Promise<void> = Promise.resolve();

  constructor(
    private readonly settings: Settings,
    private readonly notebook: Notebook,
    private readonly kind: OffsiteState["kind"],
    private readonly address: string,
  ) {}

  begin(what: Doing["what"], cluster: Doing["cluster"]): Promise<void> {
    const startedAt = new Date().toISOString();
    this.doing = { what, cluster, startedAt, bytesDone: null, bytesTotal: null, percent: null };
    return this.write();
  }

  /** Kept until the status is written the next time. */
  progress = ({ bytesDone, bytesTotal, percent }: Progress): void => {
    if (this.doing) this.doing = { ...this.doing, bytesDone, bytesTotal, percent };
  };

  /** Writes `status.json` anew, one at a time; readable for the group it belongs to. */
  write(): Promise<void> {
    const written = this.#written.then(() => this.#writeNow());
    // One that failed, as on a full disk, is told to whoever asked for it; the next is tried all the same.
    this.#written = written.catch(() => {});
    return written;
  }

  async #writeNow(): Promise<void> {
    const { memory } = this.notebook;
    const status: Status = {
      at: new Date().toISOString(),
      kind: this.kind,
      address: this.address,
      lastCopyAt: memory.lastCopyAt,
      lastVerifiedAt: memory.lastVerifiedAt,
      lastFullVerifiedAt: memory.lastFullVerifiedAt,
      refusesDeletion: memory.refusesDeletion,
      deletionTriedAt: memory.deletionTriedAt,
      oldestKeysAt: memory.oldestKeysAt,
      failure: this.failure?.told ?? memory.damage,
      failureKind: this.failure?.kind ?? (memory.damage ? "damaged" : null),
      bytes: memory.bytes,
      copies: memory.copies,
      next: this.next,
      pass: this.doing,
    };
    await writeWhole(
      join(this.settings.FLEETHOLD_OFFSITE_STATUS, "status.json"),
      JSON.stringify(status),
      0o640,
    );
  }

  /** Adds a run to `runs.jsonl`, one a line, the newest last; the last 200 are kept. */
  async add(run: Pick<BackupRun, "kind" | "startedAt" | "failure" | "figures">): Promise<void> {
    const path = join(this.settings.FLEETHOLD_OFFSITE_STATUS, "runs.jsonl");
    const whole: BackupRun = {
      id: newId(),
      cluster: null,
      requestedBy: null,
      endedAt: new Date().toISOString(),
      outcome: run.failure === null ? "done" : "failed",
      ...run,
    };
    const lines = (await readIfExists(path) ?? "").split("\n").filter(Boolean);
    await writeWhole(
      path,
      [...lines, JSON.stringify(whole)].slice(-200).map((line) => `${line}\n`).join(""),
      0o640,
    );
  }
}
