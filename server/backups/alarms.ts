import { type Selectable, sql } from "kysely";
import { system } from "../audit/actor.ts";
import { type Change, change } from "../audit/change.ts";
import type { Reader } from "../audit/reader.ts";
import type { DataTables, Moment } from "../platform/database.ts";
import { newId } from "../platform/id.ts";
import type { Services } from "../platform/services.ts";
import { judge } from "./promises.ts";
import { lastRuns, makesBackups, stateOf } from "./queries.ts";
import type { BackupPromise, Verdict } from "./schema.ts";
import { type Channel, channelsOf, keepTrying, type Said, tell } from "./telling.ts";
import { inWords, promiseWords } from "./words.ts";

declare module "../platform/database.ts" {
  interface DataTables {
    backupAlarms: {
      /** A `BackupPromise`; or `told-by-…` for a way of telling people that fails, its `words` being how. */
      promise: string;
      since: Moment;
      words: string;
      /** Null: seen broken once, which may be no more than a restart. */
      toldAt: Moment | null;
      /** Kept again since then. */
      keptSince: Moment | null;
    };
  }
}
declare module "../platform/queue.ts" {
  interface Jobs {
    "backups.watch": Record<string, never>;
  }
}
export type Alarm = Selectable<DataTables["backupAlarms"]>;

/** A promise found broken is looked at once more; what was found so long ago is no first look any more. */
const SECOND_LOOK_MS = 5 * 60_000;
/** Kept for so long, it is kept again; one that comes and goes is told of once. */
const KEPT_MS = 5 * 60_000;
const REMINDER_MS = 24 * 60 * 60_000;
/** Held by whoever looks, so that nobody is told twice. */
const WATCHING = 0x77617463; // "watc"

/**
 * Looks whether every promise about backups is kept. One that is newly broken for two looks in a row, or kept again,
 * stands in the trail, and people are told; of one that stays broken they are reminded once a day.
 */
export async function watchPromises(services: Services, now = new Date()): Promise<void> {
  await change(services, system("job"), async (change) => {
    await sql`select pg_advisory_xact_lock(${WATCHING})`.execute(change.tx);
    change.unchanged();
    const state = await stateOf(change);
    if (!state && !await makesBackups(change)) return;
    await noteWhetherAnybodyIsTold(change, now);
    await keepTrying(change);
    const alarms = await change.tx.selectFrom("backupAlarms").selectAll().execute();
    const found = compare(judge(state, await lastRuns(change), now), alarms, now, state?.timeZone ?? "UTC");
    for (const alarm of found.put) await putAlarm(change, alarm);
    if (found.gone.length > 0) {
      await change.tx.deleteFrom("backupAlarms").where("promise", "in", found.gone).execute();
    }
    for (const { promise, reason } of found.broken) {
      change.record("backup.promise-broken", { promise, reason });
    }
    for (const { promise } of found.kept) change.record("backup.promise-kept", { promise });
    const { broken, still, kept } = found;
    if (broken.length + still.length + kept.length === 0) return;
    tell(change, { id: newId(), at: now.toISOString(), broken, still, kept });
  });
}

/** What a look comes to: the alarms as they are to stand, and what people are to be told. */
export interface Found {
  put: Alarm[];
  gone: string[];
  broken: Said[];
  still: Said[];
  kept: Said[];
}

/**
 * Compares how the promises stand with the alarms so far. What only follows from the service's silence is neither broken
 * nor kept: the silence itself is told of.
 */
export function compare(
  verdicts: readonly Verdict[],
  alarms: readonly Alarm[],
  now: Date,
  timeZone: string,
): Found {
  const found: Found = { put: [], gone: [], broken: [], still: [], kept: [] };
  const ago = (at: Date) => now.getTime() - at.getTime();
  for (const verdict of verdicts) {
    if (verdict.reason?.code === "unknown") continue;
    const { promise } = verdict;
    const alarm = alarms.find((alarm) => alarm.promise === promise);
    if (verdict.kept === false) {
      const words = inWords(verdict.reason!, timeZone).so;
      const said = (since: Date) => saidOf(verdict, since, timeZone);
      const isSeenBefore = alarm && (alarm.toldAt !== null || ago(alarm.since) <= SECOND_LOOK_MS);
      if (!isSeenBefore) {
        found.put.push({ promise, since: now, words, toldAt: null, keptSince: null });
      } else if (alarm.toldAt === null) {
        found.put.push({ ...alarm, words, toldAt: now });
        found.broken.push(said(alarm.since));
      } else {
        const isReminder = ago(alarm.toldAt) >= REMINDER_MS;
        if (isReminder) found.still.push(said(alarm.since));
        const toldAt = isReminder ? now : alarm.toldAt;
        found.put.push({ ...alarm, words, keptSince: null, toldAt });
      }
    } else if (alarm?.toldAt === null) {
      found.gone.push(promise);
    } else if (alarm && alarm.keptSince === null) {
      found.put.push({ ...alarm, keptSince: now });
    } else if (alarm && ago(alarm.keptSince!) >= KEPT_MS) {
      found.gone.push(promise);
      found.kept.push(saidOf(verdict, alarm.since, timeZone));
    }
  }
  return found;
}

function saidOf({ promise, reason, grave }: Verdict, since: Date, timeZone: string): Said {
  const isBroken = reason !== null;
  return {
    promise,
    what: promiseWords[promise],
    since: since.toISOString(),
    grave,
    reason: reason?.code ?? null,
    ...(isBroken && inWords(reason, timeZone)),
  };
}

/** Whether somebody hears of it when a promise breaks: the promise that the others are worth nothing without. */
export async function tellingVerdict(reader: Reader): Promise<Verdict> {
  const rows = await reader.db.selectFrom("backupAlarms").selectAll().where("promise", "like", "told%")
    .execute();
  const verdict: Verdict = {
    promise: "told",
    kept: true,
    grave: false,
    figure: null,
    provenAt: null,
    reason: null,
  };
  const failing = rows.find(({ promise }) => promise !== "told");
  if (failing) {
    const by = failing.promise.slice("told-by-".length);
    const facts = { by, why: failing.words, at: failing.since.toISOString() };
    return { ...verdict, kept: false, reason: { code: "not-told", facts } };
  }
  if (rows.length > 0) return { ...verdict, kept: null, reason: { code: "nobody-told", facts: {} } };
  return verdict;
}

/** The worker alone knows its settings; the page learns here that nobody is named in them. */
async function noteWhetherAnybodyIsTold(change: Change, now: Date): Promise<void> {
  const channels = channelsOf(change.services.config);
  const gone = (["mail", "webhook"] as const).filter((channel) => !channels.includes(channel))
    .map((channel: Channel) => `told-by-${channel}`);
  if (channels.length > 0) gone.push("told" satisfies BackupPromise);
  if (gone.length > 0) await change.tx.deleteFrom("backupAlarms").where("promise", "in", gone).execute();
  if (channels.length > 0) return;
  await change.tx.insertInto("backupAlarms")
    .values({ promise: "told", since: now, words: "nobody", toldAt: null, keptSince: null })
    .onConflict((conflict) => conflict.doNothing()).execute();
}

async function putAlarm(change: Change, alarm: Alarm): Promise<void> {
  const { promise: _, ...rest } = alarm;
  await change.tx.insertInto("backupAlarms").values(alarm)
    .onConflict((conflict) => conflict.column("promise").doUpdateSet(rest)).execute();
}
