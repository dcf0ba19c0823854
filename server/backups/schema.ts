import { z } from "zod";
import { Id, Instant, pageOf, paging } from "../platform/schema.ts";

/**
 * The words the backup service, the API and the web UI share. Sizes are bytes, durations seconds, moments ISO 8601.
 */

export const ClusterName = z.enum(["data", "keys"]);
export type ClusterName = z.infer<typeof ClusterName>;

/** `full` holds everything, `diff` what changed since the last full one; either goes on in the log. */
export const BackupKind = z.enum(["full", "diff"]);
export type BackupKind = z.infer<typeof BackupKind>;

/** What the service does, one at a time. */
export const RunKind = z.enum([
  "full",
  "diff",
  /** Looks at every byte of the repository. */
  "verification",
  /** Restores the newest backup and the log into a throw-away cluster and compares it with the live one. */
  "drill",
  /** The same from what the offsite target gives back. */
  "offsite-drill",
  "offsite-copy",
  /** Reads back what lies offsite: a sample of it, or all. */
  "offsite-verification",
]);
export type RunKind = z.infer<typeof RunKind>;

/** What a drill compared and found. */
export const DrillFigures = z.object({
  /** The newest moment the restored copy holds, by its canary. */
  recoveredTo: Instant,
  restoreSeconds: z.number(),
  replaySeconds: z.number(),
  checkSeconds: z.number(),
  databaseBytes: z.number(),
  tables: z.int(),
  rows: z.int(),
  /** Tables whose rows differ from the live cluster's at the same moment; null: no quiet moment was found to compare. */
  differing: z.array(z.string()).nullable(),
  trailEntries: z.int(),
  /** Whether every entry of the trail is as in the live cluster. */
  trailSame: z.boolean().nullable(),
  /** Whether a sealed value opened with the present keys; null: there is none yet, or nobody answered. */
  sealedOpened: z.boolean().nullable(),
});
export type DrillFigures = z.infer<typeof DrillFigures>;

/** Figures of a run by name; which there are depends on its kind. */
export const RunFigures = z.object({
  /** Name of the backup in the repository, `20261126-020000F`. */
  label: z.string().optional(),
  databaseBytes: z.number().optional(),
  /** What it added to the repository, or what was copied. */
  addedBytes: z.number().optional(),
  /** Of a verification. */
  files: z.int().optional(),
  bytes: z.number().optional(),
  /** What is wrong, one finding a line: file and fault. */
  findings: z.array(z.string()).optional(),
  drill: DrillFigures.optional(),
});
export type RunFigures = z.infer<typeof RunFigures>;

export const BackupRun = z.object({
  id: Id,
  kind: RunKind,
  cluster: ClusterName.nullable(),
  /** The account that asked for it; null: it was due. */
  requestedBy: Id.nullable(),
  startedAt: Instant,
  endedAt: Instant.nullable(),
  outcome: z.enum(["done", "failed"]).nullable(),
  /** Why it failed, a sentence with the next step. */
  failure: z.string().nullable(),
  figures: RunFigures,
});
export type BackupRun = z.infer<typeof BackupRun>;

/** A backup in the repository. */
export const Backup = z.object({
  label: z.string(),
  kind: BackupKind,
  startedAt: Instant,
  endedAt: Instant,
  /** The cluster's size then. */
  databaseBytes: z.number(),
  /** What it added to the repository. */
  repositoryBytes: z.number(),
  /** Checked byte by byte after it was made; false: damaged. Null: not checked yet. */
  sound: z.boolean().nullable(),
});
export type Backup = z.infer<typeof Backup>;

export const ClusterBackups = z.object({
  backups: z.array(Backup),
  /** Any moment between these can be restored; null before the first backup. */
  recoverable: z.object({ from: Instant, to: Instant }).nullable(),
  log: z.object({
    /** How long the oldest change that is not in the repository yet has been waiting. */
    waitingSeconds: z.number(),
    /** Why the log does not reach the repository; null while it does. */
    failure: z.string().nullable(),
    /** The first missing piece of the log, by the name of its segment. */
    gap: z.string().nullable(),
    /** Bytes of log on the cluster's disk that wait to be archived. */
    waitingBytes: z.number(),
  }),
  /** The copy of the log that is streamed as it is written. */
  stream: z.object({
    connected: z.boolean(),
    lagBytes: z.number(),
    /** Whether a change is acknowledged only once the stream has it. */
    synchronous: z.boolean(),
  }),
});
export type ClusterBackups = z.infer<typeof ClusterBackups>;

export const OffsiteState = z.object({
  kind: z.enum(["sftp", "s3", "rest", "folder"]),
  /** The address without credentials. */
  address: z.string(),
  lastCopyAt: Instant.nullable(),
  lastVerifiedAt: Instant.nullable(),
  lastFullVerifiedAt: Instant.nullable(),
  /** Whether the target refused when the sidecar tried to delete with its own credentials; null: not tried yet. */
  refusesDeletion: z.boolean().nullable(),
  deletionTriedAt: Instant.nullable(),
  /** The oldest copy of the keys there; it must be gone within 72 hours. */
  oldestKeysAt: Instant.nullable(),
  /** Why the last attempt failed; null: it went well. */
  failure: z.string().nullable(),
  /** Bytes at the target. */
  bytes: z.number().nullable(),
  copies: z.int().nullable(),
});
export type OffsiteState = z.infer<typeof OffsiteState>;

/** How everything stands, written anew every few seconds. */
export const BackupState = z.object({
  at: Instant,
  /** The time zone the schedule is in. */
  timeZone: z.string(),
  clusters: z.object({ data: ClusterBackups, keys: ClusterBackups }),
  /** Room for backups, and how long it lasts at the pace of the last days; null: longer than can be told. */
  repository: z.object({
    usedBytes: z.number(),
    freeBytes: z.number(),
    fullInDays: z.number().nullable(),
  }),
  /** What is being done now. */
  running: z.object({
    run: Id,
    kind: RunKind,
    cluster: ClusterName.nullable(),
    startedAt: Instant,
    /** What it is at, in one word of `RunStep`. */
    step: z.string(),
    /** From 0 to 1; null: cannot be told. */
    progress: z.number().nullable(),
  }).nullable(),
  next: z.array(z.object({ kind: RunKind, cluster: ClusterName.nullable(), at: Instant })),
  lastVerificationAt: Instant.nullable(),
  lastDrillAt: Instant.nullable(),
  /** Null: no offsite target is set. */
  offsite: OffsiteState.nullable(),
});
export type BackupState = z.infer<typeof BackupState>;

/** The steps of a run, in the order in which they come. */
export const RunStep = z.enum([
  "starting",
  "copying",
  "verifying",
  "expiring",
  "marking",
  "restoring",
  "replaying",
  "checking",
  "comparing",
  "clearing",
]);
export type RunStep = z.infer<typeof RunStep>;

/** What people may ask for. */
export const BackupRequest = z.object({
  kind: z.enum(["full", "diff", "verification", "drill", "offsite-drill"]),
});
export type BackupRequest = z.infer<typeof BackupRequest>;

/** A request that the service has not taken up yet, or has just been made. */
export const RequestedBackup = z.object({ id: Id, kind: BackupRequest.shape.kind, at: Instant });
export type RequestedBackup = z.infer<typeof RequestedBackup>;

/** What the product promises about backups; each can be proven or found broken at any moment. */
export const BackupPromise = z.enum([
  "reporting",
  "full",
  "differential",
  "log",
  "gap",
  "stream",
  "verified",
  "drill",
  "keys",
  "room",
  "offsite",
  /** Somebody hears of it when one of the others is broken. */
  "told",
]);
export type BackupPromise = z.infer<typeof BackupPromise>;

/** Why a promise is broken, is not to be kept yet, or is kept with trouble ahead. */
export const BackupReason = z.enum([
  "never-reported",
  "silent",
  /** Its proof is in what the service reports, and it does not report. */
  "unknown",
  /** Nothing is there yet, and the first one is being made. */
  "first-backup",
  "no-full",
  "full-damaged",
  "full-old",
  "full-failed",
  "differential-old",
  "differential-failed",
  "log-waiting",
  "log-failing",
  "log-trouble",
  "gap",
  "stream-off",
  "stream-behind",
  "damaged",
  "not-verified",
  "findings",
  "verification-failed",
  "verification-old",
  "first-drill",
  "no-drill",
  "drill-failed",
  "drill-different",
  "drill-not-compared",
  "drill-old",
  "no-keys",
  "keys-failed",
  "keys-old",
  "keys-kept-too-long",
  "room-filling",
  "room-short",
  "no-offsite",
  "offsite-failed",
  "offsite-old",
  "offsite-not-verified",
  "offsite-not-read",
  "offsite-keys-kept-too-long",
  "offsite-deletable",
  "nobody-told",
  "not-told",
]);
export type BackupReason = z.infer<typeof BackupReason>;

/** How one promise stands. */
export const Verdict = z.object({
  promise: BackupPromise,
  /** Null: it does not apply, or not yet. */
  kept: z.boolean().nullable(),
  /** Whether, broken, data may be lost or may not come back; else something is to be looked after. */
  grave: z.boolean(),
  figure: z.object({ unit: z.enum(["seconds", "bytes", "days", "count"]), value: z.number() }).nullable(),
  /** When it was last proven. */
  provenAt: Instant.nullable(),
  /** Why, with its facts by name: `…At` are moments, `seconds`, `bytes`, `days` and `count` numbers, the rest words. */
  reason: z.object({
    code: BackupReason,
    facts: z.record(z.string(), z.union([z.string(), z.number()])),
  }).nullable(),
});
export type Verdict = z.infer<typeof Verdict>;

/**
 * All of it in a word. `unknown`: the service is silent; `starting`: the first backup is being made; `none`: this
 * installation makes no backups.
 */
export const Safety = z.enum(["safe", "mostly", "not-safe", "unknown", "starting", "none"]);
export type Safety = z.infer<typeof Safety>;

/** How the backups stand, for people. */
export const BackupsOverview = z.object({
  /** Whether this installation makes backups at all. */
  hasBackups: z.boolean(),
  /** Null: the service has never reported. */
  state: BackupState.nullable(),
  safety: Safety,
  verdicts: z.array(Verdict),
  /** Asked for, and not taken up yet. */
  waiting: z.array(RequestedBackup),
});
export type BackupsOverview = z.infer<typeof BackupsOverview>;

export const RunQuery = z.object({
  /** Kinds, with commas between them: `full,diff`. */
  kind: z.string().max(120).transform((text) => text.split(",")).pipe(z.array(RunKind).min(1)).optional(),
  /** Only what began then or later. */
  from: Instant.optional(),
  ...paging(200),
});
export type RunQuery = z.infer<typeof RunQuery>;
export const RunPage = pageOf(BackupRun);
