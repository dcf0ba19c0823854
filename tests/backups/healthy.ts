import { newId } from "../../server/platform/id.ts";
import type { Backup, BackupRun, BackupState, ClusterName, RunKind } from "../../server/backups/schema.ts";

const MINUTE = 60_000, HOUR = 60 * MINUTE, DAY = 24 * HOUR;

/** A moment before `now`, in whole seconds. */
export const before = (now: Date, ms: number): string =>
  new Date(Math.floor((now.getTime() - ms) / 1000) * 1000).toISOString();

export function backup(now: Date, age: number, over: Partial<Backup> = {}): Backup {
  const endedAt = before(now, age);
  const startedAt = before(now, age + 9_000);
  const label = `${startedAt.replaceAll(/[-:]/g, "").replace("T", "-").slice(0, 15)}F`;
  return {
    label,
    kind: "full",
    startedAt,
    endedAt,
    databaseBytes: 3_177_000_000,
    repositoryBytes: over.kind === "diff" ? 41_000_000 : 665_000_000,
    sound: true,
    ...over,
  };
}

/** What a service reports that has kept every promise for five weeks. */
export function healthyState(now: Date, over: Partial<BackupState> = {}): BackupState {
  const cluster = (backups: Backup[], from: number) => ({
    backups: backups.toSorted((a, b) => a.startedAt < b.startedAt ? -1 : 1),
    recoverable: { from: before(now, from), to: before(now, 12_000) },
    log: { waitingSeconds: 12, failure: null, gap: null, waitingBytes: 0 },
    stream: { connected: true, lagBytes: 4_096, synchronous: false },
  });
  const fulls = [2, 9, 16, 23, 30].map((days) => backup(now, days * DAY));
  const diffs = [0.2, 0.7, 1.2, 1.7].map((days) => backup(now, days * DAY, { kind: "diff" }));
  const keys = [backup(now, 5 * HOUR, { databaseBytes: 41_000_000, repositoryBytes: 9_000_000 })];
  return {
    at: before(now, 3_000),
    timeZone: "Europe/Berlin",
    clusters: { data: cluster([...fulls, ...diffs], 30 * DAY), keys: cluster(keys, 5 * HOUR) },
    repository: { usedBytes: 9_400_000_000, freeBytes: 61_000_000_000, fullInDays: 140 },
    running: null,
    next: [
      { kind: "diff", cluster: "data", at: before(now, -7 * HOUR) },
      { kind: "full", cluster: "keys", at: before(now, -19 * HOUR) },
      { kind: "full", cluster: "data", at: before(now, -5 * DAY) },
      { kind: "drill", cluster: "data", at: before(now, -5 * DAY) },
    ],
    lastVerificationAt: before(now, 3 * DAY),
    lastDrillAt: before(now, 1.9 * DAY),
    offsite: {
      kind: "sftp",
      address: "sftp://backups.kestrel.example/fleethold",
      lastCopyAt: before(now, 70_000),
      lastVerifiedAt: before(now, 9 * HOUR),
      lastFullVerifiedAt: before(now, 12 * DAY),
      refusesDeletion: true,
      deletionTriedAt: before(now, 9 * HOUR),
      oldestKeysAt: before(now, 39 * HOUR),
      failure: null,
      bytes: 9_600_000_000,
      copies: 12,
    },
    ...over,
  };
}

export function run(now: Date, kind: RunKind, age: number, over: Partial<BackupRun> = {}): BackupRun {
  return {
    id: newId(now.getTime() - age),
    kind,
    cluster: kind === "verification" || kind.startsWith("offsite") ? null : "data",
    requestedBy: null,
    startedAt: before(now, age + 60_000),
    endedAt: before(now, age),
    outcome: "done",
    failure: null,
    figures: {},
    ...over,
  };
}

export const drillFigures = (now: Date, age: number) => ({
  recoveredTo: before(now, age + 120_000),
  restoreSeconds: 48.2,
  replaySeconds: 9.4,
  checkSeconds: 21.7,
  databaseBytes: 3_177_000_000,
  tables: 27,
  rows: 1_284_311,
  differing: [],
  trailEntries: 731_902,
  trailSame: true,
  sealedOpened: true,
});

/** The runs behind `healthyState`. */
export function healthyRuns(now: Date): BackupRun[] {
  const of = (
    kind: RunKind,
    cluster: ClusterName | null,
    ages: number[],
    figures: BackupRun["figures"] = {},
  ) => ages.map((days) => run(now, kind, days * DAY, { cluster, figures }));
  const weeks = [0, 7, 14, 21, 28];
  const backedUp = (addedBytes: number) => ({ databaseBytes: 3_177_000_000, addedBytes });
  return [
    ...of("full", "data", weeks.map((days) => days + 2), backedUp(665_000_000)),
    ...of("diff", "data", Array.from({ length: 70 }, (_, index) => 0.2 + index / 2), backedUp(41_000_000)),
    ...of("full", "keys", Array.from({ length: 35 }, (_, day) => day + 0.2), backedUp(9_000_000)),
    ...of("verification", null, weeks.map((days) => days + 3), {
      files: 1_204,
      bytes: 9_400_000_000,
      findings: [],
    }),
    ...weeks.map((days) =>
      run(now, "drill", (days + 1.9) * DAY, { figures: { drill: drillFigures(now, (days + 1.9) * DAY) } })
    ),
  ];
}
