import type {
  BackupPromise,
  BackupReason,
  BackupRun,
  BackupState,
  ClusterName,
  RunKind,
  Safety,
  Verdict,
} from "./schema.ts";

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How old a proof may be, in seconds. A day of grace for what is weekly, two hours for what is twice a day. */
export const terms = {
  report: 2 * MINUTE,
  full: 8 * DAY,
  differential: 26 * HOUR,
  log: 10 * MINUTE,
  verification: 8 * DAY,
  /** A new backup is looked at as soon as it is made; so long it may take. */
  firstLook: 2 * HOUR,
  drill: 8 * DAY,
  keys: 26 * HOUR,
  /**
   * A person erased is erased from the backups too after 72 hours, since their key is gone from all of them: here after
   * the first, and from every copy of what was here after the second on top of that.
   */
  keysKept: 28 * HOUR,
  offsiteKeysKept: 44 * HOUR,
  offsiteCopy: 1 * DAY,
  offsiteVerification: 2 * DAY,
  offsiteReading: 35 * DAY,
};
/** The streamed copy may be so far behind: four pieces of the log. */
const MOST_BEHIND = 64 * 1024 ** 2;
const FEWEST_DAYS = 7;
/** Of the room for backups, the share that has to stay free. */
const LEAST_FREE = 0.1;
/** Below these it is no longer a matter of planning. */
const LAST_DAYS = 1, LAST_FREE = 0.02;

/**
 * How each promise stands, by what the backup service reported last and what its runs came to. A proof that is older
 * than its term counts as none: a stale check is red, not green.
 *
 * @param runs the last run that ended, of each kind and cluster
 */
export function judge(state: BackupState | null, runs: readonly BackupRun[], now: Date): Verdict[] {
  const look: Look = { state, runs, now: now.getTime() };
  return [
    reporting(look),
    ...(state
      ? [
        full({ ...look, state }),
        differential({ ...look, state }),
        log({ ...look, state }),
        gap({ ...look, state }),
        stream({ ...look, state }),
        verified({ ...look, state }),
        drill({ ...look, state }),
        keys({ ...look, state }),
        room({ ...look, state }),
        offsite({ ...look, state }),
      ]
      : reported.map((promise) => broken(promise, "unknown"))),
  ];
}

/** All verdicts in a word. */
export function safetyOf(verdicts: readonly Verdict[]): Safety {
  const of = (promise: BackupPromise) => verdicts.find((verdict) => verdict.promise === promise);
  if (of("reporting")?.kept === false) return "unknown";
  const isBroken = ({ kept }: Verdict) => kept === false;
  if (verdicts.some((verdict) => isBroken(verdict) && verdict.grave)) return "not-safe";
  if (of("full")?.reason?.code === "first-backup") return "starting";
  return verdicts.some(isBroken) ? "mostly" : "safe";
}

interface Look {
  state: BackupState | null;
  runs: readonly BackupRun[];
  now: number;
}
type Reported = Look & { state: BackupState };

/** What can be told from reports only. */
const reported = [
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
] as const satisfies BackupPromise[];

function reporting({ state, now }: Look): Verdict {
  if (!state) return broken("reporting", "never-reported");
  const seconds = ageOf(state.at, now);
  const proof = { figure: inSeconds(seconds), provenAt: state.at };
  return seconds <= terms.report
    ? kept("reporting", proof)
    : broken("reporting", "silent", { seconds, since: state.at }, proof);
}

function full({ state, runs, now }: Reported): Verdict {
  const fulls = state.clusters.data.backups.filter(({ kind }) => kind === "full");
  const newest = fulls.findLast(({ sound }) => sound !== false);
  if (!newest) {
    if (fulls.length > 0) return broken("full", "full-damaged", { label: fulls.at(-1)!.label }, {}, true);
    return notYet(state, runs, "data") ??
      withFailure("full", "full-failed", "no-full", { failed: failureOf(runs, "full", "data"), grave: true });
  }
  const proof = { figure: inBytes(newest.databaseBytes), provenAt: newest.endedAt };
  if (ageOf(newest.endedAt, now) <= terms.full) return kept("full", proof);
  const failed = failureOf(runs, "full", "data", newest.endedAt);
  return withFailure("full", "full-failed", "full-old", {
    failed,
    grave: true,
    facts: { at: newest.endedAt },
    proof,
  });
}

function differential({ state, runs, now }: Reported): Verdict {
  const newest = state.clusters.data.backups.findLast(({ sound }) => sound !== false);
  if (!newest) {
    return notYet(state, runs, "data", "differential") ?? broken("differential", "no-full");
  }
  const proof = { figure: inBytes(newest.repositoryBytes), provenAt: newest.endedAt };
  if (ageOf(newest.endedAt, now) <= terms.differential) return kept("differential", proof);
  return withFailure("differential", "differential-failed", "differential-old", {
    failed: failureOf(runs, "diff", "data", newest.endedAt),
    facts: { at: newest.endedAt },
    proof,
  });
}

function log(look: Reported): Verdict {
  const { state } = look;
  const { cluster, log } = worstBy(state, ({ log }) => log.waitingSeconds);
  const seconds = log.waitingSeconds;
  const proof = { figure: inSeconds(seconds), provenAt: state.at };
  if (isStale(look)) return broken("log", "unknown", { at: state.at }, proof, true);
  const facts = { cluster, seconds, ...(log.failure !== null && { failure: log.failure }) };
  if (seconds > terms.log) {
    return broken("log", log.failure === null ? "log-waiting" : "log-failing", facts, proof, true);
  }
  const troubled = clusters.find((name) => state.clusters[name].log.failure !== null);
  if (!troubled) return kept("log", proof);
  const { failure, waitingSeconds } = state.clusters[troubled].log;
  return kept("log", {
    ...proof,
    reason: {
      code: "log-trouble",
      facts: { cluster: troubled, seconds: waitingSeconds, failure: failure! },
    },
  });
}

function gap(look: Reported): Verdict {
  const { state } = look;
  const proof = { provenAt: state.at };
  if (isStale(look)) return broken("gap", "unknown", { at: state.at }, proof, true);
  const cluster = clusters.find((name) => state.clusters[name].log.gap !== null);
  if (!cluster) return kept("gap", proof);
  return broken("gap", "gap", { cluster, segment: state.clusters[cluster].log.gap! }, proof, true);
}

function stream(look: Reported): Verdict {
  const { state } = look;
  const { cluster, stream: { lagBytes } } = worstBy(state, ({ stream }) => stream.lagBytes);
  const proof = { figure: inBytes(lagBytes), provenAt: state.at };
  if (isStale(look)) return broken("stream", "unknown", { at: state.at }, proof);
  const off = clusters.find((name) => !state.clusters[name].stream.connected);
  if (off) return broken("stream", "stream-off", { cluster: off }, proof);
  return lagBytes <= MOST_BEHIND
    ? kept("stream", proof)
    : broken("stream", "stream-behind", { cluster, bytes: lagBytes }, proof);
}

function verified({ state, runs, now }: Reported): Verdict {
  const backups = clusters.flatMap((name) => state.clusters[name].backups);
  if (backups.length === 0) {
    return notYet(state, runs, "data", "verified") ?? broken("verified", "no-full");
  }
  const proof = {
    figure: inCount(backups.filter(({ sound }) => sound === true).length),
    provenAt: state.lastVerificationAt,
  };
  const damaged = backups.filter(({ sound }) => sound === false);
  if (damaged.length > 0) {
    const facts = { count: damaged.length, label: damaged.at(-1)!.label };
    return broken("verified", "damaged", facts, proof, true);
  }
  const last = lastOf(runs, "verification");
  const findings = last?.figures.findings ?? [];
  if (findings.length > 0) {
    return broken("verified", "findings", { count: findings.length, finding: findings[0]! }, proof, true);
  }
  if (last?.outcome === "failed") {
    return broken(
      "verified",
      "verification-failed",
      { at: last.endedAt!, failure: last.failure ?? "" },
      proof,
    );
  }
  const unseen = backups.find(({ sound, endedAt }) =>
    sound === null && ageOf(endedAt, now) > terms.firstLook
  );
  if (unseen) return broken("verified", "not-verified", { label: unseen.label, at: unseen.endedAt }, proof);
  // Until the first look at everything is due, each backup was looked at when it was made.
  const since = state.lastVerificationAt ?? backups.map(({ endedAt }) => endedAt).sort()[0]!;
  if (ageOf(since, now) <= terms.verification) return kept("verified", proof);
  return broken("verified", "verification-old", { at: since }, proof);
}

function drill({ state, runs, now }: Reported): Verdict {
  const last = lastOf(runs, "drill");
  if (!last) {
    const first = state.clusters.data.backups[0];
    if (state.lastDrillAt === null && (!first || ageOf(first.endedAt, now) <= terms.differential)) {
      return { ...notApplicable("drill"), reason: { code: "first-drill", facts: {} } };
    }
    return broken("drill", "no-drill", {}, { provenAt: state.lastDrillAt });
  }
  const at = last.endedAt!;
  const figures = last.figures.drill;
  const proof = {
    figure: figures ? inSeconds(figures.restoreSeconds + figures.replaySeconds) : null,
    provenAt: state.lastDrillAt ?? (last.outcome === "done" ? at : null),
  };
  if (last.outcome === "failed") {
    return broken("drill", "drill-failed", { at, failure: last.failure ?? "" }, proof, true);
  }
  const different = [
    ...(figures?.differing ?? []),
    ...(figures?.trailSame === false ? ["the audit trail"] : []),
    ...(figures?.sealedOpened === false ? ["sealed values"] : []),
  ];
  if (different.length > 0) {
    return broken("drill", "drill-different", { at, what: different.join(", ") }, proof, true);
  }
  if (ageOf(at, now) > terms.drill) return broken("drill", "drill-old", { at }, proof);
  if (!figures || figures.differing === null && figures.trailSame === null) {
    return broken("drill", "drill-not-compared", { at }, proof);
  }
  return kept("drill", proof);
}

function keys({ state, runs, now }: Reported): Verdict {
  const fulls = state.clusters.keys.backups.filter(({ kind }) => kind === "full");
  const newest = fulls.findLast(({ sound }) => sound !== false);
  if (!newest) {
    return notYet(state, runs, "keys", "keys") ??
      withFailure("keys", "keys-failed", "no-keys", { failed: failureOf(runs, "full", "keys"), grave: true });
  }
  const proof = { figure: inCount(fulls.length), provenAt: newest.endedAt };
  if (ageOf(newest.endedAt, now) > terms.keys) {
    return withFailure("keys", "keys-failed", "keys-old", {
      failed: failureOf(runs, "full", "keys", newest.endedAt),
      facts: { at: newest.endedAt },
      proof,
    });
  }
  const oldest = state.clusters.keys.backups[0]!.startedAt;
  return ageOf(oldest, now) <= terms.keysKept
    ? kept("keys", proof)
    : broken("keys", "keys-kept-too-long", { at: oldest }, proof);
}

function room(look: Reported): Verdict {
  const { state } = look;
  const { usedBytes, freeBytes, fullInDays } = state.repository;
  const proof = { figure: inBytes(freeBytes), provenAt: state.at };
  if (isStale(look)) return broken("room", "unknown", { at: state.at }, proof);
  const share = freeBytes / Math.max(usedBytes + freeBytes, 1);
  if (share <= LEAST_FREE) {
    return broken(
      "room",
      "room-short",
      { bytes: freeBytes, percent: Math.floor(share * 100) },
      proof,
      share <= LAST_FREE,
    );
  }
  if (fullInDays !== null && fullInDays <= FEWEST_DAYS) {
    const facts = { days: Math.floor(fullInDays), bytes: freeBytes };
    return broken("room", "room-filling", facts, proof, fullInDays <= LAST_DAYS);
  }
  return kept("room", proof);
}

function offsite({ state: { offsite: there }, now }: Reported): Verdict {
  if (!there) return { ...notApplicable("offsite"), reason: { code: "no-offsite", facts: {} } };
  const proof = {
    figure: there.bytes === null ? null : inBytes(there.bytes),
    provenAt: there.lastCopyAt,
  };
  const isLate = (at: string | null, term: number) => at === null || ageOf(at, now) > term;
  const late = (code: BackupReason, at: string | null) =>
    broken("offsite", code, {
      ...(at !== null && { at }),
      ...(there.failure !== null && { failure: there.failure }),
    }, proof);
  if (there.refusesDeletion === false) return broken("offsite", "offsite-deletable", {}, proof);
  if (isLate(there.lastCopyAt, terms.offsiteCopy)) {
    return late(there.failure === null ? "offsite-old" : "offsite-failed", there.lastCopyAt);
  }
  if (there.oldestKeysAt !== null && ageOf(there.oldestKeysAt, now) > terms.offsiteKeysKept) {
    return broken("offsite", "offsite-keys-kept-too-long", { at: there.oldestKeysAt }, proof);
  }
  if (isLate(there.lastVerifiedAt, terms.offsiteVerification)) {
    return late("offsite-not-verified", there.lastVerifiedAt);
  }
  if (isLate(there.lastFullVerifiedAt, terms.offsiteReading)) {
    return late("offsite-not-read", there.lastFullVerifiedAt);
  }
  return kept("offsite", proof);
}

const clusters = ["data", "keys"] as const satisfies ClusterName[];

type Facts = Record<string, string | number>;
type Proof = Partial<Pick<Verdict, "figure" | "provenAt" | "reason">>;

const nothing = { figure: null, provenAt: null, reason: null, grave: false };

const kept = (promise: BackupPromise, proof: Proof): Verdict => ({
  ...nothing,
  promise,
  kept: true,
  ...proof,
});

const broken = (
  promise: BackupPromise,
  code: BackupReason,
  facts: Facts = {},
  proof: Proof = {},
  grave = false,
): Verdict => ({ ...nothing, promise, kept: false, ...proof, grave, reason: { code, facts } });

const notApplicable = (promise: BackupPromise): Verdict => ({ ...nothing, promise, kept: null });

/** Broken, for the reason that the service gave for its last attempt if there was one since. */
function withFailure(
  promise: BackupPromise,
  failedCode: BackupReason,
  code: BackupReason,
  { failed, grave = false, facts = {}, proof = {} }: {
    failed: BackupRun | undefined;
    grave?: boolean;
    facts?: Facts;
    proof?: Proof;
  },
): Verdict {
  if (!failed) return broken(promise, code, facts, proof, grave);
  const failure = { ...facts, failedAt: failed.endedAt!, failure: failed.failure ?? "" };
  return broken(promise, failedCode, failure, proof, grave);
}

/** While the first backup is being made, that there is none yet breaks nothing. */
function notYet(
  { running }: BackupState,
  runs: readonly BackupRun[],
  cluster: ClusterName,
  promise: BackupPromise = "full",
): Verdict | null {
  if (!running || failureOf(runs, "full", cluster)) return null;
  return { ...notApplicable(promise), reason: { code: "first-backup", facts: {} } };
}

const lastOf = (runs: readonly BackupRun[], kind: RunKind, cluster?: ClusterName): BackupRun | undefined =>
  runs.filter((run) => run.kind === kind && run.endedAt !== null && (!cluster || run.cluster === cluster))
    .reduce<BackupRun | undefined>(
      (last, run) => !last || Date.parse(run.endedAt!) > Date.parse(last.endedAt!) ? run : last,
      undefined,
    );

/** The last attempt, if it failed and was after what there is. */
function failureOf(
  runs: readonly BackupRun[],
  kind: RunKind,
  cluster: ClusterName,
  after?: string,
): BackupRun | undefined {
  const last = lastOf(runs, kind, cluster);
  if (last?.outcome !== "failed") return undefined;
  return after === undefined || Date.parse(last.endedAt!) > Date.parse(after) ? last : undefined;
}

function worstBy(state: BackupState, measure: (cluster: BackupState["clusters"]["data"]) => number) {
  const [data, keys] = clusters.map((cluster) => ({ cluster, ...state.clusters[cluster] })) as [
    BackupState["clusters"]["data"] & { cluster: ClusterName },
    BackupState["clusters"]["keys"] & { cluster: ClusterName },
  ];
  return measure(keys) > measure(data) ? keys : data;
}

const isStale = ({ state, now }: Reported) => ageOf(state.at, now) > terms.report;

/** In whole seconds; what lies ahead, by a clock that is a little fast, is as young as can be. */
const ageOf = (at: string, now: number) => Math.max(0, Math.round((now - Date.parse(at)) / 1000));

const inSeconds = (value: number) => ({ unit: "seconds" as const, value });
const inBytes = (value: number) => ({ unit: "bytes" as const, value });
const inCount = (value: number) => ({ unit: "count" as const, value });
