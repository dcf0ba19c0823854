import type { Buffer } from "node:buffer";
import { sql } from "kysely";
import { system } from "../../audit/actor.ts";
import { type Change, change } from "../../audit/change.ts";
import type { Reader } from "../../audit/reader.ts";
import { type Generated, type GeneratedMoment, type LaterMoment, violates } from "../../platform/database.ts";
import { newId } from "../../platform/id.ts";
import { conflict, notAllowed, notFound } from "../../platform/problem.ts";
import type { Services } from "../../platform/services.ts";
import { notify } from "../notice.ts";
import { mayManage } from "../power.ts";
import { allows, type Role } from "../rights.ts";
import type { Elevation, NewElevation } from "../schema.ts";
import { endSessions } from "../session.ts";

declare module "../../platform/database.ts" {
  interface DataTables {
    elevations: {
      id: string;
      accountId: string;
      role: Role;
      minutes: number;
      /** `Reason`. */
      sealed: Buffer;
      requestedAt: GeneratedMoment;
      decidedBy: Generated<string | null>;
      decidedAt: LaterMoment;
      granted: Generated<boolean | null>;
      endsAt: LaterMoment;
      endedAt: LaterMoment;
      endedBy: Generated<string | null>;
    };
  }
}

declare module "../../platform/queue.ts" {
  interface Jobs {
    "elevation.end": { id: string };
  }
}

/** Why somebody wants another role, in their own words. */
interface Reason {
  reason: string;
}

/** A request that nobody has decided on for so long has lapsed. */
const LAPSES = sql`interval '24 hours'`;
const isLapsed = sql<boolean>`granted is null and requested_at < now() - ${LAPSES}`;
const isOver = sql<boolean>`(${isLapsed} or coalesce(ends_at <= now(), false))`;

/**
 * Asks for another role for a time. Nothing changes until somebody else grants it.
 * @throws Problem elevation-open, elevation-useless
 */
export async function requestElevation(made: Change, given: NewElevation): Promise<Elevation> {
  const { accountId, personId, role } = made.actor;
  if (given.role === role) {
    throw conflict("elevation-useless", "This is your role already", { next: "Choose another role." });
  }
  // What is over by the clock makes room, whether or not the job that ends it has run.
  for (const id of await idsOf(made, isOver, accountId!)) await end(made, id, null);
  const id = newId();
  try {
    await made.tx.insertInto("elevations").values({
      id,
      accountId: accountId!,
      role: given.role,
      minutes: given.minutes,
      sealed: await made.seal("elevations", id, personId!, { reason: given.reason } satisfies Reason),
    }).execute();
  } catch (error) {
    if (!violates(error, "elevations_open")) throw error;
    throw conflict("elevation-open", "You have asked for another role already", {
      next: "Wait for the answer, or withdraw what you asked for.",
    });
  }
  made.record("elevation.requested", {
    account: accountId,
    elevation: id,
    role: given.role,
    minutes: given.minutes,
  });
  return (await shown(made, id))[0]!;
}

/**
 * Grants or refuses what somebody else has asked for. From then on their sessions have the other role, until the time is
 * over.
 *
 * @throws Problem not-found, not-allowed for one's own request, for a role that the actor does not manage, and for
 * somebody who is elevated themselves; elevation-decided
 */
export async function decideElevation(made: Change, id: string, granted: boolean): Promise<Elevation> {
  const { actor } = made;
  if (actor.elevation) throw notAllowed("Nobody grants roles while they have another for a time themselves");
  const row = await made.tx.selectFrom("elevations").innerJoin(
    "accounts",
    "accounts.id",
    "elevations.accountId",
  )
    .select([
      "elevations.id",
      "accountId",
      "elevations.role",
      "accounts.role as ownRole",
      "minutes",
      "granted",
      "endedAt",
      isLapsed.as("lapsed"),
    ])
    .where("elevations.id", "=", id).forUpdate("elevations")
    .executeTakeFirstOrThrow(() => notFound("request"));
  if (row.accountId === actor.accountId) throw notAllowed("Nobody grants what they asked for themselves");
  mayManage(made, row.role);
  mayManage(made, row.ownRole);
  if (row.granted !== null || row.endedAt || row.lapsed) throw decided();
  const endsAt = granted ? new Date(Date.now() + row.minutes * 60_000) : null;
  await made.tx.updateTable("elevations").set({
    granted,
    decidedBy: actor.accountId,
    decidedAt: sql<Date>`now()`,
    endsAt,
    ...(!granted && { endedAt: sql<Date>`now()`, endedBy: actor.accountId }),
  }).where("id", "=", id).execute();
  made.record(granted ? "elevation.granted" : "elevation.refused", {
    account: row.accountId,
    elevation: id,
    role: row.role,
    ...(endsAt && { minutes: row.minutes, until: endsAt.toISOString() }),
  });
  if (endsAt) {
    notify(made, row.accountId, "elevated", null);
    made.enqueue("elevation.end", { id }, { key: `elevation ${id}`, runAt: endsAt });
  }
  return (await shown(made, id))[0]!;
}

/**
 * Withdraws a request, or ends an elevation before its time; with it end the sessions that had it. One's own, or anybody's
 * for those who may decide.
 * @throws Problem not-found
 */
export async function endElevation(made: Change, id: string): Promise<void> {
  const { actor } = made;
  const own = allows(actor.role as Role, "elevations.decide") ? null : actor.accountId;
  const open = await made.tx.selectFrom("elevations").select(["id"]).where("id", "=", id)
    .where("endedAt", "is", null).$if(own !== null, (query) => query.where("accountId", "=", own!))
    .forUpdate().executeTakeFirst();
  if (!open) throw notFound("request");
  await end(made, id, actor.accountId);
}

/** Ends what an account has or asks for, as when its own role changes. */
export async function endElevationsOf(made: Change, accountId: string): Promise<void> {
  for (const id of await idsOf(made, sql<boolean>`true`, accountId)) {
    await end(made, id, made.actor.accountId);
  }
}

/** The job at the end of the time. What was ended before stays as it is. */
export async function endElevationInTime(services: Services, { id }: { id: string }): Promise<void> {
  await change(services, system("job"), async (made) => {
    made.unchanged();
    for (const due of await idsOf(made, sql<boolean>`${isOver} and id = ${id}`)) await end(made, due, null);
  });
}

/**
 * What was asked for in the last 90 days, the newest first: everybody's for those who may decide or audit, otherwise
 * one's own.
 */
export async function listElevations(reader: Reader): Promise<Elevation[]> {
  return await shown(reader);
}

async function idsOf(
  made: Change,
  which: ReturnType<typeof sql<boolean>>,
  accountId?: string,
): Promise<string[]> {
  const rows = await made.tx.selectFrom("elevations").select("id").where("endedAt", "is", null).where(which)
    .$if(accountId !== undefined, (query) => query.where("accountId", "=", accountId!)).forUpdate().execute();
  return rows.map(({ id }) => id);
}

async function end(made: Change, id: string, by: string | null): Promise<void> {
  const { accountId, granted, role } = await made.tx.updateTable("elevations")
    .set({ endedAt: sql<Date>`now()`, endedBy: by }).where("id", "=", id)
    .returning(["accountId", "granted", "role"]).executeTakeFirstOrThrow();
  if (granted) await endSessions(made, accountId);
  const act = granted ? "elevation.ended" : by === accountId ? "elevation.withdrawn" : "elevation.lapsed";
  made.record(act, { account: accountId, elevation: id, role });
}

async function shown(reader: Reader, only?: string): Promise<Elevation[]> {
  const { actor } = reader;
  const own = allows(actor.role as Role, "elevations.read") ? null : actor.accountId;
  const rows = await reader.db.selectFrom("elevations").innerJoin(
    "accounts",
    "accounts.id",
    "elevations.accountId",
  )
    .select([
      "elevations.id",
      "accountId",
      "accounts.personId as subject",
      "elevations.sealed",
      "accounts.sealed as accountSealed",
      "elevations.role",
      "accounts.role as ownRole",
      "minutes",
      "requestedAt",
      "decidedBy",
      "granted",
      "endsAt",
      "endedAt",
      "endedBy",
      isOver.as("over"),
    ])
    .where(sql<boolean>`requested_at > now() - interval '90 days'`)
    .$if(only !== undefined, (query) => query.where("elevations.id", "=", only!))
    .$if(own !== null, (query) => query.where("accountId", "=", own!))
    .orderBy("elevations.id", "desc").limit(200).execute();
  const act = own === null && only === undefined ? "account.read" : null;
  const people = await reader.open<{ name: string }>(
    "accounts",
    rows.map((row) => ({ id: row.accountId, subject: row.subject, sealed: row.accountSealed })),
    act,
  );
  const reasons = await reader.open<Reason>("elevations", rows, null);
  return rows.map((row, index) => ({
    id: row.id,
    accountId: row.accountId,
    name: people[index]?.name ?? null,
    role: row.role,
    ownRole: row.ownRole,
    minutes: row.minutes,
    reason: reasons[index]?.reason ?? null,
    requestedAt: row.requestedAt.toISOString(),
    endsAt: row.endsAt?.toISOString() ?? null,
    decidedBy: row.decidedBy,
    state: stateOf(row),
  }));
}

function stateOf(
  { granted, endedAt, endedBy, accountId, over }: {
    granted: boolean | null;
    endedAt: Date | null;
    endedBy: string | null;
    accountId: string;
    over: boolean;
  },
): Elevation["state"] {
  if (granted === false) return "refused";
  if (granted === null) {
    if (endedAt) return endedBy === accountId ? "withdrawn" : "lapsed";
    return over ? "lapsed" : "requested";
  }
  return endedAt || over ? "over" : "active";
}

const decided = () =>
  conflict("elevation-decided", "This has been decided already, or has lapsed", {
    next: "Load the list again.",
    recorded: false,
  });
