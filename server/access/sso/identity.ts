import type { Buffer } from "node:buffer";
import type { Change } from "../../audit/change.ts";
import type { Reader } from "../../audit/reader.ts";
import { type GeneratedMoment, type LaterMoment, violates } from "../../platform/database.ts";
import type { Config } from "../../platform/config.ts";
import { newId } from "../../platform/id.ts";
import { conflict, notFound } from "../../platform/problem.ts";
import { notify } from "../notice.ts";
import { peppered } from "../pepper.ts";
import { endSessions } from "../session.ts";
import { SsoRefused } from "./refusal.ts";
import type { OwnSso } from "./schema.ts";

declare module "../../platform/database.ts" {
  interface DataTables {
    ssoIdentities: {
      id: string;
      providerId: string;
      accountId: string;
      /** Keyed hash of what the provider calls them. */
      subject: Buffer;
      /** `IdentityText`, under the key of the account's person. */
      sealed: Buffer;
      origin: Origin;
      createdAt: GeneratedMoment;
      lastUsedAt: LaterMoment;
    };
    ssoSessions: {
      sessionId: string;
      identityId: string;
      sid: Buffer | null;
      sub: Buffer;
      /** The ID token, under the key of the account's person. */
      sealed: Buffer;
    };
  }
}

/** How somebody came to be known by a provider: by signing in, by connecting it, by an invitation, by the directory. */
type Origin = "sign-in" | "connected" | "invitation" | "directory";

interface IdentityText {
  subject: string;
}

/** What a provider calls somebody, as a keyed hash: often an address, which must not stand in the tables. */
export const hashSubject = (config: Config, providerId: string, subject: string): Buffer =>
  peppered(config, "subject at a provider", `${providerId}\0${subject}`);

/** As `hashSubject`, of what a provider calls a session of its own. */
export const hashSid = (config: Config, providerId: string, sid: string): Buffer =>
  peppered(config, "session at a provider", `${providerId}\0${sid}`);

/** Somebody a provider knows, and how they came to be known. */
export interface Identity {
  id: string;
  accountId: string;
  origin: Origin;
}

/** Who a provider's subject is here, or null (OpenID Connect Core 1.0, 5.7: never by address). */
export async function identityOf(
  { db, services }: Pick<Reader, "db" | "services">,
  providerId: string,
  subject: string,
): Promise<Identity | null> {
  return await db.selectFrom("ssoIdentities").select(["id", "accountId", "origin"])
    .where("providerId", "=", providerId)
    .where("subject", "=", hashSubject(services.config, providerId, subject)).executeTakeFirst() ?? null;
}

/**
 * Makes a provider's subject known as an account's.
 * @throws SsoRefused taken where it is known as another's, or another is known as this account's
 */
export async function connect(
  change: Change,
  account: { id: string; personId: string },
  given: { providerId: string; subject: string; origin: Origin },
): Promise<string> {
  const { providerId, subject, origin } = given;
  const id = newId();
  const sealed = await change.seal(
    "sso_identities",
    id,
    account.personId,
    { subject } satisfies IdentityText,
  );
  try {
    await change.tx.insertInto("ssoIdentities").values({
      id,
      providerId,
      accountId: account.id,
      subject: hashSubject(change.services.config, providerId, subject),
      sealed,
      origin,
    }).execute();
  } catch (error) {
    const isTaken = violates(error, "sso_identities_provider_id_subject_key") ||
      violates(error, "sso_identities_provider_id_account_id_key");
    if (!isTaken) throw error;
    throw new SsoRefused("taken");
  }
  change.record("sso.connected", { account: account.id, provider: providerId, origin });
  if (origin === "connected") notify(change, account.id, "sso-connected");
  return id;
}

/**
 * Takes a provider from the actor's account; every other session ends.
 * @throws Problem not-found, last-way-in where nothing else would open the account
 */
export async function disconnect(change: Change, id: string): Promise<void> {
  const { accountId, sessionId } = change.actor;
  const account = await change.tx.selectFrom("accounts").select("passwordHash").where("id", "=", accountId!)
    .forUpdate().executeTakeFirstOrThrow();
  const removed = await change.tx.deleteFrom("ssoIdentities").where("id", "=", id)
    .where("accountId", "=", accountId!).returning("providerId").executeTakeFirst();
  if (!removed) throw notFound("connection");
  if (account.passwordHash === null && !await hasAnotherWay(change, accountId!)) throw lastWayIn();
  await endSessions(change, accountId!, { except: sessionId });
  change.record("sso.disconnected", { account: accountId, provider: removed.providerId });
  notify(change, accountId!, "sso-disconnected");
}

/** Whether a passkey or a provider opens an account. */
export async function hasAnotherWay(change: Change, accountId: string): Promise<boolean> {
  const identity = await change.tx.selectFrom("ssoIdentities").select("id").where("accountId", "=", accountId)
    .limit(1).executeTakeFirst();
  const passkey = identity ??
    await change.tx.selectFrom("passkeys").select("id").where("accountId", "=", accountId).limit(1)
      .executeTakeFirst();
  return passkey !== undefined;
}

export const lastWayIn = () =>
  conflict("last-way-in", "Nothing else would open your account then", {
    next: "Set up another way to sign in first.",
  });

/** How the actor is known to the company's providers. */
export async function ownSso(reader: Reader): Promise<OwnSso> {
  const { accountId, sessionId } = reader.actor;
  const providers = await reader.db.selectFrom("ssoProviders").select(["id", "slug", "name"])
    .where("enabled", "=", true).orderBy("id").execute();
  const own = await reader.db.selectFrom("ssoIdentities")
    .innerJoin("ssoProviders", "ssoProviders.id", "ssoIdentities.providerId")
    .leftJoin(
      "ssoSessions",
      (join) =>
        join.onRef("ssoSessions.identityId", "=", "ssoIdentities.id").on(
          "ssoSessions.sessionId",
          "=",
          sessionId,
        ),
    )
    .select([
      "ssoIdentities.id",
      "providerId",
      "slug",
      "name",
      "ssoIdentities.createdAt",
      "lastUsedAt",
      "ssoSessions.sessionId",
      "enabled",
    ])
    .where("accountId", "=", accountId!).orderBy("ssoIdentities.id").execute();
  const account = await reader.db.selectFrom("accounts").select("passwordHash").where("id", "=", accountId!)
    .executeTakeFirstOrThrow();
  const here = own.find((identity) => identity.sessionId !== null && identity.enabled);
  return {
    session: here ? { slug: here.slug, name: here.name } : null,
    connected: own.map(({ id, slug, name, createdAt, lastUsedAt }) => ({
      id,
      slug,
      name,
      createdAt: createdAt.toISOString(),
      lastUsedAt: lastUsedAt?.toISOString() ?? null,
    })),
    others: providers.filter(({ id }) => !own.some(({ providerId }) => providerId === id))
      .map(({ slug, name }) => ({ slug, name })),
    hasPassword: account.passwordHash !== null,
  };
}
