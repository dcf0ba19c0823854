import { join } from "node:path";
import { type BackupRun, type BackupState, OffsiteState } from "../server/backups/schema.ts";
import { newId } from "../server/platform/id.ts";
import { readText, remove, writeDurably } from "./files.ts";
import { History } from "./history.ts";
import { liveOf, type Parts } from "./parts.ts";
import { Publication } from "./publication.ts";
import { lastState } from "./recoverable.ts";
import { Receiver } from "./receiver.ts";
import { type Done, plan } from "./schedule.ts";
import { type ClusterName, clusterNames } from "./settings.ts";
import { takeSnapshot } from "./snapshot.ts";
import { Room, Standing } from "./standing.ts";
import { TlsServer } from "./tls_server.ts";
import { ended, Work } from "./work.ts";

const TICK_MS = 5_000;
/** A round that takes this long, on a host that is busy, is stuck. */
const LATE_MS = 180_000;
const MINUTE = 60_000;
/** How long after a failure the same is tried again: longer each time. */
/** Its working directory tells a postmaster from another process that has its number now. */
const END_LEFTOVER =
  'pid=$(head -n 1 "$1/postmaster.pid") && [ "$(readlink "/proc/$pid/cwd")" = "$1" ] || exit 0; ' +
  'kill -QUIT "$pid"; while kill -0 "$pid"; do sleep 0.1; done';
const PATIENCE = [1, 2, 5, 10, 15].map((minutes) => minutes * MINUTE);

/**
 * The backup service: receives the log, watches that it is archived, does what is due or asked for, one at a time, and
 * tells the product how everything stands. What it did last it reads from the repository and its own history, so it may
 * be killed at any moment.
 */
export class BackupService {
  readonly #history: History;
  readonly #publication: Publication;
  readonly #receivers: Record<ClusterName, Receiver>;
  readonly #standing: Record<ClusterName, Standing>;
  readonly #room: Room;
  readonly #work: Work;
  readonly #tls: TlsServer;
  readonly #aborting = new AbortController();
  readonly #failures = new Map<string, { count: number; notBefore: number }>();
  /** What was under way when the last service was killed. */
  /** What was interrupted, and what goes along with what was asked for. */
  #next: Pick<BackupRun, "kind" | "cluster" | "requestedBy">[] = [];
  #running: BackupState["running"] = null;
  #runningTask: Promise<void> = Promise.resolve();
  #timeZone = "UTC";
  #installation = "";
  #lock: Deno.FsFile | undefined;
  #lastTickAt = 0;
  #lastCanaryAt = 0;
  #lastSnapshotAt = 0;
  #lastRepositoryAt = 0;
  #lastTrimAt = 0;

  constructor(private readonly parts: Parts) {
    this.#history = new History(parts.places);
    this.#publication = new Publication(parts.data, parts.log);
    const receiver = (name: ClusterName) =>
      new Receiver(
        name,
        liveOf(parts, name),
        parts.settings,
        parts.places,
        parts.programs,
        parts.files,
        parts.log,
      );
    this.#receivers = { data: receiver("data"), keys: receiver("keys") };
    const standing = (name: ClusterName) => new Standing(name, parts, this.#receivers[name], this.#history);
    this.#standing = { data: standing("data"), keys: standing("keys") };
    this.#room = new Room(parts);
    this.#work = new Work(parts, this.#standing);
    this.#tls = new TlsServer(parts);
  }

  /** Whether it does its rounds. */
  get isWell(): boolean {
    return Date.now() - this.#lastTickAt < LATE_MS && this.#tls.isWell;
  }

  async start(): Promise<void> {
    const { places, files, pgBackRest, settings } = this.parts;
    await files.folder(places.run);
    await Deno.mkdir(places.state, { recursive: true, mode: 0o700 });
    await this.#beTheOnlyOne();
    await files.folder(places.repositories, 0o750);
    for (const cluster of clusterNames) await files.folder(places.repository(cluster), 0o750);
    await this.#clearDrills();
    this.#lastTickAt = Date.now();
    this.#installation = settings.FLEETHOLD_INSTALLATION_ID ?? settings.FLEETHOLD_DATA_CIPHER;
    await this.#tls.start();
    await pgBackRest.configure((path, text) => files.write(path, text));
    this.#next = await this.#history.endInterrupted();
    const told = await lastState(places);
    for (const cluster of clusterNames) {
      this.#standing[cluster].remember(told?.clusters[cluster].recoverable?.to);
      this.#receivers[cluster].start();
    }
    void this.#rounds();
  }

  async stop(): Promise<void> {
    this.#aborting.abort();
    await Promise.all([this.#runningTask, ...clusterNames.map((name) => this.#receivers[name].stop())]);
    await this.#tls.stop();
    await Promise.all([this.parts.data.close(), this.parts.keys.close()]);
    this.#lock?.close();
  }

  /** Two services would end each other's runs and clear each other's drills away. */
  async #beTheOnlyOne(): Promise<void> {
    const path = join(this.parts.places.state, "service.lock");
    this.#lock = await Deno.open(path, { write: true, create: true, mode: 0o600 });
    // One that was killed just as it began a program holds the lock until that program runs.
    for (let tries = 0; tries < 10; tries++) {
      if (await this.#lock.tryLock(true)) return;
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
    this.#lock.close();
    const words =
      `Another backup service works in ${this.parts.settings.FLEETHOLD_BACKUP_DIR}; stop it first`;
    this.parts.log.fatal(words);
    throw new Error(words);
  }

  /** Removes what a killed drill left: the PostgreSQL that outlived it, its files, configurations with a passphrase. */
  async #clearDrills(): Promise<void> {
    const { places, programs } = this.parts;
    for (const cluster of clusterNames) {
      const folder = join(places.scratch, `drill-${cluster}`);
      await programs.run("sh", ["-c", END_LEFTOVER, "sh", folder]).catch(() => {});
      await remove(folder);
    }
    for await (const { name } of Deno.readDir(places.run)) {
      if (name.startsWith("drill_")) await remove(join(places.run, name));
    }
  }

  async #rounds(): Promise<void> {
    const { signal } = this.#aborting;
    while (!signal.aborted) {
      try {
        await this.#round();
        this.#lastTickAt = Date.now();
      } catch (error) {
        this.parts.log.error({ err: error }, "a round of the backup service failed");
      }
      await Promise.race([
        new Promise((resolve) => setTimeout(resolve, this.#running ? TICK_MS / 5 : TICK_MS)),
        new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true })),
      ]);
    }
  }

  async #round(): Promise<void> {
    const { parts } = this;
    const now = Date.now();
    if (elapsed(this.#lastCanaryAt, now, MINUTE) && await isUp(parts.data)) {
      this.#lastCanaryAt = now;
      await parts.data.singCanary().catch(() => {});
      this.#timeZone = await parts.data.timeZone().catch(() => this.#timeZone);
    }
    if (elapsed(this.#lastRepositoryAt, now, MINUTE)) {
      this.#lastRepositoryAt = now;
      for (const cluster of clusterNames) {
        await this.#attempt("look at the repository", () => this.#standing[cluster].lookAtRepository());
      }
    }
    for (const cluster of clusterNames) await this.#standing[cluster].lookAtLog();
    if (elapsed(this.#lastTrimAt, now, 5 * MINUTE)) {
      this.#lastTrimAt = now;
      for (const cluster of clusterNames) {
        const { archived, position } = this.#standing[cluster];
        if (!position) continue;
        await this.#attempt("trim the stream", () => this.#receivers[cluster].trim(archived, position));
      }
    }
    const isOffsite = parts.settings.FLEETHOLD_OFFSITE_STATUS !== undefined;
    if (isOffsite && elapsed(this.#lastSnapshotAt, now, MINUTE)) {
      this.#lastSnapshotAt = now;
      await this.#work.whileNothingExpires(() => takeSnapshot(parts));
    }
    if (!this.#running) await this.#begin();
    await this.#publish();
  }

  /** A part of a round that fails, for a full disk or a repository that is away, leaves the others to be done. */
  async #attempt(what: string, act: () => Promise<unknown>): Promise<void> {
    try {
      await act();
    } catch (error) {
      this.parts.log.error({ err: error, what }, "a part of a round of the backup service failed");
    }
  }

  /** Begins what is asked for, or else what is due. */
  async #begin(): Promise<void> {
    if (!await isUp(this.parts.data) || !await isUp(this.parts.keys)) return;
    const request = await this.#publication.nextRequest();
    if (request?.kind === "offsite-drill") {
      // The sidecar brings the copy back first, and the drill begins once it is there.
      await this.parts.files.write(join(this.parts.places.repositories, "return.request"), request.id, 0o640);
    } else if (request) {
      const { kind, accountId: requestedBy } = request;
      // A backup of the data alone opens nothing.
      if (kind === "full") this.#next.push({ kind, cluster: "keys", requestedBy });
      this.#runningTask = this.#run(kind, kind === "verification" ? null : "data", requestedBy);
      return;
    }
    const next = this.#next.shift();
    if (next && next.kind !== "offsite-drill") {
      const { kind, cluster, requestedBy } = next;
      this.#runningTask = this.#run(kind, cluster, requestedBy);
      return;
    }
    const restored = await readText(this.#restoredFile);
    if (restored) {
      await this.#publication.record("backup.restored", JSON.parse(restored));
      // The backups before a restore belong to a log that goes on elsewhere: a new one begins right after it.
      this.#runningTask = this.#run("full", "data", null).then(() => remove(this.#restoredFile));
      return;
    }
    const returned = await this.#returned();
    if (returned) {
      this.#runningTask = this.#run("offsite-drill", null, null).then(() => this.#sendBack(returned));
      return;
    }
    const { due } = this.#plan(await this.#done());
    const gap = clusterNames.find((cluster) => this.#standing[cluster].gapSinceBackup);
    const runs = await this.#history.all();
    const wanted = [
      // A gap in the log ends what the backups before it can be brought to: a new one begins after it.
      ...(gap ? [{ kind: "diff" as const, cluster: gap }] : []),
      ...clusterNames.filter((cluster) => isUnsound(runs, cluster))
        .map((cluster) => ({ kind: "full" as const, cluster })),
      ...due,
    ];
    const task = wanted.find(({ kind, cluster }) =>
      (this.#failures.get(`${kind} ${cluster}`)?.notBefore ?? 0) <= Date.now()
    );
    if (task) this.#runningTask = this.#run(task.kind, task.cluster, null);
  }

  async #run(
    kind: BackupRun["kind"],
    cluster: ClusterName | null,
    requestedBy: string | null,
  ): Promise<void> {
    const run: BackupRun = {
      id: newId(),
      kind,
      cluster,
      requestedBy,
      startedAt: new Date().toISOString(),
      endedAt: null,
      outcome: null,
      failure: null,
      figures: {},
    };
    this.#running = {
      run: run.id,
      kind,
      cluster,
      startedAt: run.startedAt,
      step: "starting",
      progress: null,
    };
    await this.#note(run);
    let done: BackupRun;
    try {
      done = ended(
        run,
        await this.#work.do(kind, cluster, {
          step: (step, share) => {
            if (this.#running) this.#running = { ...this.#running, step, progress: share ?? null };
          },
          signal: this.#aborting.signal,
        }),
      );
      this.#failures.delete(`${kind} ${cluster}`);
    } catch (error) {
      done = ended(run, { error });
      const count = (this.#failures.get(`${kind} ${cluster}`)?.count ?? 0) + 1;
      const patience = PATIENCE[Math.min(count, PATIENCE.length) - 1]!;
      this.#failures.set(`${kind} ${cluster}`, { count, notBefore: Date.now() + patience });
      this.parts.log.error({ err: error, kind, cluster, failure: done.failure }, "a run failed");
    }
    if (this.#aborting.signal.aborted) return; // Written down at the next start.
    await this.#note(done);
    await this.#publication.record(`backup.${kind}-${done.outcome}`, {
      run: run.id,
      ...(cluster && { cluster }),
      ...(requestedBy && { requestedBy }),
      ...(done.figures.label && { label: done.figures.label }),
    });
    for (const name of clusterNames) await this.#standing[name].lookAtRepository().catch(() => {});
    this.#running = null;
    this.#lastSnapshotAt = 0;
  }

  /** On a full disk nothing can be written down. That must keep nobody from working, nor from being told. */
  async #note(run: BackupRun): Promise<void> {
    await this.#attempt("write the history", () => this.#history.put(run));
  }

  #plan(done: Done) {
    return plan(done, Date.now(), this.#timeZone, this.parts.settings, this.#installation);
  }

  async #done(): Promise<Done> {
    const started = (cluster: ClusterName, kind?: "full") => {
      const newest = this.#standing[cluster].newest(kind);
      return newest && newest.timestamp.start * 1000;
    };
    const ended = async (kind: BackupRun["kind"]) => {
      const run = await this.#history.lastDone(kind);
      return run && Date.parse(run.endedAt!);
    };
    return {
      dataFull: started("data", "full"),
      data: started("data"),
      keysFull: started("keys", "full"),
      verification: await ended("verification"),
      drill: await ended("drill"),
    };
  }

  async #publish(): Promise<void> {
    const done = await this.#done();
    const { usedBytes, freeBytes, fullInDays } = await this.#room.look();
    const moment = (at: number | undefined) => at === undefined ? null : new Date(at).toISOString();
    const state: BackupState = {
      at: new Date().toISOString(),
      timeZone: this.#timeZone,
      clusters: {
        data: await this.#standing.data.published(),
        keys: await this.#standing.keys.published(),
      },
      repository: { usedBytes, freeBytes, fullInDays },
      running: this.#running,
      next: this.#plan(done).next.map(({ kind, cluster, at }) => ({
        kind,
        cluster,
        at: new Date(at).toISOString(),
      })),
      lastVerificationAt: moment(done.verification),
      lastDrillAt: moment(done.drill),
      offsite: await this.#offsite(),
    };
    await this.#publication.tell(state, [...await this.#history.all(), ...await this.#offsiteRuns()]);
    // For the operator's command, when the product is away.
    await this.#attempt(
      "write the state",
      () => writeDurably(join(this.parts.places.state, "state.json"), JSON.stringify(state)),
    );
  }

  /** What the sidecar last said of itself; null where none is set up. */
  async #offsite(): Promise<BackupState["offsite"]> {
    const folder = this.parts.settings.FLEETHOLD_OFFSITE_STATUS;
    const text = folder && await readText(join(folder, "status.json"));
    if (!text) return null;
    const parsed = OffsiteState.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : null;
  }

  async #offsiteRuns(): Promise<BackupRun[]> {
    const folder = this.parts.settings.FLEETHOLD_OFFSITE_STATUS;
    const text = folder && await readText(join(folder, "runs.jsonl"));
    return text ? text.split("\n").filter(Boolean).map((line) => JSON.parse(line) as BackupRun) : [];
  }

  /** Left by a restore. */
  get #restoredFile(): string {
    return join(this.parts.places.state, "restored.json");
  }

  /** What the sidecar brought back and nobody has drilled yet. */
  async #returned(): Promise<string | undefined> {
    const folder = this.parts.settings.FLEETHOLD_OFFSITE_RETURNED;
    const text = folder && await readText(join(folder, "returned.json"));
    if (!text) return undefined;
    const { at } = JSON.parse(text) as { at: string };
    const done = await readText(join(this.parts.places.repositories, "returned.done"));
    return done && (JSON.parse(done) as { at: string }).at === at ? undefined : at;
  }

  /** Tells the sidecar that what it brought back was drilled and may go. Not when this service ends: the next one drills it. */
  async #sendBack(at: string): Promise<void> {
    if (this.#aborting.signal.aborted) return;
    await this.parts.files.write(
      join(this.parts.places.repositories, "returned.done"),
      JSON.stringify({ at }),
      0o640,
    );
  }
}

/** Whether the last backup was made and is not sound. If the one before was neither, the disks are at fault. */
function isUnsound(runs: readonly BackupRun[], cluster: ClusterName): boolean {
  const [before, last] = runs.filter((run) =>
    run.cluster === cluster && ["full", "diff"].includes(run.kind) && run.endedAt !== null
  ).slice(-2).map(({ outcome, figures }) => outcome === "failed" && figures.label !== undefined);
  return last === undefined ? before === true : last && !before;
}

const elapsed = (last: number, now: number, every: number) => now - last >= every || last > now;

async function isUp(live: { isUp(): Promise<boolean> }): Promise<boolean> {
  return await live.isUp().catch(() => false);
}
