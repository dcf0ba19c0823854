import { createHash } from "node:crypto";
import type { RunKind } from "../server/backups/schema.ts";
import type { ClusterName, Settings, Weekday } from "./settings.ts";

/** When something was done last, in milliseconds since 1970; undefined: never. */
export interface Done {
  dataFull: number | undefined;
  /** The newest backup of data, full or differential. */
  data: number | undefined;
  keysFull: number | undefined;
  verification: number | undefined;
  drill: number | undefined;
}

export interface Task {
  kind: Exclude<RunKind, "offsite-copy" | "offsite-verification" | "offsite-drill">;
  cluster: ClusterName | null;
}

export interface Planned extends Task {
  at: number;
}

export interface Plan {
  /** What is due now, in the order in which it is to be done. */
  due: Task[];
  /** When each comes next. */
  next: Planned[];
}

type Times = Pick<
  Settings,
  "FLEETHOLD_BACKUP_TIME" | "FLEETHOLD_BACKUP_DAY" | "FLEETHOLD_BACKUP_DIFFERENTIAL" | "FLEETHOLD_DRILL_EVERY"
>;

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const weekdays: Weekday[] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/**
 * What is due, from nothing but what was done: a task is due when its last slot has passed since it was done last. So
 * a service that was away catches up, each task once, and one that starts twice does nothing twice.
 *
 * Slots are in the company's time zone, and off by a share of half an hour that is each installation's own, so that
 * many of them beside each other do not begin at once.
 */
export function plan(done: Done, now: number, timeZone: string, times: Times, installation: string): Plan {
  const offset = jitter(installation);
  const slots = (hours: number[], weekday?: Weekday) =>
    new Slots(timeZone, times.FLEETHOLD_BACKUP_TIME, hours, offset, weekday);
  const full = slots([0], times.FLEETHOLD_BACKUP_DAY);
  const differential = slots(times.FLEETHOLD_BACKUP_DIFFERENTIAL === "12h" ? [0, 12] : [0]);
  // After the data's, so that every row's key is in a backup that is younger than the row's.
  const keys = slots([0]);

  const past = Object.fromEntries(
    // A moment that is still to come was written under a clock that was wrong; it says nothing.
    Object.entries(done).map(([name, at]) => [name, at !== undefined && at <= now + MINUTE ? at : undefined]),
  ) as unknown as Done;

  const due: Task[] = [];
  const isFullDue = isBefore(past.dataFull, full.last(now));
  if (isFullDue) due.push({ kind: "full", cluster: "data" });
  else if (isBefore(past.data, differential.last(now))) due.push({ kind: "diff", cluster: "data" });
  if (isBefore(past.keysFull, keys.last(now))) due.push({ kind: "full", cluster: "keys" });
  const drillEvery = times.FLEETHOLD_DRILL_EVERY * DAY;
  const drillAt = past.drill === undefined ? now : past.drill + drillEvery;
  const hasNewFull = past.dataFull !== undefined && isBefore(past.drill, past.dataFull);
  if (past.dataFull !== undefined && !isFullDue && (hasNewFull || drillAt <= now)) {
    due.push({ kind: "drill", cluster: "data" });
  }
  const verificationAt = past.verification === undefined ? now : past.verification + 7 * DAY;
  if (past.dataFull !== undefined && verificationAt <= now) due.push({ kind: "verification", cluster: null });

  return {
    due,
    next: [
      { kind: "full" as const, cluster: "data" as const, at: full.next(now) },
      { kind: "diff" as const, cluster: "data" as const, at: differential.next(now) },
      { kind: "full" as const, cluster: "keys" as const, at: keys.next(now) },
      {
        kind: "drill" as const,
        cluster: "data" as const,
        at: Math.min(Math.max(drillAt, now), full.next(now)),
      },
      { kind: "verification" as const, cluster: null, at: Math.max(verificationAt, now) },
    ].sort((a, b) => a.at - b.at),
  };
}

const isBefore = (done: number | undefined, slot: number) => done === undefined || done < slot;

/** Minutes from 0 to 29. */
const jitter = (installation: string): number =>
  createHash("sha256").update(installation).digest().readUInt16BE(0) % 30;

/** Moments that come back each day or week, in a time zone. */
class Slots {
  constructor(
    private readonly timeZone: string,
    private readonly time: string,
    /** Hours after the time of day. */
    private readonly hours: number[],
    private readonly offsetMinutes: number,
    private readonly weekday?: Weekday,
  ) {}

  last(now: number): number {
    return this.#around(now).findLast((at) => at <= now)!;
  }

  next(now: number): number {
    return this.#around(now).find((at) => at > now)!;
  }

  /** Every slot from eight days before to eight days after. */
  #around(now: number): number[] {
    const today = Temporal.Instant.fromEpochMilliseconds(now).toZonedDateTimeISO(this.timeZone).toPlainDate();
    const found: number[] = [];
    for (let day = -8; day <= 8; day++) {
      const date = today.add({ days: day });
      if (this.weekday && weekdays[date.dayOfWeek - 1] !== this.weekday) continue;
      for (const hours of this.hours) {
        const at = date.toZonedDateTime({
          timeZone: this.timeZone,
          plainTime: Temporal.PlainTime.from(this.time),
        });
        // Hours that pass, not that a clock shows: when it is put forward or back, half a day stays half a day.
        found.push(at.add({ hours, minutes: this.offsetMinutes }).epochMilliseconds);
      }
    }
    return found.sort((a, b) => a - b);
  }
}
