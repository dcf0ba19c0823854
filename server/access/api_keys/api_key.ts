import type { Buffer } from "node:buffer";
import { createHash, randomBytes } from "node:crypto";
import { sql } from "kysely";
import type { Actor } from "../../audit/actor.ts";
import type { Change } from "../../audit/change.ts";
import type { Reader } from "../../audit/reader.ts";
import type { GeneratedMoment, LaterMoment, Moment } from "../../platform/database.ts";
import { newId } from "../../platform/id.ts";
import { notFound, Problem } from "../../platform/problem.ts";
import type { Services } from "../../platform/services.ts";
import { type AccountPerson, placeAt } from "../account.ts";
import type { KeyRight } from "../rights.ts";
import type { ApiKey, NewApiKey } from "../schema.ts";

declare module "../../platform/database.ts" {
  interface DataTables {
    apiKeys: {
      accountId: string;
      tokenHash: Buffer;
      start: string;
      rights: string[];
      perMinute: number;
      createdBy: string | null;
      createdAt: GeneratedMoment;
      expiresAt: Moment;
      lastUsedAt: LaterMoment;
      endedAt: LaterMoment;
    };
    apiKeyCalls: { accountId: string; minute: Moment; calls: number };
  }
}

/** By it scanners of source code find a key that was committed by mistake. */
const PREFIX = "fleethold_";
/** So much of a token is shown in lists: enough to tell keys apart, of 256 random bits nothing that helps to guess. */
const SHOWN = PREFIX.length + 6;

/**
 * Makes a key: 256 random bits of which only the SHA-256 is stored. It acts as an account of its own, which has the
 * key's name in the trail, so that what a program did is never taken for what a person did.
 *
 * @returns the key, and its token, which is shown now and never again
 * @throws Problem bad-input
 */
export async function createApiKey(
  change: Change,
  given: NewApiKey,
): Promise<{ key: ApiKey; token: string }> {
  const id = newId();
  const personId = await change.newSubject();
  const sealed = await change.seal(
    "accounts",
    id,
    personId,
    { name: given.name, email: "" } satisfies AccountPerson,
  );
  await change.tx.insertInto("accounts").values({ id, personId, role: "integration", sealed }).execute();
  await placeAt(change, id, "integration", given.siteIds);
  const token = PREFIX + randomBytes(32).toString("base64url");
  const rights = [...new Set(given.rights)];
  const expiresAt = new Date(Date.now() + given.days * 86_400_000);
  await change.tx.insertInto("apiKeys").values({
    accountId: id,
    tokenHash: hashToken(token),
    start: token.slice(0, SHOWN),
    rights,
    perMinute: given.perMinute,
    createdBy: change.actor.accountId,
    expiresAt,
  }).execute();
  change.record("api-key.created", { account: id, rights, expiresAt: expiresAt.toISOString() });
  return { key: (await shown(change, id))[0]!, token };
}

/** Every key of the company, the newest first; those that ended or ran out 90 days ago are left out. */
export async function listApiKeys(reader: Reader): Promise<ApiKey[]> {
  return await shown(reader);
}

/** Ends a key at once. @throws Problem not-found */
export async function endApiKey(change: Change, id: string): Promise<void> {
  const { numUpdatedRows } = await change.tx.updateTable("apiKeys").set({ endedAt: sql<Date>`now()` })
    .where("accountId", "=", id).where("endedAt", "is", null).executeTakeFirst();
  if (numUpdatedRows === 0n) throw notFound("API key");
  await change.tx.updateTable("accounts").set({ disabled: true, version: sql<number>`version + 1` })
    .where("id", "=", id).execute();
  change.record("api-key.ended", { account: id });
}

/**
 * Who a key acts as. One statement, which also counts the call and notes the use, at most once a minute.
 * @throws Problem key-not-valid, too-many-requests
 */
export async function actorOfKey(services: Services, token: string): Promise<Actor> {
  const { rows: [row] } = await sql<{
    accountId: string;
    personId: string;
    rights: KeyRight[];
    siteIds: string[];
    perMinute: number;
    calls: number;
    secondsLeft: number;
  }>`
    with found as (
      select api_keys.account_id, accounts.person_id, rights, per_minute, last_used_at,
        array(select site_id from account_sites where account_sites.account_id = accounts.id) as site_ids
      from api_keys join accounts on accounts.id = api_keys.account_id
      where token_hash = ${hashToken(token)} and ended_at is null and expires_at > now() and not disabled
    ), counted as (
      insert into api_key_calls (account_id, minute, calls)
      select account_id, date_trunc('minute', now()), 1 from found
      on conflict (account_id) do update set
        calls = case when api_key_calls.minute = excluded.minute then api_key_calls.calls + 1 else 1 end,
        minute = excluded.minute
      returning calls
    ), used as (
      update api_keys set last_used_at = now() from found
      where api_keys.account_id = found.account_id
        and (found.last_used_at is null or found.last_used_at < now() - interval '1 minute')
    )
    select account_id, person_id, rights, site_ids, per_minute, calls,
      ceil(60 - extract(second from now()))::int as seconds_left
    from found, counted`.execute(services.db);
  if (!row) throw keyNotValid();
  if (row.calls > row.perMinute) throw tooManyRequests(row.perMinute, row.secondsLeft);
  return {
    accountId: row.accountId,
    personId: row.personId,
    sessionId: null,
    role: "integration",
    driverId: null,
    sites: row.siteIds,
    rights: row.rights,
    elevation: null,
    isFresh: false,
    via: null,
  };
}

async function shown(reader: Reader, only?: string): Promise<ApiKey[]> {
  const rows = await reader.db.selectFrom("apiKeys").innerJoin("accounts", "accounts.id", "apiKeys.accountId")
    .select([
      "accounts.id",
      "accounts.personId as subject",
      "accounts.sealed",
      "start",
      "rights",
      "perMinute",
      "apiKeys.createdAt",
      "createdBy",
      "expiresAt",
      "lastUsedAt",
      "endedAt",
      sql<string[]>`array(select site_id from account_sites where account_id = accounts.id order by site_id)`
        .as("siteIds"),
    ])
    .where(sql<boolean>`least(ended_at, expires_at) > now() - interval '90 days'`)
    .$if(only !== undefined, (query) => query.where("accounts.id", "=", only!))
    .orderBy("accounts.id", "desc").limit(500).execute();
  // The name of a program is nobody's.
  const named = await reader.open<AccountPerson>("accounts", rows, null);
  return rows.map((row, index) => ({
    id: row.id,
    name: named[index]?.name ?? null,
    start: row.start,
    rights: row.rights as KeyRight[],
    siteIds: row.siteIds,
    perMinute: row.perMinute,
    createdAt: row.createdAt.toISOString(),
    createdBy: row.createdBy,
    expiresAt: row.expiresAt.toISOString(),
    lastUsedAt: row.lastUsedAt?.toISOString() ?? null,
    state: row.endedAt ? "ended" : row.expiresAt <= new Date() ? "expired" : "active",
  }));
}

const hashToken = (token: string): Buffer => createHash("sha256").update(token).digest();

const keyNotValid = () =>
  new Problem(401, "key-not-valid", "This API key opens nothing", {
    detail: "It is mistyped, has expired or was ended.",
    next: "Ask an owner for a new one, under API keys.",
    recorded: true,
  });

const tooManyRequests = (perMinute: number, retryAfter: number) =>
  new Problem(429, "too-many-requests", `This API key may ask ${perMinute} times a minute`, {
    next: `Wait ${retryAfter} seconds, then go on more slowly.`,
    retryAfter,
  });
