import { join } from "node:path";
import { type Files, readText } from "./files.ts";

/** A log that a cluster writes: each restore to the past begins another timeline. */
export interface Timeline {
  systemId: string;
  timeline: number;
}

/** In a cluster's repository; pgBackRest leaves it alone, and the snapshot for offsite renews what ends like this. */
export const TIMELINE_FILE = "live_timeline.info";

/**
 * Notes in the repository which timeline the live cluster is on. PostgreSQL by itself follows the one with the highest
 * number, which is the wrong one once a restore was undone: its timeline stays in the archive, and nobody goes on with
 * it.
 */
export async function noteTimeline(
  files: Files,
  repository: string,
  { systemId, timeline }: Timeline,
): Promise<void> {
  await files.write(join(repository, TIMELINE_FILE), JSON.stringify({ systemId, timeline }), 0o640);
}

/** What was noted last; undefined in a repository of a release before there was such a note. */
export async function notedTimeline(repository: string): Promise<Timeline | undefined> {
  const text = await readText(join(repository, TIMELINE_FILE));
  return text ? JSON.parse(text) as Timeline : undefined;
}
