import type { Buffer } from "node:buffer";
import { createHash, randomBytes } from "node:crypto";
import type { Context, MiddlewareHandler } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import { type Expression, type ExpressionBuilder, type RawBuilder, sql, type SqlBool } from "kysely";
import type { Actor } from "../audit/actor.ts";
import type { Change } from "../audit/change.ts";
import type { Reader } from "../audit/reader.ts";
import type { Config } from "../platform/config.ts";
import type { DataTables, Generated, GeneratedMoment, LaterMoment, Moment } from "../platform/database.ts";
import { newId } from "../platform/id.ts";
import { notFound, signInNeeded } from "../platform/problem.ts";
import type { Services } from "../platform/services.ts";
import { actorOfKey } from "./api_keys/api_key.ts";
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
      /** When its holder last showed a second factor. */
      provenAt: GeneratedMoment;
      /** The token before the last proof; heard until `formerUntil`, which is null until the new one has been used. */
      formerHash: Generated<Buffer | null>;
      formerUntil: LaterMoment;
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

/** A session's new token, for the cookie and nothing else. */
export type RenewedToken = Pick<StartedSession, "token" | "expiresAt">;

/** A second factor counts as fresh for so long. */
const FRESH_MINUTES = 5;
/** Requests that were sent before a new token arrived are still heard for so long after it was first used. */
const OVERLAP_SECONDS = 30;

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
 *
 * @param provenAt  when its holder last showed a second factor, if that was not just now
 */
export async function startSession(
  change: Change,
  owner: SessionOwner,
  client: Client,
  provenAt?: Date,
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
    ...(provenAt && { provenAt }),
  }).execute();
  await change.tx.updateTable("accounts").set({ lastSignInAt: sql<Date>`now()` }).where("id", "=", owner.id)
    .execute();
  change.record("session.started", { account: owner.id, session: id });
  return { id, token, expiresAt: expiresAt.toISOString() };
}

/**
 * Gives the actor's session a new token and notes that its holder has just shown a second factor. The former token
 * proves nothing, and opens the session until half a minute after the new one was first used: a page has other requests
 * under way, and an answer that is lost on its way must not sign anybody out.
 */
export async function renewToken(change: Change): Promise<RenewedToken> {
  const { accountId, sessionId } = change.actor;
  const token = randomBytes(32).toString("base64url");
  const { expiresAt } = await change.tx.updateTable("sessions").set({
    formerHash: sql<Buffer>`token_hash`,
    formerUntil: null,
    tokenHash: hashToken(token),
    provenAt: sql<Date>`now()`,
  }).where("id", "=", sessionId!).where("endedAt", "is", null).returning("expiresAt")
    .executeTakeFirstOrThrow(signInNeeded);
  change.record("session.proven", { account: accountId, session: sessionId });
  return { token, expiresAt: expiresAt.toISOString() };
}

/**
 * Who holds this token, or null. One indexed query, which also notes the use, at most once a minute; a second one for a
 * token that none has. A driver who has left the company drives as nobody and reaches no site.
 */
export async function actorOf(services: Services, token: string): Promise<Actor | null> {
  const hash = hashToken(token);
  const isFresh = sql`sessions.proven_at > now() - make_interval(mins => ${FRESH_MINUTES}::int)`;
  return await holderOf(services, hash, sql`sessions.token_hash = ${hash}`, isFresh) ??
    await holderOf(
      services,
      hash,
      sql`sessions.former_hash = ${hash} and coalesce(sessions.former_until > now(), true)`,
      sql`false`,
    );
}

async function holderOf(
  services: Services,
  hash: Buffer,
  isHeld: RawBuilder<unknown>,
  isFresh: RawBuilder<unknown>,
): Promise<Actor | null> {
  const { rows: [row] } = await sql<{
    sessionId: string;
    accountId: string;
    personId: string;
    role: Role;
    driverId: string | null;
    siteIds: string[];
    elevation: string | null;
    isFresh: boolean;
  }>`
    with found as (
      select sessions.id as session_id, sessions.last_used_at, accounts.id as account_id, accounts.person_id,
        coalesce(elevations.role, accounts.role) as role, elevations.id as elevation,
        drivers.id as driver_id, ${isFresh} as is_fresh,
        sessions.token_hash = ${hash} and sessions.former_hash is not null and sessions.former_until is null
          as is_replacing,
        array(select site_id from account_sites where account_sites.account_id = accounts.id
              union select drivers.site_id where drivers.id is not null) as site_ids
      from sessions join accounts on accounts.id = sessions.account_id
        left join drivers on drivers.account_id = accounts.id and accounts.role = 'driver' and drivers.active
        left join elevations on elevations.account_id = accounts.id and elevations.granted
          and elevations.ended_at is null and elevations.ends_at > now()
      where ${isHeld} and ${isLive}
    ), used as (
      update sessions set last_used_at = now(), former_until = case
        when sessions.token_hash = ${hash} then coalesce(
          sessions.former_until, now() + make_interval(secs => ${OVERLAP_SECONDS}::int))
        else sessions.former_until end
      from found
      where sessions.id = found.session_id
        and (found.last_used_at < now() - interval '1 minute' or found.is_replacing)
    )
    select session_id, account_id, person_id, role, driver_id, site_ids, elevation, is_fresh from found`
    .execute(services.db);
  if (!row) return null;
  const { siteIds, ...who } = row;
  return { ...who, sites: seesAllSites(row.role) ? "all" : siteIds, rights: null, via: null };
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
  return await endSessionsWhere(change, (of) =>
    of.and([
      of("accountId", "=", accountId),
      ...(which.only !== undefined ? [of("id", "=", which.only)] : []),
      ...(which.except ? [of("id", "!=", which.except)] : []),
    ]));
}

/** Ends at once every session of which something holds, whoever's it is. */
export async function endSessionsWhere(
  change: Change,
  holds: (of: ExpressionBuilder<DataTables, "sessions">) => Expression<SqlBool>,
): Promise<string[]> {
  const ended = await change.tx.updateTable("sessions").set({ endedAt: sql<Date>`now()` })
    .where("endedAt", "is", null).where(holds).returning(["id", "accountId"]).execute();
  for (const { id, accountId } of ended) change.record("session.ended", { account: accountId, session: id });
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

/**
 * Finds out who is there, by an API key or else by a session's cookie: `c.var.signedIn`.
 * @throws Problem key-not-valid, too-many-requests
 */
export function signedIn(): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const [, key] = /^bearer +(\S+)$/i.exec(c.req.header("authorization") ?? "") ?? [];
    const token = getCookie(c, cookieName(c.var.services.config));
    c.set(
      "signedIn",
      key ? await actorOfKey(c.var.services, key) : token ? await actorOf(c.var.services, token) : null,
    );
    await next();
  };
}

/** Hands the session's token to the browser, out of reach of scripts and other sites (ASVS 5.0 V3.3). */
export function handOverSession(c: Context<AppEnv>, { token, expiresAt }: RenewedToken): void {
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
export const onThisHost = (config: Config, name: string): string =>
  isSecure(config) ? `__Host-${name}` : name;

export const cookieName = (config: Config): string => onThisHost(config, "fleethold");

/** The cookie of a device that has been signed in on before. */
export const deviceCookieName = (config: Config): string => onThisHost(config, "fleethold-device");

export const cookieOptions = (config: Config) =>
  ({ path: "/", httpOnly: true, secure: isSecure(config), sameSite: "Lax" }) as const;
