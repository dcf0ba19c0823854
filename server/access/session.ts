import type { Buffer } from "node:buffer";
import { createHash, randomBytes } from "node:crypto";
import type { Context, MiddlewareHandler } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import { sql } from "kysely";
import type { Actor } from "../audit/actor.ts";
import type { Change } from "../audit/change.ts";
import type { Reader } from "../audit/reader.ts";
import type { Config } from "../platform/config.ts";
import type { GeneratedMoment, Moment } from "../platform/database.ts";
import { newId } from "../platform/id.ts";
import { notFound } from "../platform/problem.ts";
import type { Services } from "../platform/services.ts";
import { describeDevice } from "./device.ts";
import type { AppEnv } from "./may.ts";
import { type Role, seesAllSites } from "./rights.ts";
import type { Session } from "./schema.ts";

declare module "../platform/database.ts" {
  interface DataTables {
    sessions: {
      id: string;
      accountId: string;
      tokenHash: Buffer;
      /** `Client`, under the key of the account's person. */
      sealed: Buffer;
      signedInAt: GeneratedMoment;
      lastUsedAt: GeneratedMoment;
      expiresAt: Moment;
      endedAt: Moment | null;
    };
  }
}

/** Where a session is used from. Personal: sealed. */
export interface Client {
  device: string;
  address: string | null;
}

/** Whose session it is to be. */
export interface SessionOwner {
  id: string;
  personId: string;
  role: Role;
}

/** A session just started; the token is shown to nobody but the browser it is for. */
export interface StartedSession {
  id: string;
  token: string;
  expiresAt: string;
}

/**
 * A session ends after this time without use, and after that time anyway (NIST SP 800-63B-4, 2.2.3). Drivers have
 * theirs on a phone that is locked, and must not type a password at a stranger's door.
 */
const limitsOf = (role: Role) =>
  role === "driver" ? { idleHours: 72, absoluteHours: 30 * 24 } : { idleHours: 8, absoluteHours: 7 * 24 };

/** Whether a session, joined with its account, may still be used. */
const isLive = sql<boolean>`sessions.ended_at is null and sessions.expires_at > now()
  and sessions.last_used_at > now() - make_interval(hours => case accounts.role when 'driver' then ${
  limitsOf("driver").idleHours
}::int else ${limitsOf("owner").idleHours}::int end) and not accounts.disabled`;

/**
 * Starts a session: 256 random bits of which only the SHA-256 is stored (ASVS 5.0 V7.2.3). The token is for the cookie
 * and nothing else.
 */
export async function startSession(
  change: Change,
  owner: SessionOwner,
  client: Client,
): Promise<StartedSession> {
  const id = newId();
  const token = randomBytes(32).toString("base64url");
  const expiresAt = new Date(Date.now() + limitsOf(owner.role).absoluteHours * 3_600_000);
  await change.tx.insertInto("sessions").values({
    id,
    accountId: owner.id,
    tokenHash: hashToken(token),
    sealed: await change.seal("sessions", id, owner.personId, client),
    expiresAt,
  }).execute();
  await change.tx.updateTable("accounts").set({ lastSignInAt: sql<Date>`now()` }).where("id", "=", owner.id)
    .execute();
  change.record("session.started", { account: owner.id, session: id });
  return { id, token, expiresAt: expiresAt.toISOString() };
}

/**
 * Who holds this token, or null. One indexed query, which also notes the use, at most once a minute. A driver who has
 * left the company drives as nobody and reaches no site.
 */
export async function actorOf(services: Services, token: string): Promise<Actor | null> {
  const { rows: [row] } = await sql<{
    sessionId: string;
    accountId: string;
    personId: string;
    role: Role;
    driverId: string | null;
    siteIds: string[];
  }>`
    with found as (
      select sessions.id as session_id, sessions.last_used_at, accounts.id as account_id, accounts.person_id,
        accounts.role, drivers.id as driver_id,
        array(select site_id from account_sites where account_sites.account_id = accounts.id
              union select drivers.site_id where drivers.id is not null) as site_ids
      from sessions join accounts on accounts.id = sessions.account_id
        left join drivers on drivers.account_id = accounts.id and accounts.role = 'driver' and drivers.active
      where sessions.token_hash = ${hashToken(token)} and ${isLive}
    ), used as (
      update sessions set last_used_at = now() from found
      where sessions.id = found.session_id and found.last_used_at < now() - interval '1 minute'
    )
    select session_id, account_id, person_id, role, driver_id, site_ids from found`.execute(services.db);
  if (!row) return null;
  const { siteIds, ...who } = row;
  return { ...who, sites: seesAllSites(row.role) ? "all" : siteIds, via: null };
}

/** Whether the session an actor came with may still be used. Asking does not count as using it. */
export async function isStillSignedIn(services: Services, actor: Actor): Promise<boolean> {
  const { rows } = await sql`
    select from sessions join accounts on accounts.id = sessions.account_id
    where sessions.id = ${actor.sessionId} and ${isLive}`.execute(services.db);
  return rows.length > 0;
}

/** Ends sessions of an account at once: the one named, or all, or all but one. */
export async function endSessions(
  change: Change,
  accountId: string,
  which: { only?: string; except?: string | null } = {},
): Promise<string[]> {
  const ended = await change.tx.updateTable("sessions").set({ endedAt: sql<Date>`now()` })
    .where("accountId", "=", accountId).where("endedAt", "is", null)
    .$if(which.only !== undefined, (query) => query.where("id", "=", which.only!))
    .$if(
      which.except !== undefined && which.except !== null,
      (query) => query.where("id", "!=", which.except!),
    )
    .returning("id").execute();
  for (const { id } of ended) change.record("session.ended", { account: accountId, session: id });
  return ended.map(({ id }) => id);
}

/**
 * Ends one of the actor's own sessions.
 * @throws Problem not-found
 */
export async function endOwnSession(change: Change, id: string): Promise<void> {
  const ended = await endSessions(change, change.actor.accountId!, { only: id });
  if (ended.length === 0) throw notFound("session");
}

/** The actor's own sessions that can still be used, the last used first. */
export async function ownSessions(reader: Reader): Promise<Session[]> {
  const rows = await reader.db.selectFrom("sessions").innerJoin(
    "accounts",
    "accounts.id",
    "sessions.accountId",
  )
    .select([
      "sessions.id",
      "accounts.personId as subject",
      "sessions.sealed",
      "signedInAt",
      "lastUsedAt",
      "expiresAt",
    ])
    .where("sessions.accountId", "=", reader.actor.accountId!).where(isLive)
    .orderBy("lastUsedAt", "desc").limit(200).execute();
  // Looking at oneself is nobody's look at somebody.
  const clients = await reader.open<Client>("sessions", rows, null);
  return rows.map((row, index) => ({
    id: row.id,
    current: row.id === reader.actor.sessionId,
    device: clients[index]?.device ?? describeDevice(undefined),
    address: clients[index]?.address ?? null,
    signedInAt: row.signedInAt.toISOString(),
    lastUsedAt: row.lastUsedAt.toISOString(),
    expiresAt: row.expiresAt.toISOString(),
  }));
}

/** Forgets sessions that ended or ran out 30 days ago. */
export async function forgetOldSessions(change: Change): Promise<void> {
  const { numDeletedRows } = await change.tx.deleteFrom("sessions")
    .where(sql<boolean>`least(ended_at, expires_at) < now() - interval '30 days'`).executeTakeFirst();
  if (numDeletedRows > 0n) change.record("sessions.forgotten", { count: Number(numDeletedRows) });
  else change.unchanged();
}

const hashToken = (token: string): Buffer => createHash("sha256").update(token).digest();

/** Finds out who is signed in: `c.var.signedIn`. */
export function signedIn(): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const token = getCookie(c, cookieName(c.var.services.config));
    c.set("signedIn", token ? await actorOf(c.var.services, token) : null);
    await next();
  };
}

/** Hands the session's token to the browser, out of reach of scripts and other sites (ASVS 5.0 V3.3). */
export function handOverSession(c: Context<AppEnv>, { token, expiresAt }: StartedSession): void {
  const { config } = c.var.services;
  setCookie(c, cookieName(config), token, { ...cookieOptions(config), expires: new Date(expiresAt) });
}

export function takeBackSession(c: Context<AppEnv>): void {
  deleteCookie(c, cookieName(c.var.services.config), cookieOptions(c.var.services.config));
}

/** The request's device and address, as its session will be shown to its owner. */
export const clientOf = (c: Context<AppEnv>): Client => ({
  device: describeDevice(c.req.header("user-agent")),
  address: c.var.clientAddress,
});

const isSecure = (config: Config) => config.FLEETHOLD_PUBLIC_URL.startsWith("https:");

/** Browsers refuse the `__Host-` prefix over http, which the embedded start speaks on this machine only. */
const onThisHost = (config: Config, name: string): string => isSecure(config) ? `__Host-${name}` : name;

export const cookieName = (config: Config): string => onThisHost(config, "fleethold");

/** The cookie of a device that has been signed in on before. */
export const deviceCookieName = (config: Config): string => onThisHost(config, "fleethold-device");

export const cookieOptions = (config: Config) =>
  ({ path: "/", httpOnly: true, secure: isSecure(config), sameSite: "Lax" }) as const;
