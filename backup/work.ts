import { join } from "node:path";
import type { BackupRun, RunFigures, RunKind, RunStep } from "../server/backups/schema.ts";
import type { z } from "zod";
import { isUnreachable } from "../server/platform/database.ts";
import { drill, DrillFailed } from "./drill.ts";
import { Ledger } from "./ledger.ts";
import { liveOf, type Parts } from "./parts.ts";
import { PgBackRestFailed } from "./pgbackrest.ts";
import { type ClusterName, clusterNames } from "./settings.ts";
import type { Standing } from "./standing.ts";
import { labelsOf, neededOf, verifyBackup, verifyRepository } from "./verification.ts";

type Step = z.infer<typeof RunStep>;

/** How a run tells what it is at. */
export interface Progress {
  step(step: Step, share?: number): void;
  signal: AbortSignal;
}

/** A run found something wrong: findings, one a line, and what to do. */
export class Found extends Error {
  override name = "Found";
  constructor(message: string, readonly findings: string[], readonly figures: RunFigures = {}) {
    super(message);
  }
}

/** The smallest room a repository is left with before old backups go early: for the log of some hours. */
const LEAST_ROOM = 1024 ** 3;

/** What is done with the repositories, one at a time. */
export class Work {
  /** The last of what must not happen while something is expired, or the other way round. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly parts: Parts,
    private readonly standing: Record<ClusterName, Standing>,
  ) {}

  /** Does something that no expiry may come between. */
  whileNothingExpires<T>(act: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(act);
    this.#turn = done.catch(() => {});
    return done;
  }

  /** Does a run and answers its figures. @throws Found, DrillFailed, PgBackRestFailed */
  async do(kind: RunKind, cluster: ClusterName | null, progress: Progress): Promise<RunFigures> {
    switch (kind) {
      case "full":
      case "diff":
        return await this.#backUp(cluster ?? "data", kind, progress);
      case "verification":
        return await this.#verify(progress);
      case "drill":
        return await this.#drill(cluster ?? "data", progress);
      case "offsite-drill":
        return await this.#drillReturned(progress);
      default:
        throw new Error(`${kind} is the offsite sidecar's to do`);
    }
  }

  #ledger(cluster: ClusterName): Ledger {
    return new Ledger(
      join(this.parts.places.state, `ledger_${cluster}`),
      this.parts.places.repository(cluster),
    );
  }

  /** Makes sure that the repository is there and belongs to the cluster that runs now. */
  async #prepare(cluster: ClusterName): Promise<{ isAnother: boolean }> {
    const { pgBackRest, files, places } = this.parts;
    const target = pgBackRest.live(cluster);
    await files.folder(places.repository(cluster), 0o750);
    const info = await pgBackRest.info(target);
    const { systemId } = await liveOf(this.parts, cluster).position();
    const known = info.db.at(-1);
    if (!known) {
      await pgBackRest.run(target, "stanza-create");
      return { isAnother: false };
    }
    // An id has more digits than a number in JSON keeps; that much of it tells clusters apart.
    const isAnother = Math.abs(known["system-id"] - Number(systemId)) > 4_096;
    if (isAnother) await pgBackRest.run(target, "stanza-upgrade");
    return { isAnother };
  }

  async #backUp(
    cluster: ClusterName,
    kind: "full" | "diff",
    { step, signal }: Progress,
  ): Promise<RunFigures> {
    const { pgBackRest, places, log } = this.parts;
    const target = pgBackRest.live(cluster);
    const standing = this.standing[cluster];
    step("starting");
    const { isAnother } = await this.#prepare(cluster);
    if (isAnother) {
      log.warn({ cluster }, "this is another cluster than was backed up before; the old backups stay");
    }
    await this.#makeRoom(cluster);
    step("copying", 0);
    const wanted = isAnother ? "full" : kind;
    await pgBackRest.run(target, "backup", [`--type=${wanted}`], {
      onProgress: (share) => step("copying", share),
      signal,
    });
    await standing.lookAtRepository();
    const made = standing.newest()!;
    const figures: RunFigures = {
      label: made.label,
      databaseBytes: made.info.size,
      addedBytes: made.info.repository.delta ?? 0,
    };
    step("verifying");
    const info = standing.info!;
    await this.#ledger(cluster).note(labelsOf(info), neededOf(info));
    const findings = await verifyBackup({ pgBackRest, target, label: made.label, signal });
    if (findings.length > 0) {
      throw new Found(
        `The backup ${made.label} was made and is not sound: ${
          findings[0]
        }. Another one is made at once; if it fails as well, check the disks.`,
        findings,
        { ...figures, findings },
      );
    }
    step("expiring");
    await this.#expire(cluster);
    log.info({ cluster, label: made.label, places: places.repository(cluster) }, "backed up");
    return figures;
  }

  /** Lets go of what is older than it has to be. Nobody copies out of the repository meanwhile: see snapshot.ts. */
  async #expire(cluster: ClusterName): Promise<void> {
    const { pgBackRest } = this.parts;
    const target = pgBackRest.live(cluster);
    await this.whileNothingExpires(() => pgBackRest.run(target, "expire"));
    const standing = this.standing[cluster];
    await standing.lookAtRepository();
    const info = standing.info!;
    await this.#ledger(cluster).note(labelsOf(info), neededOf(info));
  }

  /**
   * Where the repository is so full that the next backup would not fit, the oldest backups go before their time; the
   * newest full one always stays.
   */
  async #makeRoom(cluster: ClusterName): Promise<void> {
    const { pgBackRest, programs, places, log } = this.parts;
    const standing = this.standing[cluster];
    await standing.lookAtRepository();
    for (;;) {
      const df = await programs.run("df", ["--block-size=1", "--output=avail", places.repositories]);
      const free = Number(df.trim().split("\n").at(-1));
      const fulls = standing.info!.backup.filter(({ type }) => type === "full");
      const wanted = (fulls.at(-1)?.info.repository.delta ?? 0) * 1.2 + LEAST_ROOM / 4;
      if (free >= wanted || fulls.length < 2) return;
      await this.whileNothingExpires(() =>
        pgBackRest.run(pgBackRest.live(cluster), "expire", [`--set=${fulls[0]!.label}`])
      );
      log.warn(
        { cluster, label: fulls[0]!.label, free },
        "the repository is nearly full; its oldest backup went early",
      );
      await standing.lookAtRepository();
    }
  }

  async #verify({ step, signal }: Progress): Promise<RunFigures> {
    const { pgBackRest, places } = this.parts;
    const findings: string[] = [];
    let files = 0, bytes = 0;
    for (const [index, cluster] of clusterNames.entries()) {
      step("verifying", index / 2);
      const found = await verifyRepository({
        pgBackRest,
        ledger: this.#ledger(cluster),
        repository: places.repository(cluster),
        target: pgBackRest.live(cluster),
        onProgress: (share) => step("verifying", (index + share) / 2),
        signal,
      });
      files += found.files;
      bytes += found.bytes;
      findings.push(...found.findings.map((finding) => `${cluster}: ${finding}`));
      const info = await pgBackRest.info(pgBackRest.live(cluster));
      await this.#ledger(cluster).note(labelsOf(info), neededOf(info));
    }
    if (findings.length > 0) {
      throw new Found(
        `The repository is damaged: ${findings[0]}${
          findings.length > 1 ? ` and ${findings.length - 1} more` : ""
        }. Check the disk it lies on, and take a full backup now.`,
        findings,
        { files, bytes, findings },
      );
    }
    return { files, bytes, findings };
  }

  async #drill(cluster: ClusterName, { step, signal }: Progress): Promise<RunFigures> {
    step("marking");
    const live = liveOf(this.parts, cluster);
    await live.singCanary();
    const mark = await live.mark(`drill-${new Date().toISOString()}`);
    // What comes after the mark has to be in the log too, and archived, so that the mark itself is.
    const { segment } = await live.position();
    await live.switchSegment();
    await this.#untilArchived(cluster, segment, signal);
    const { places } = this.parts;
    return {
      drill: await drill(this.parts, {
        cluster,
        repository: places.repository(cluster),
        streamed: places.streamed(cluster),
        mark,
        step,
        signal,
      }),
    };
  }

  /** A drill from what the sidecar brought back; its log ends some minutes ago, so nothing live is compared. */
  async #drillReturned({ step, signal }: Progress): Promise<RunFigures> {
    const returned = this.parts.settings.FLEETHOLD_OFFSITE_RETURNED!;
    const drilled = await drill(this.parts, {
      cluster: "data",
      repository: join(returned, "data"),
      streamed: undefined,
      mark: null,
      step,
      signal,
    });
    await drill(this.parts, {
      cluster: "keys",
      repository: join(returned, "keys"),
      streamed: undefined,
      mark: null,
      step,
      signal,
    });
    return { drill: drilled };
  }

  /** Waits for a segment of the log to be in the repository, for two minutes at most: the stream has it anyway. */
  async #untilArchived(cluster: ClusterName, segment: string, signal: AbortSignal): Promise<void> {
    for (const end = Date.now() + 120_000; Date.now() < end && !signal.aborted;) {
      await this.standing[cluster].lookAtLog();
      if (this.standing[cluster].archived.has(segment)) return;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
}

/** What a run that ended is written down as. */
export function ended(run: BackupRun, result: RunFigures | { error: unknown }): BackupRun {
  const endedAt = new Date().toISOString();
  if (!("error" in result)) return { ...run, endedAt, outcome: "done", figures: result };
  const { error } = result;
  const failure =
    error instanceof Found || error instanceof DrillFailed || error instanceof PgBackRestFailed ||
      error instanceof Error && error.name === "RestoreFailed"
      ? error.message
      : isUnreachable(error)
      ? "A cluster did not answer; it is tried again in a minute. If it stays away, look at the cluster's log."
      : "It ended for a reason nobody foresaw; the service's log has it.";
  return {
    ...run,
    endedAt,
    outcome: "failed",
    failure,
    figures: error instanceof Found ? error.figures : {},
  };
}
