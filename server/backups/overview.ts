import type { Reader } from "../audit/reader.ts";
import { tellingVerdict } from "./alarms.ts";
import { judge, safetyOf } from "./promises.ts";
import { lastRuns, makesBackups, stateOf, waitingRequests } from "./queries.ts";
import type { BackupsOverview } from "./schema.ts";

/** How the backups stand: what the service reports, and what that makes of each promise. */
export async function overviewOf(reader: Reader, now = new Date()): Promise<BackupsOverview> {
  const state = await stateOf(reader);
  const waiting = await waitingRequests(reader);
  if (!state && !await makesBackups(reader)) {
    return { hasBackups: false, state: null, safety: "none", verdicts: [], waiting };
  }
  const verdicts = [...judge(state, await lastRuns(reader), now), await tellingVerdict(reader)];
  return { hasBackups: true, state, safety: safetyOf(verdicts), verdicts, waiting };
}
