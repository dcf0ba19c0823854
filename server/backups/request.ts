import { sql } from "kysely";
import type { Change } from "../audit/change.ts";
import { newId } from "../platform/id.ts";
import { conflict } from "../platform/problem.ts";
import { terms } from "./promises.ts";
import { stateOf, waitingRequests } from "./queries.ts";
import type { BackupRequest, RequestedBackup } from "./schema.ts";

/** Held by whoever asks, so that two who ask at the same moment get one backup. */
const ASKING = 0x61736b21; // "ask!"

const named: Record<BackupRequest["kind"], string> = {
  full: "a full backup",
  diff: "a backup of what changed",
  verification: "a check of the backups",
  drill: "a drill",
  "offsite-drill": "a drill with the offsite copy",
};

/**
 * Asks the backup service for something; it takes the request up within seconds, or after what it is at.
 * @throws Problem backups-silent, no-offsite-copy, backup-under-way
 */
export async function requestBackup(
  change: Change,
  { kind }: BackupRequest,
  now = new Date(),
): Promise<RequestedBackup> {
  const state = await stateOf(change);
  if (!state || now.getTime() - Date.parse(state.at) > terms.report * 1000) {
    throw conflict("backups-silent", "The backup service does not report", {
      detail: state
        ? `It was last heard of at ${state.at}, so nobody would take this up.`
        : "It has never been heard of here, so nobody would take this up.",
      next: "See that it runs (fleethold status), then ask again.",
    });
  }
  if (kind === "offsite-drill" && !state.offsite?.lastCopyAt) {
    throw conflict("no-offsite-copy", "Nothing lies offsite yet", {
      detail: state.offsite
        ? "No copy has reached the place for it so far."
        : "No place for copies outside this machine is set.",
      next: state.offsite
        ? "Wait for the first copy; the page Backups shows it."
        : "Set FLEETHOLD_OFFSITE in the file .env; docs/backup.md takes you through it.",
    });
  }
  await sql`select pg_advisory_xact_lock(${ASKING})`.execute(change.tx);
  const isWaiting = (await waitingRequests(change)).some((request) => request.kind === kind);
  if (isWaiting || state.running?.kind === kind) {
    throw conflict("backup-under-way", "This is under way already", {
      detail: `Somebody has asked for ${named[kind]}, or it was due, and it ${
        isWaiting ? "waits for its turn" : "is being done now"
      }.`,
      next: "Wait until it is done; the page Backups shows how far it is.",
    });
  }
  const id = newId();
  await change.tx.insertInto("backupRequests").values({ id, kind, accountId: change.actor.accountId })
    .execute();
  const { at } = await change.tx.selectFrom("backupRequests").select("at").where("id", "=", id)
    .executeTakeFirstOrThrow();
  change.record("backup.requested", { request: id, kind });
  return { id, kind, at: at.toISOString() };
}
