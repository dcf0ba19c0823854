import { describe, expect, it } from "vitest";
import { judge, safetyOf } from "../../server/backups/promises.ts";
import {
  BackupPromise,
  BackupReason,
  type BackupRun,
  BackupState,
  type ClusterBackups,
  type OffsiteState,
} from "../../server/backups/schema.ts";
import { inWords, promiseWords } from "../../server/backups/words.ts";
import { backup, before, drillFigures, healthyRuns, healthyState, run } from "./healthy.ts";

const now = new Date("2026-11-26T09:14:00Z");
const MINUTE = 60_000, HOUR = 60 * MINUTE, DAY = 24 * HOUR;

const verdictsOf = (state: BackupState | null, runs: BackupRun[] = healthyRuns(now)) =>
  judge(state, runs, now);
const verdictOn = (promise: BackupPromise, state: BackupState | null, runs?: BackupRun[]) =>
  verdictsOf(state, runs).find((verdict) => verdict.promise === promise)!;

/** A healthy state with something of one cluster, or of what lies offsite, as it should not be. */
const withCluster = (name: "data" | "keys", over: (cluster: ClusterBackups) => Partial<ClusterBackups>) => {
  const state = healthyState(now);
  return {
    ...state,
    clusters: { ...state.clusters, [name]: { ...state.clusters[name], ...over(state.clusters[name]) } },
  };
};
const withLog = (name: "data" | "keys", over: Partial<ClusterBackups["log"]>) =>
  withCluster(name, ({ log }) => ({ log: { ...log, ...over } }));
const withStream = (over: Partial<ClusterBackups["stream"]>) =>
  withCluster("data", ({ stream }) => ({ stream: { ...stream, ...over } }));
const withOffsite = (over: Partial<OffsiteState>) => {
  const state = healthyState(now);
  return { ...state, offsite: { ...state.offsite!, ...over } };
};
const withRoom = (over: Partial<BackupState["repository"]>) => {
  const state = healthyState(now);
  return { ...state, repository: { ...state.repository, ...over } };
};
const withoutBackups = () => {
  const none = () => ({ backups: [], recoverable: null });
  const state = withCluster("data", none);
  return { ...state, clusters: { data: state.clusters.data, keys: withCluster("keys", none).clusters.keys } };
};

interface Case {
  so: string;
  promise: BackupPromise;
  state: BackupState | null;
  runs?: BackupRun[];
  code: BackupReason;
  kept?: boolean | null;
  grave?: boolean;
}

const failed = (kind: BackupRun["kind"], age: number, cluster: BackupRun["cluster"] = "data") => [
  ...healthyRuns(now),
  run(now, kind, age, { cluster, outcome: "failed", failure: "The disk is full; make room." }),
];

const cases: Case[] = [
  { so: "a service never heard of", promise: "reporting", state: null, code: "never-reported" },
  {
    so: "a service silent for three minutes",
    promise: "reporting",
    state: healthyState(now, { at: before(now, 3 * MINUTE) }),
    code: "silent",
  },
  {
    so: "a full backup nine days old",
    promise: "full",
    state: withCluster(
      "data",
      () => ({ backups: [backup(now, 9 * DAY), backup(now, HOUR, { kind: "diff" })] }),
    ),
    code: "full-old",
    grave: true,
  },
  {
    so: "an old full backup, and a failed attempt since",
    promise: "full",
    state: withCluster("data", () => ({ backups: [backup(now, 9 * DAY)] })),
    runs: failed("full", HOUR),
    code: "full-failed",
    grave: true,
  },
  {
    so: "a full backup that is damaged, and no other",
    promise: "full",
    state: withCluster("data", () => ({ backups: [backup(now, DAY, { sound: false })] })),
    code: "full-damaged",
    grave: true,
  },
  {
    so: "no backup at all, and nothing under way",
    promise: "full",
    state: withoutBackups(),
    runs: [],
    code: "no-full",
    grave: true,
  },
  {
    so: "no backup at all while the first one is made",
    promise: "full",
    state: {
      ...withoutBackups(),
      running: {
        run: run(now, "full", 0).id,
        kind: "full",
        cluster: "data",
        startedAt: before(now, MINUTE),
        step: "copying",
        progress: 0.4,
      },
    },
    runs: [],
    code: "first-backup",
    kept: null,
  },
  {
    so: "27 hours without a backup of any kind",
    promise: "differential",
    state: withCluster("data", () => ({ backups: [backup(now, 27 * HOUR)] })),
    code: "differential-old",
  },
  {
    so: "a differential backup that failed and is late",
    promise: "differential",
    state: withCluster("data", () => ({ backups: [backup(now, 27 * HOUR)] })),
    runs: failed("diff", HOUR),
    code: "differential-failed",
  },
  {
    so: "changes that wait for eleven minutes",
    promise: "log",
    state: withLog("data", { waitingSeconds: 660 }),
    code: "log-waiting",
    grave: true,
  },
  {
    so: "changes of the keys that wait because the disk is full",
    promise: "log",
    state: withLog("keys", { waitingSeconds: 700, failure: "No space left; make room." }),
    code: "log-failing",
    grave: true,
  },
  {
    so: "a log that fails, but not for long yet",
    promise: "log",
    state: withLog("data", { waitingSeconds: 80, failure: "No space left; make room." }),
    code: "log-trouble",
    kept: true,
  },
  {
    so: "a log nobody knows of, since the service is silent",
    promise: "log",
    state: healthyState(now, { at: before(now, HOUR) }),
    code: "unknown",
    grave: true,
  },
  {
    so: "a missing piece of the log",
    promise: "gap",
    state: withLog("data", { gap: "000000010000000A000000F3" }),
    code: "gap",
    grave: true,
  },
  {
    so: "a stream that broke off",
    promise: "stream",
    state: withStream({ connected: false }),
    code: "stream-off",
  },
  {
    so: "a stream 100 MB behind",
    promise: "stream",
    state: withStream({ lagBytes: 100_000_000 }),
    code: "stream-behind",
  },
  {
    so: "a damaged backup among sound ones",
    promise: "verified",
    state: withCluster(
      "data",
      ({ backups }) => ({ backups: [...backups, backup(now, HOUR, { sound: false })] }),
    ),
    code: "damaged",
    grave: true,
  },
  {
    so: "a backup nobody has looked at for three hours",
    promise: "verified",
    state: withCluster(
      "data",
      ({ backups }) => ({ backups: [...backups, backup(now, 3 * HOUR, { sound: null })] }),
    ),
    code: "not-verified",
  },
  {
    so: "a check that found faults",
    promise: "verified",
    state: healthyState(now),
    runs: [
      ...healthyRuns(now),
      run(now, "verification", HOUR, {
        outcome: "failed",
        figures: { findings: ["backup.info is damaged"] },
      }),
    ],
    code: "findings",
    grave: true,
  },
  {
    so: "a check that could not be done",
    promise: "verified",
    state: healthyState(now),
    runs: failed("verification", HOUR, null),
    code: "verification-failed",
  },
  {
    so: "a check nine days ago",
    promise: "verified",
    state: healthyState(now, { lastVerificationAt: before(now, 9 * DAY) }),
    code: "verification-old",
  },
  {
    so: "a drill that failed",
    promise: "drill",
    state: healthyState(now),
    runs: failed("drill", HOUR),
    code: "drill-failed",
    grave: true,
  },
  ...([
    ["a table", { differing: ["public.deliveries"] }],
    ["the trail", { trailSame: false }],
    ["a sealed value", { sealedOpened: false }],
  ] as const).map(([what, over]): Case => ({
    so: `a drill after which ${what} differed`,
    promise: "drill",
    state: healthyState(now),
    runs: [run(now, "drill", DAY, { figures: { drill: { ...drillFigures(now, DAY), ...over } as never } })],
    code: "drill-different",
    grave: true,
  })),
  {
    so: "a drill that compared nothing",
    promise: "drill",
    state: healthyState(now),
    runs: [
      run(now, "drill", DAY, {
        figures: { drill: { ...drillFigures(now, DAY), differing: null, trailSame: null } },
      }),
    ],
    code: "drill-not-compared",
  },
  {
    so: "a drill nine days ago",
    promise: "drill",
    state: healthyState(now, { lastDrillAt: before(now, 9 * DAY) }),
    runs: [run(now, "drill", 9 * DAY, { figures: { drill: drillFigures(now, 9 * DAY) } })],
    code: "drill-old",
  },
  {
    so: "backups for a month and no drill",
    promise: "drill",
    state: healthyState(now, { lastDrillAt: null }),
    runs: [],
    code: "no-drill",
  },
  {
    so: "the first backup an hour ago and no drill yet",
    promise: "drill",
    state: { ...withCluster("data", () => ({ backups: [backup(now, HOUR)] })), lastDrillAt: null },
    runs: [],
    code: "first-drill",
    kept: null,
  },
  {
    so: "no backup of the keys",
    promise: "keys",
    state: withCluster("keys", () => ({ backups: [] })),
    code: "no-keys",
    grave: true,
  },
  {
    so: "a backup of the keys 27 hours old",
    promise: "keys",
    state: withCluster("keys", () => ({ backups: [backup(now, 27 * HOUR)] })),
    code: "keys-old",
  },
  {
    so: "an old backup of the keys, and a failed attempt since",
    promise: "keys",
    state: withCluster("keys", () => ({ backups: [backup(now, 27 * HOUR)] })),
    runs: failed("full", HOUR, "keys"),
    code: "keys-failed",
  },
  {
    so: "a backup of the keys kept for four days",
    promise: "keys",
    state: withCluster("keys", ({ backups }) => ({ backups: [backup(now, 96 * HOUR), ...backups] })),
    code: "keys-kept-too-long",
  },
  { so: "room for five days", promise: "room", state: withRoom({ fullInDays: 5.6 }), code: "room-filling" },
  {
    so: "room for a few hours",
    promise: "room",
    state: withRoom({ fullInDays: 0.4 }),
    code: "room-filling",
    grave: true,
  },
  {
    so: "a twentieth of the room free",
    promise: "room",
    state: withRoom({ usedBytes: 95e9, freeBytes: 5e9 }),
    code: "room-short",
  },
  {
    so: "a hundredth of the room free",
    promise: "room",
    state: withRoom({ usedBytes: 99e9, freeBytes: 1e9 }),
    code: "room-short",
    grave: true,
  },
  {
    so: "no offsite target",
    promise: "offsite",
    state: healthyState(now, { offsite: null }),
    code: "no-offsite",
    kept: null,
  },
  {
    so: "an offsite copy that was never made",
    promise: "offsite",
    state: withOffsite({ lastCopyAt: null }),
    code: "offsite-old",
  },
  {
    so: "an offsite copy that fails for two days",
    promise: "offsite",
    state: withOffsite({ lastCopyAt: before(now, 2 * DAY), failure: "The target is full." }),
    code: "offsite-failed",
  },
  {
    so: "an offsite copy not checked for three days",
    promise: "offsite",
    state: withOffsite({ lastVerifiedAt: before(now, 3 * DAY) }),
    code: "offsite-not-verified",
  },
  {
    so: "an offsite copy never read back as a whole",
    promise: "offsite",
    state: withOffsite({ lastFullVerifiedAt: before(now, 36 * DAY) }),
    code: "offsite-not-read",
  },
  {
    so: "keys that lie offsite for four days",
    promise: "offsite",
    state: withOffsite({ oldestKeysAt: before(now, 96 * HOUR) }),
    code: "offsite-keys-kept-too-long",
  },
  {
    so: "an offsite target that lets us delete",
    promise: "offsite",
    state: withOffsite({ refusesDeletion: false }),
    code: "offsite-deletable",
  },
];

describe("the promises about backups", () => {
  it("are all kept where all is well", () => {
    const verdicts = verdictsOf(healthyState(now));
    expect(verdicts.filter(({ kept }) => kept !== true)).toEqual([]);
    expect(verdicts.map(({ promise }) => promise)).toEqual(
      BackupPromise.options.filter((promise) => promise !== "told"),
    );
    expect(verdicts.every(({ provenAt }) => provenAt !== null)).toBe(true);
    expect(safetyOf(verdicts)).toBe("safe");
  });

  it.each(cases)("are told apart: $so", ({ promise, state, runs, code, kept = false, grave = false }) => {
    if (state) expect(() => BackupState.parse(state)).not.toThrow();
    const verdict = verdictOn(promise, state, runs);
    expect(verdict).toMatchObject({ kept, reason: { code } });
    expect(verdict.grave).toBe(grave);
    // The same promise is kept where nothing but this is otherwise.
    expect(verdictOn(promise, healthyState(now)).kept).toBe(true);
  });

  it("stay kept to the last minute of their terms", () => {
    const aged = (age: number) =>
      withCluster(
        "data",
        () => ({ backups: [backup(now, 8 * DAY - MINUTE), backup(now, age, { kind: "diff" })] }),
      );
    expect(verdictOn("full", aged(HOUR)).kept).toBe(true);
    expect(verdictOn("differential", aged(26 * HOUR - MINUTE)).kept).toBe(true);
    expect(verdictOn("differential", aged(26 * HOUR + MINUTE)).kept).toBe(false);
    expect(verdictOn("log", withLog("data", { waitingSeconds: 600 })).kept).toBe(true);
  });

  it("are none of them taken for kept while the service is silent and the time runs out", () => {
    const silent = healthyState(new Date(now.getTime() - 90 * DAY));
    const verdicts = verdictsOf(silent, healthyRuns(new Date(now.getTime() - 90 * DAY)));
    expect(verdicts.filter(({ kept }) => kept !== false)).toEqual([]);
  });

  it("come to one word", () => {
    const word = (state: BackupState | null, runs?: BackupRun[]) => safetyOf(verdictsOf(state, runs));
    expect(word(null)).toBe("unknown");
    expect(word(healthyState(now, { at: before(now, HOUR) }))).toBe("unknown");
    expect(word(withLog("data", { gap: "00000001000000000000000A" }))).toBe("not-safe");
    expect(word(withRoom({ fullInDays: 5 }))).toBe("mostly");
    expect(word(healthyState(now, { offsite: null }))).toBe("safe");
  });

  it("have words in English, with a next step, for every way to break them", () => {
    expect(Object.keys(promiseWords)).toEqual(BackupPromise.options);
    for (const { promise, state, runs } of cases) {
      const { so, next } = inWords(verdictOn(promise, state, runs).reason!, "Europe/Berlin");
      expect(so).toMatch(/^[A-Z].*[.!]$/s);
      expect(next).toMatch(/^[A-Zd].*\.$/s);
      expect(so + next).not.toMatch(/[{}]|undefined|NaN/);
    }
    const seen = new Set(cases.map(({ code }) => code));
    const elsewhere: BackupReason[] = ["nobody-told", "not-told"];
    expect(BackupReason.options.filter((code) => !seen.has(code) && !elsewhere.includes(code))).toEqual([]);
  });
});
