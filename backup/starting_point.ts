import { bytesOf } from "./log_segments.ts";
import { notedTimeline } from "./live_timeline.ts";
import type { BackupInfo, PgBackRest, StanzaInfo, Target } from "./pgbackrest.ts";

/** The backup a restore begins with, and the timeline it follows from there. */
export interface StartingPoint {
  label: string | undefined;
  /** As pgBackRest and PostgreSQL take it; undefined: the newest there is. */
  timeline: string | undefined;
}

/**
 * Finds the newest backup from which the live cluster's timeline can be followed up to a moment.
 *
 * Left to themselves, pgBackRest takes the newest backup and PostgreSQL the timeline with the highest number. Both are
 * wrong once a restore was undone: what was backed up and logged in between belongs to a branch that nobody is on.
 *
 * @param at the backup has to be complete by then; undefined: the newest that fits
 * @param label the backup that somebody asks for
 * @returns undefined where the latest moment is wanted and no backup leads to it
 */
export async function startingPoint(
  pgBackRest: PgBackRest,
  target: Target,
  repository: string,
  { at, label }: { at?: string | undefined; label?: string | undefined },
): Promise<StartingPoint | undefined> {
  const info = await pgBackRest.info(target);
  const ended = info.backup.filter(({ timestamp }) => !at || timestamp.stop * 1000 <= Date.parse(at));
  const noted = await notedTimeline(repository);
  // Both rounded alike, as JSON knows no whole numbers of this size.
  const cluster = noted && info.db.find((db) => db["system-id"] === Number(noted.systemId));
  const own = cluster && info.backup.filter(({ database }) => database.id === cluster.id);
  if (!own || own.length === 0) return { label: label ?? ended.at(-1)?.label, timeline: undefined };
  const { timeline } = noted!;
  const branches = await branchesOf(pgBackRest, target, `${cluster.version}-${cluster.id}`, timeline);
  const chosen = label === undefined
    ? ended.findLast((backup) => own.includes(backup) && isOn(branches, timeline, backup))
    : own.find((backup) => backup.label === label);
  if (!chosen && !at && !label) return undefined;
  if (!chosen) return { label: label ?? ended.at(-1)?.label, timeline: undefined };
  // pgBackRest 2.55 looks for the history of a timeline that the backup is on itself; the first one has none.
  return {
    label: chosen.label,
    timeline: timelineOfBackup(chosen) === timeline ? "current" : String(timeline),
  };
}

/** Timelines that one came from, with the position at which each was left (PostgreSQL manual, "Timelines"). */
async function branchesOf(
  pgBackRest: PgBackRest,
  target: Target,
  archive: string,
  timeline: number,
): Promise<Map<number, number>> {
  if (timeline === 1) return new Map();
  const name = `${timeline.toString(16).toUpperCase().padStart(8, "0")}.history`;
  const text = await pgBackRest.run(target, "repo-get", [`archive/${target.stanza}/${archive}/${name}`])
    // It may not have reached the repository yet; then there is no backup on this timeline either.
    .catch(() => "");
  return new Map(
    text.split("\n").map((line) => line.trim().split(/\s+/)).filter(([number]) => /^\d+$/.test(number ?? ""))
      .map(([number, left]) => [Number(number), bytesOf(left!)]),
  );
}

function isOn(branches: ReadonlyMap<number, number>, timeline: number, backup: BackupInfo): boolean {
  const own = timelineOfBackup(backup);
  if (own === timeline) return true;
  const left = branches.get(own);
  return left !== undefined && bytesOf(backup.lsn.stop) <= left;
}

const timelineOfBackup = ({ archive }: StanzaInfo["backup"][number]): number =>
  parseInt(archive.stop.slice(0, 8), 16);
