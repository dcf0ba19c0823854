import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Done, plan, type Task } from "../../backup/schedule.ts";

const MINUTE = 60_000, HOUR = 60 * MINUTE, DAY = 24 * HOUR;
const times = {
  FLEETHOLD_BACKUP_TIME: "02:30",
  FLEETHOLD_BACKUP_DAY: "sunday",
  FLEETHOLD_BACKUP_DIFFERENTIAL: "12h",
  FLEETHOLD_DRILL_EVERY: 7,
} as const;
const berlin = "Europe/Berlin";

const at = (text: string, zone = berlin) =>
  Temporal.PlainDateTime.from(text).toZonedDateTime(zone).epochMilliseconds;
const clock = (moment: number, zone = berlin) =>
  Temporal.Instant.fromEpochMilliseconds(moment).toZonedDateTimeISO(zone).toPlainDateTime().toString({
    smallestUnit: "minute",
  });
const never: Done = {
  dataFull: undefined,
  data: undefined,
  keysFull: undefined,
  verification: undefined,
  drill: undefined,
};
const allAt = (moment: number): Done => ({
  dataFull: moment,
  data: moment,
  keysFull: moment,
  verification: moment,
  drill: moment + 1,
});
/** One whose share of half an hour is none. */
const punctual = installationWith(0);
const due = (done: Done, now: number, zone = berlin) =>
  plan(done, now, zone, times, punctual).due.map(({ kind, cluster }) =>
    cluster ? `${kind} ${cluster}` : kind
  );
const next = (kind: Task["kind"], now: number, zone = berlin, installation = punctual, done = allAt(now)) =>
  plan(done, now, zone, times, installation).next
    .find((task) => task.kind === kind && task.cluster !== "keys")!.at;

/** What the service does with the plan: everything that is due, one after another, one each `step`. */
function act(done: Done, from: number, to: number, step = MINUTE, zone = berlin) {
  const log: { task: string; at: number }[] = [];
  let known = done;
  for (let now = from; now <= to; now += step) {
    const task = plan(known, now, zone, times, punctual).due[0];
    if (!task) continue;
    log.push({ task: task.cluster ? `${task.kind} ${task.cluster}` : task.kind, at: now });
    known = {
      ...known,
      ...(task.cluster === "data" && task.kind === "full" && { dataFull: now, data: now }),
      ...(task.kind === "diff" && { data: now }),
      ...(task.cluster === "keys" && { keysFull: now }),
      ...(task.kind === "verification" && { verification: now }),
      ...(task.kind === "drill" && { drill: now }),
    };
  }
  return { log, done: known };
}

describe("a new installation", () => {
  it("makes a full backup of data, then of keys, and proves it once it is there", () => {
    expect(due(never, at("2026-11-25T10:00"))).toEqual(["full data", "full keys"]);
    const { log } = act(never, at("2026-11-25T10:00"), at("2026-11-25T11:00"));
    expect(log.map(({ task }) => task)).toEqual(["full data", "full keys", "drill data", "verification"]);
  });
});

describe("a week of backups", () => {
  it("has a full one on Sunday, fourteen in all, keys each day, one drill after the full one and one verification", () => {
    // A Monday, after everything was done.
    const { log } = act(
      allAt(at("2026-11-22T02:30")),
      at("2026-11-22T03:00"),
      at("2026-11-29T04:00"),
      15 * MINUTE,
    );
    const count = (task: string) => log.filter((entry) => entry.task === task).length;
    expect({
      full: count("full data"),
      diff: count("diff data"),
      keys: count("full keys"),
      drill: count("drill data"),
      verification: count("verification"),
    }).toEqual({ full: 1, diff: 13, keys: 7, drill: 1, verification: 1 });
    const full = log.find(({ task }) => task === "full data")!;
    expect(clock(full.at)).toBe("2026-11-29T02:30");
    expect(log.findIndex(({ task }) => task === "drill data")).toBeGreaterThan(log.indexOf(full));
  });

  it("is the company's week, wherever the machine stands", () => {
    for (const zone of [berlin, "Pacific/Auckland", "America/Los_Angeles", "Asia/Kathmandu"]) {
      const full = next("full", at("2026-11-25T10:00", zone), zone);
      const { dayOfWeek } = Temporal.Instant.fromEpochMilliseconds(full).toZonedDateTimeISO(zone);
      expect([dayOfWeek, clock(full, zone).slice(11)]).toEqual([7, "02:30"]);
    }
  });
});

describe("clocks that are put forward or back in Berlin", () => {
  it("skip no backup in the night whose half past two does not exist", () => {
    // 2027-03-28: from 2:00 to 3:00.
    const before = at("2027-03-27T23:00");
    expect(clock(next("diff", before))).toBe("2027-03-28T03:30");
    const { log } = act(allAt(at("2027-03-27T14:30")), before, at("2027-03-28T23:00"), 15 * MINUTE);
    expect(log.filter(({ task }) => / data$/.test(task) && task !== "drill data").map(({ at }) => clock(at)))
      .toEqual(["2027-03-28T03:30", "2027-03-28T15:30"]);
  });

  it("make no backup twice in the night that has half past two twice", () => {
    // 2027-10-31: from 3:00 back to 2:00.
    const [evening, nextEvening] = [at("2027-10-30T23:00"), at("2027-10-31T23:00")];
    const { log } = act(allAt(at("2027-10-30T14:30")), evening, nextEvening, 15 * MINUTE);
    const made = log.filter(({ task }) => / data$/.test(task) && task !== "drill data");
    expect(made).toHaveLength(2);
    // Half a day stays half a day, whatever the clock shows.
    expect(made[1]!.at - made[0]!.at).toBe(12 * HOUR);
  });

  it("never leave more than twelve hours and the jump between two backups, in whatever year and zone", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(berlin, "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca"),
        fc.integer({ min: 0, max: 10 * 365 }),
        (zone, day) => {
          let now = at("2026-01-01T12:00", zone) + day * DAY;
          for (let slot = 0; slot < 4; slot++) {
            const then = next("diff", now, zone);
            expect(then).toBeGreaterThan(now);
            if (slot > 0) expect(then - now).toBeLessThanOrEqual(13 * HOUR);
            now = then;
          }
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe("a clock that jumped", () => {
  it("far ahead and back makes what was done in the future count as not done, once", () => {
    const now = at("2026-11-25T10:00");
    expect(due(allAt(now + 400 * DAY), now)).toEqual(["full data", "full keys"]);
    const { log } = act(allAt(now + 400 * DAY), now, now + 10 * MINUTE);
    expect(log.map(({ task }) => task)).toEqual(["full data", "full keys", "drill data", "verification"]);
  });

  it("back by a few seconds makes nothing be done again", () => {
    const now = at("2026-11-25T14:30");
    expect(due(allAt(now + 20_000), now)).toEqual([]);
  });

  it("ahead by years makes each thing due once", () => {
    const now = at("2026-11-25T10:00");
    const { log } = act(allAt(now), now + 1_500 * DAY, now + 1_500 * DAY + 10 * MINUTE);
    expect(log.map(({ task }) => task).sort()).toEqual([
      "drill data",
      "full data",
      "full keys",
      "verification",
    ]);
  });
});

describe("a service that was away for days", () => {
  it("catches up with one full backup and not with a differential for every half day", () => {
    const now = at("2026-11-25T10:00");
    const { log } = act(allAt(now - 10 * DAY), now, now + 10 * MINUTE);
    expect(log.map(({ task }) => task)).toEqual(["full data", "full keys", "drill data", "verification"]);
  });

  it("makes the differential at once that it missed by an hour", () => {
    expect(due(allAt(at("2026-11-24T14:31")), at("2026-11-25T03:30"))).toEqual(["diff data", "full keys"]);
  });
});

describe("a service that starts again", () => {
  it("does nothing twice, at whatever moment of the week", () => {
    const start = at("2026-11-22T00:00");
    fc.assert(fc.property(fc.integer({ min: 0, max: 7 * 24 * 60 }), (minutes) => {
      const now = start + minutes * MINUTE;
      // Within ten minutes all is done, unless a slot passes meanwhile.
      const { done, log } = act(allAt(start - 8 * DAY), now, now + 10 * MINUTE);
      expect(log.length).toBeGreaterThanOrEqual(4);
      expect(due(done, now + 10 * MINUTE)).toEqual([]);
    }));
  });
});

describe("installations beside each other", () => {
  it("begin at moments of their own within half an hour, and each at the same every day", () => {
    const now = at("2026-11-25T10:00");
    const offsets = Array.from(
      { length: 200 },
      (_, index) => (next("diff", now, berlin, `installation ${index}`) - at("2026-11-25T14:30")) / MINUTE,
    );
    for (const offset of offsets) expect(offset >= 0 && offset < 30).toBe(true);
    expect(new Set(offsets).size).toBeGreaterThan(20);
    const [one, two] = [0, 1].map((day) => next("full", now + day * DAY, berlin, "installation 7"));
    expect(one).toBe(two);
  });
});

describe("a drill", () => {
  it("follows each new full backup, one somebody asked for as well, and comes every seven days", () => {
    const now = at("2026-11-25T10:00");
    const done = allAt(now - 2 * HOUR);
    expect(due({ ...done, data: now }, now)).toEqual([]);
    expect(due({ ...done, dataFull: now - HOUR, data: now, drill: now - 2 * HOUR }, now)).toEqual([
      "drill data",
    ]);
    expect(due({ ...done, dataFull: now - 9 * DAY, drill: now - 7 * DAY, data: now }, now)).toContain(
      "full data",
    );
  });

  it("waits for a full backup that is due", () => {
    const now = at("2026-11-29T02:31");
    expect(due({ ...allAt(now - 8 * DAY), drill: undefined }, now)[0]).toBe("full data");
    expect(due({ ...allAt(now - 8 * DAY), drill: undefined }, now)).not.toContain("drill data");
  });
});

/** An installation whose backups begin so many minutes after the time that is set. */
function installationWith(minutes: number): string {
  for (let number = 0;; number++) {
    const name = `installation ${number}`;
    const slot = plan(allAt(0), 0, "UTC", { ...times, FLEETHOLD_BACKUP_TIME: "00:00" }, name).next
      .find(({ kind }) => kind === "diff")!.at;
    if (slot % HOUR === minutes * MINUTE) return name;
  }
}
