import type { BackupPromise, BackupReason, Verdict } from "./schema.ts";

/** What each promise says, for messages. The web UI has its own words, in the reader's language. */
export const promiseWords: Record<BackupPromise, string> = {
  reporting: "The backup service reports how it is doing",
  full: "A full backup every week",
  differential: "A backup of what changed, at least every day",
  log: "Every change reaches the backups within 10 minutes",
  gap: "The log of changes has no gap",
  stream: "Changes are copied as they are written",
  verified: "Every backup is checked byte by byte",
  drill: "A backup is restored for real every week",
  keys: "The keys are backed up daily and kept for no more than 72 hours",
  room: "There is room for backups",
  offsite: "A copy lies offsite",
  told: "Somebody is told when one of these breaks",
};

interface Words {
  /** What is so. `{name}` stands for a fact. */
  so: string;
  /** What to do about it. */
  next: string;
}

const look = "Look at the log of the backup service (fleethold logs backup)";

/** Why, and what to do, by reason. */
const words: Record<BackupReason, Words> = {
  "never-reported": {
    so: "The backup service has never reported.",
    next: `${look} and at whether it runs (fleethold status).`,
  },
  silent: {
    so: "The backup service has not reported for {seconds}.",
    next: `${look} and at whether it runs (fleethold status); fleethold restart backup starts it anew.`,
  },
  unknown: {
    so: "This is not known while the backup service does not report.",
    next: "Get the backup service to report again first.",
  },
  "first-backup": { so: "The first backup is being made.", next: "Nothing is to be done." },
  "no-full": { so: "There is no full backup yet.", next: "Press “Back up now” on the page Backups." },
  "full-damaged": {
    so: "The only full backup, {label}, is damaged.",
    next: "Press “Back up now” on the page Backups, and have the disk that holds the backups looked at.",
  },
  "full-old": {
    so: "The last full backup is of {at}.",
    next:
      "Press “Back up now” on the page Backups; if it is late again, look at the log of the backup service.",
  },
  "full-failed": {
    so: "The last attempt at a full backup failed on {failedAt}: {failure}",
    next: "Do what the failure says, then press “Back up now” on the page Backups.",
  },
  "differential-old": {
    so: "The last backup of what changed is of {at}.",
    next:
      "Press “Back up now” on the page Backups; if it is late again, look at the log of the backup service.",
  },
  "differential-failed": {
    so: "The last attempt at a backup failed on {failedAt}: {failure}",
    next: "Do what the failure says, then press “Back up now” on the page Backups.",
  },
  "log-waiting": {
    so: "Changes in the {cluster} cluster have been waiting for {seconds} to reach the backups.",
    next: `${look}, and at whether the disk that holds the backups is full or away.`,
  },
  "log-failing": {
    so: "Changes in the {cluster} cluster have been waiting for {seconds} to reach the backups: {failure}",
    next: "Do what the failure says; until then a loss of the disk would take these changes along.",
  },
  "log-trouble": {
    so: "The log of the {cluster} cluster does not reach the backups at present: {failure}",
    next: "Do what the failure says before ten minutes have passed.",
  },
  gap: {
    so:
      "A piece of the {cluster} cluster's log is missing: {segment}. Moments after it cannot be brought back.",
    next:
      "Press “Back up now” on the page Backups: from a new full backup on, every moment can be brought back again.",
  },
  "stream-off": {
    so: "The {cluster} cluster's changes are not copied as they are written.",
    next: `${look}. Until then the last minute is in one place only.`,
  },
  "stream-behind": {
    so: "The copy of the {cluster} cluster's changes is {bytes} behind.",
    next: "It catches up by itself; if it does not, look at how busy the disks are.",
  },
  damaged: {
    so: "Damaged backups: {count}, the newest of them {label}.",
    next: "Press “Back up now” on the page Backups, and have the disk that holds the backups looked at.",
  },
  "not-verified": {
    so: "Backup {label} of {at} was not checked yet.",
    next: "Press “Check the backups now” on the page Backups.",
  },
  findings: {
    so: "Faults that the last check found: {count}. The first: {finding}.",
    next: "Press “Back up now” on the page Backups, and have the disk that holds the backups looked at.",
  },
  "verification-failed": {
    so: "The last check, on {at}, could not be done: {failure}",
    next: "Do what the failure says, then press “Check the backups now” on the page Backups.",
  },
  "verification-old": {
    so: "The backups were last checked on {at}.",
    next: "Press “Check the backups now” on the page Backups.",
  },
  "first-drill": { so: "The first drill follows the first backup.", next: "Nothing is to be done." },
  "no-drill": {
    so: "No backup was ever restored to see whether it can be.",
    next: "Press “Run a drill now” on the page Backups.",
  },
  "drill-failed": {
    so: "The last drill, on {at}, failed: {failure}",
    next: "Do what the failure says, then press “Run a drill now” on the page Backups.",
  },
  "drill-different": {
    so: "What the last drill restored, on {at}, differs from what is live: {what}.",
    next:
      "Press “Back up now”, then “Run a drill now”; if it differs again, ask whoever supports this installation.",
  },
  "drill-not-compared": {
    so: "The last drill, on {at}, found no quiet moment to compare with.",
    next: "Press “Run a drill now” on the page Backups when little is going on.",
  },
  "drill-old": {
    so: "The last drill was on {at}.",
    next:
      "Press “Run a drill now” on the page Backups; if it is late again, look at the log of the backup service.",
  },
  "no-keys": {
    so: "There is no backup of the keys. Without them personal data cannot be opened.",
    next: "Press “Back up now” on the page Backups.",
  },
  "keys-failed": {
    so: "The last attempt at a backup of the keys failed on {failedAt}: {failure}",
    next: "Do what the failure says, then press “Back up now” on the page Backups.",
  },
  "keys-old": {
    so: "The last backup of the keys is of {at}.",
    next:
      "Press “Back up now” on the page Backups; if it is late again, look at the log of the backup service.",
  },
  "keys-kept-too-long": {
    so:
      "There is still a backup of the keys of {at}. It should be gone after a day, or who was erased is not erased everywhere after 72 hours.",
    next:
      `Press “Back up now” on the page Backups, which also clears away what is too old. If it stays: ${look.toLowerCase()}.`,
  },
  "room-filling": {
    so: "The room for backups will be full in {days} days; {bytes} are free.",
    next: "Give the disk that holds the backups more room, or keep backups for a shorter time.",
  },
  "room-short": {
    so: "Only {percent} % of the room for backups is free: {bytes}.",
    next: "Give the disk that holds the backups more room, or keep backups for a shorter time.",
  },
  "no-offsite": {
    so: "No offsite target is set: a fire or a theft would take the backups along.",
    next: "docs/backup.md says how to set one up.",
  },
  "offsite-failed": {
    so: "The offsite copy fails: {failure} The last one was on {at}.",
    next: "Do what the failure says; docs/backup.md has a chapter on each kind of target.",
  },
  "offsite-old": {
    so: "The last offsite copy was on {at}.",
    next: "Look at the log of the offsite service (fleethold logs offsite).",
  },
  "offsite-not-verified": {
    so: "What lies offsite was last checked on {at}.",
    next: "Look at the log of the offsite service (fleethold logs offsite).",
  },
  "offsite-not-read": {
    so: "All that lies offsite was last read back on {at}.",
    next: "Look at the log of the offsite service (fleethold logs offsite).",
  },
  "offsite-keys-kept-too-long": {
    so:
      "A copy of the keys of {at} still lies offsite. It should be gone after 40 hours, or who was erased is not erased everywhere after 72 hours.",
    next: "Shorten the target's object lock for keys to one day; docs/backup.md says where.",
  },
  "offsite-deletable": {
    so: "The offsite target let us delete. Whoever breaks in here could delete the copies there.",
    next: "Take the right to delete away from the credentials used here; docs/backup.md says how.",
  },
  "nobody-told": {
    so: "Nobody is told when a promise breaks.",
    next: "Set FLEETHOLD_ALERT_MAIL or FLEETHOLD_ALERT_WEBHOOK; docs/backup.md says how.",
  },
  "not-told": {
    so: "A message about backups could not be delivered by {by} since {at}: {why}.",
    next: "Check the settings FLEETHOLD_SMTP… and FLEETHOLD_ALERT…; what is waiting is sent again by itself.",
  },
};

/** A reason in English: what is so, and the next step. Moments are written in `timeZone`. */
export function inWords({ code, facts }: NonNullable<Verdict["reason"]>, timeZone: string): Words {
  const fill = (text: string) =>
    text.replaceAll(/\{(\w+)\}/g, (_, name: string) => shown(name, facts[name], timeZone));
  return { so: fill(words[code].so), next: fill(words[code].next) };
}

function shown(name: string, value: string | number | undefined, timeZone: string): string {
  if (value === undefined) return "never";
  if (name === "at" || name.endsWith("At")) return momentOf(String(value), timeZone);
  if (name === "seconds") return durationOf(Number(value));
  if (name === "bytes") return sizeOf(Number(value));
  return String(value);
}

const momentOf = (at: string, timeZone: string) =>
  new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short", timeZone }).format(
    new Date(at),
  );

function durationOf(seconds: number): string {
  const units = [["day", 86_400], ["hour", 3_600], ["minute", 60], ["second", 1]] as const;
  const [unit, size] = units.find(([, size]) => seconds >= 2 * size) ?? ["second", 1];
  const count = Math.round(seconds / size);
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
}

function sizeOf(bytes: number): string {
  const units = ["bytes", "kB", "MB", "GB", "TB"];
  const power = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), units.length - 1);
  const value = bytes / 1000 ** power;
  return `${power === 0 ? value : value.toPrecision(3)} ${units[power]}`;
}
