import type { Buffer } from "node:buffer";
import { createHash, randomBytes } from "node:crypto";
import { sql } from "kysely";
import type { Change } from "../../audit/change.ts";
import type { Reader } from "../../audit/reader.ts";
import type { GeneratedMoment, LaterMoment, Moment } from "../../platform/database.ts";
import { notFound } from "../../platform/problem.ts";
import type { Services } from "../../platform/services.ts";
import { mayChange, providerById, type ProviderRow } from "../sso/provider.ts";
import type { Directory, DirectoryKey } from "./schema.ts";

declare module "../../platform/database.ts" {
  interface DataTables {
    directoryKeys: {
      providerId: string;
      tokenHash: Buffer;
      start: string;
      createdBy: string | null;
      createdAt: GeneratedMoment;
      expiresAt: Moment;
      lastUsedAt: LaterMoment;
    };
  }
}

/** By it scanners of source code find a key that was committed by mistake. */
const PREFIX = "fleethold_scim_";
const SHOWN = PREFIX.length + 6;

/**
 * Makes the key by which a provider sends people and groups; the one before works no longer. Its token, 256 random bits of
 * which only the SHA-256 is stored, is shown now and never again.
 *
 * @throws Problem not-found, not-allowed where groups give a role that the actor does not manage
 */
export async function createDirectoryKey(
  change: Change,
  providerId: string,
  days: number,
): Promise<{ key: DirectoryKey; token: string }> {
  const { settings } = await providerById(change, providerId);
  mayChange(change, settings);
  await change.tx.deleteFrom("directoryKeys").where("providerId", "=", providerId).execute();
  const token = PREFIX + randomBytes(32).toString("base64url");
  const row = await change.tx.insertInto("directoryKeys").values({
    providerId,
    tokenHash: hashToken(token),
    start: token.slice(0, SHOWN),
    createdBy: change.actor.accountId,
    expiresAt: new Date(Date.now() + days * 86_400_000),
  }).returningAll().executeTakeFirstOrThrow();
  change.record("directory-key.created", { provider: providerId, expiresAt: row.expiresAt.toISOString() });
  return { key: shown(row), token };
}

/** Ends a provider's key at once. @throws Problem not-found */
export async function endDirectoryKey(change: Change, providerId: string): Promise<void> {
  const { numDeletedRows } = await change.tx.deleteFrom("directoryKeys").where("providerId", "=", providerId)
    .executeTakeFirst();
  if (numDeletedRows === 0n) throw notFound("key");
  change.record("directory-key.ended", { provider: providerId });
}

/** Whose directory a token opens; null for none. Notes the use, at most once a minute. */
export async function providerOfKey(services: Services, token: string): Promise<ProviderRow | null> {
  const key = await services.db.selectFrom("directoryKeys").select(["providerId", "lastUsedAt"])
    .where("tokenHash", "=", hashToken(token)).where(sql<boolean>`expires_at > now()`).executeTakeFirst();
  if (!key) return null;
  if (!key.lastUsedAt || key.lastUsedAt.getTime() < Date.now() - 60_000) {
    await services.db.updateTable("directoryKeys").set({ lastUsedAt: sql<Date>`now()` })
      .where("providerId", "=", key.providerId).execute();
  }
  return await providerById(services, key.providerId);
}

/** What a provider's directory has sent so far. @throws Problem not-found */
export async function readDirectory(reader: Reader, providerId: string): Promise<Directory> {
  const { settings } = await providerById(reader, providerId);
  const key = await reader.db.selectFrom("directoryKeys").selectAll().where("providerId", "=", providerId)
    .executeTakeFirst();
  const counts = await reader.db.selectFrom("directoryUsers")
    .select([
      sql<number>`count(*)`.as("users"),
      sql<number>`count(account_id)`.as("withAccount"),
    ])
    .where("providerId", "=", providerId).executeTakeFirstOrThrow();
  const groups = await reader.db.selectFrom("directoryGroups")
    .select([
      "name",
      sql<number>`(select count(*) from directory_members where group_id = directory_groups.id)`.as(
        "members",
      ),
    ])
    .where("providerId", "=", providerId).orderBy("name").limit(500).execute();
  return {
    address: `${reader.services.config.FLEETHOLD_PUBLIC_URL}/scim/v2`,
    key: key ? shown(key) : null,
    users: Number(counts.users),
    withAccount: Number(counts.withAccount),
    groups: groups.map(({ name, members }) => ({
      name,
      members: Number(members),
      mapped: settings.mappings.some(({ group }) => group === name),
    })),
  };
}

const hashToken = (token: string): Buffer => createHash("sha256").update(token).digest();

const shown = (
  row: { start: string; createdAt: Date; expiresAt: Date; lastUsedAt: Date | null },
): DirectoryKey => ({
  start: row.start,
  createdAt: row.createdAt.toISOString(),
  expiresAt: row.expiresAt.toISOString(),
  lastUsedAt: row.lastUsedAt?.toISOString() ?? null,
});
