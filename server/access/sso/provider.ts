import { Buffer } from "node:buffer";
import { type Selectable, sql } from "kysely";
import type { Change } from "../../audit/change.ts";
import type { Reader } from "../../audit/reader.ts";
import type { Config } from "../../platform/config.ts";
import {
  type DataTables,
  type Generated,
  type GeneratedMoment,
  type LaterMoment,
  violates,
} from "../../platform/database.ts";
import { changedMeanwhile } from "../../platform/http.ts";
import { newId } from "../../platform/id.ts";
import { badInput, conflict, notAllowed, notFound } from "../../platform/problem.ts";
import { openBytes, sealBytes } from "../../platform/seal.ts";
import { siteNames } from "../../sites/site.ts";
import { keyFor } from "../pepper.ts";
import { manageableBy } from "../power.ts";
import { readPolicy } from "../policy.ts";
import { type Role, seesAllSites } from "../rights.ts";
import { endSessionsWhere } from "../session.ts";
import { type NewProvider, type Provider, type ProviderEdit, type ProviderSettings, Slug } from "./schema.ts";

declare module "../../platform/database.ts" {
  interface DataTables {
    ssoProviders: {
      id: string;
      slug: string;
      name: string;
      preset: Provider["preset"];
      issuer: string;
      clientId: string;
      /** Sealed under a key of the pepper: it opens accounts together with the provider, so it is kept like one. */
      clientSecret: Buffer | null;
      settings: ProviderSettings;
      enabled: boolean;
      source: Provider["source"];
      triedVersion: number | null;
      triedAt: LaterMoment;
      version: Generated<number>;
      createdAt: GeneratedMoment;
    };
  }
}

export type ProviderRow = Selectable<DataTables["ssoProviders"]>;

const MOST_PROVIDERS = 20;

/** The company's identity providers, in the order they were set up. */
export async function listProviders(reader: Pick<Reader, "db" | "services">): Promise<Provider[]> {
  const rows = await reader.db.selectFrom("ssoProviders").selectAll("ssoProviders")
    .select(
      sql<number>`(select count(*) from sso_identities where provider_id = sso_providers.id)`.as("people"),
    )
    .orderBy("id").execute();
  return rows.map((row) => shown(reader.services.config, row, row.people));
}

/**
 * Sets a provider up; it lets nobody in before it is enabled.
 * @throws Problem slug-taken, too-many-providers, not-allowed, bad-input
 */
export async function createProvider(
  change: Change,
  { clientSecret, ...given }: NewProvider,
  source: Provider["source"] = "page",
): Promise<Provider> {
  const { config } = change.services;
  await check(change, given.issuer, given.settings);
  const { count } = await change.tx.selectFrom("ssoProviders")
    .select(({ fn }) => fn.countAll<number>().as("count")).executeTakeFirstOrThrow();
  if (Number(count) >= MOST_PROVIDERS) {
    throw conflict("too-many-providers", `There can be ${MOST_PROVIDERS} providers`, {
      next: "Remove one that nobody uses.",
    });
  }
  const id = newId();
  try {
    await change.tx.insertInto("ssoProviders").values({
      id,
      ...given,
      settings: asJson(given.settings),
      clientSecret: sealSecret(config, id, clientSecret),
      source,
    }).execute();
  } catch (error) {
    if (!violates(error, "sso_providers_slug_key")) throw error;
    throw conflict("slug-taken", "There is a provider of this name already", {
      next: "Choose another name for the address, such as the first one with a number.",
    });
  }
  change.record("sso-provider.created", { provider: id, slug: given.slug, enabled: given.enabled });
  return await oneProvider(change, id);
}

/**
 * Changes how a provider is set up; it has to be tried anew before the policy relies on it. Its issuer stays once people
 * are known by it: another issuer could name them as it likes, and would be let in as them.
 *
 * @throws Problem not-found, changed-meanwhile, from-file, issuer-in-use, not-allowed, last-provider, bad-input
 */
export async function editProvider(
  change: Change,
  id: string,
  version: number,
  edit: ProviderEdit,
): Promise<Provider> {
  const before = await held(change, id);
  if (before.version !== version) throw changedMeanwhile("provider");
  if (before.source === "file") throw fromFile();
  mayChange(change, before.settings);
  await rewrite(change, before, edit);
  return await oneProvider(change, id);
}

/** Removes a provider, and what people are known by there. @throws Problem not-found, from-file, last-provider */
export async function removeProvider(change: Change, id: string): Promise<void> {
  const before = await held(change, id);
  if (before.source === "file") throw fromFile();
  mayChange(change, before.settings);
  await forgetProvider(change, before);
}

/** As `removeProvider`, for the operator's own. */
export async function forgetProvider(change: Change, { id, slug, enabled }: ProviderRow): Promise<void> {
  if (enabled) await leaveAProvider(change, id);
  await endSessionsOf(change, id);
  await change.tx.deleteFrom("ssoProviders").where("id", "=", id).execute();
  change.record("sso-provider.removed", { provider: id, slug });
}

/** Brings a held row to what is wanted of it. Answers whether that changed anything. */
export async function rewrite(change: Change, before: ProviderRow, edit: ProviderEdit): Promise<boolean> {
  const { config } = change.services;
  const { id, version } = before;
  const { clientSecret, ...plain } = edit;
  const after = { ...before, ...plain };
  const fields: string[] = (["name", "issuer", "clientId", "enabled"] as const)
    .filter((field) => after[field] !== before[field]);
  if (!sameSettings(after.settings, before.settings)) fields.push("settings");
  const isNewSecret = clientSecret !== undefined && clientSecret !== secretOf(config, before);
  if (isNewSecret) fields.push("clientSecret");
  if (fields.length === 0) {
    change.unchanged();
    return false;
  }
  await check(change, after.issuer, after.settings);
  if (after.issuer !== before.issuer && await people(change, id) > 0) throw issuerInUse();
  if (before.enabled && !after.enabled) {
    await leaveAProvider(change, id);
    await endSessionsOf(change, id);
  }
  // A name is nothing that could break a sign-in.
  const isAsTried = fields.every((field) => field === "name" || field === "enabled");
  await change.tx.updateTable("ssoProviders").set({
    name: after.name,
    issuer: after.issuer,
    clientId: after.clientId,
    enabled: after.enabled,
    settings: asJson(after.settings),
    ...(isNewSecret && { clientSecret: sealSecret(config, id, clientSecret) }),
    ...(isAsTried && before.triedVersion === version && { triedVersion: version + 1 }),
    version: version + 1,
  }).where("id", "=", id).execute();
  change.record("sso-provider.edited", { provider: id, fields });
  return true;
}

/** A provider by id, or undefined for one that was removed meanwhile. */
export async function findProvider(reader: Pick<Reader, "db">, id: string): Promise<ProviderRow | undefined> {
  return await reader.db.selectFrom("ssoProviders").selectAll().where("id", "=", id).executeTakeFirst();
}

/** @throws Problem not-found */
export async function providerById(reader: Pick<Reader, "db">, id: string): Promise<ProviderRow> {
  const row = await findProvider(reader, id);
  if (!row) throw notFound("provider");
  return row;
}

/** The names of providers by id, for whoever reads the trail; ids of none are left out. */
export async function providerNames(reader: Reader, ids: readonly string[]): Promise<Map<string, string>> {
  const rows = await reader.db.selectFrom("ssoProviders").select(["id", "name"])
    .where("id", "=", sql<string>`any(${ids}::uuid[])`).execute();
  return new Map(rows.map(({ id, name }) => [id, name]));
}

/** A provider that lets people in. @throws Problem not-found */
export async function enabledProvider(reader: Pick<Reader, "db">, slug: string): Promise<ProviderRow> {
  // An address may hold what PostgreSQL refuses as text.
  if (!Slug.safeParse(slug).success) throw notFound("provider");
  return await reader.db.selectFrom("ssoProviders").selectAll().where("slug", "=", slug)
    .where("enabled", "=", true).executeTakeFirstOrThrow(() => notFound("provider"));
}

/** Notes that somebody signed in on trial from beginning to end, if it is still set up as it was then. */
export async function noteTried(change: Change, { id, version }: ProviderRow): Promise<void> {
  await change.tx.updateTable("ssoProviders").set({ triedVersion: version, triedAt: sql<Date>`now()` })
    .where("id", "=", id).where("version", "=", version).execute();
}

/** The secret by which the provider knows us; null for a client without one. */
export function secretOf(config: Config, { id, clientSecret }: Pick<ProviderRow, "id" | "clientSecret">) {
  if (clientSecret === null) return null;
  return openBytes(secretKey(config), placeOf(id), clientSecret).toString();
}

/** The addresses that are registered at the provider. */
export function addressesOf({ FLEETHOLD_PUBLIC_URL: url }: Config, slug: string) {
  return {
    redirectUri: `${url}/sso/${slug}/callback`,
    signedOutUri: `${url}/sign-in`,
    backChannelLogoutUri: `${url}/sso/${slug}/logout`,
  };
}

function sealSecret(config: Config, id: string, secret: string | null): Buffer | null {
  return secret === null ? null : sealBytes(secretKey(config), placeOf(id), Buffer.from(secret));
}

const secretKey = (config: Config) => keyFor(config, "client secret of a provider");
const placeOf = (id: string) => `sso_providers/${id}`;

const asJson = (settings: ProviderSettings) => sql<ProviderSettings>`${JSON.stringify(settings)}::jsonb`;

/** jsonb keeps no order of names. */
function sameSettings(a: ProviderSettings, b: ProviderSettings): boolean {
  const text = (value: unknown): string =>
    JSON.stringify(
      value,
      (_, inner) =>
        inner && typeof inner === "object" && !Array.isArray(inner)
          ? Object.fromEntries(Object.entries(inner).toSorted(([x], [y]) => x < y ? -1 : 1))
          : inner,
    );
  return text(a) === text(b);
}

async function held(change: Change, id: string): Promise<ProviderRow> {
  return await change.tx.selectFrom("ssoProviders").selectAll().where("id", "=", id).forUpdate()
    .executeTakeFirstOrThrow(() => notFound("provider"));
}

async function oneProvider(change: Change, id: string): Promise<Provider> {
  return shown(change.services.config, await providerById(change, id), await people(change, id));
}

async function people(change: Change, id: string): Promise<number> {
  const { count } = await change.tx.selectFrom("ssoIdentities")
    .select(({ fn }) => fn.countAll<number>().as("count")).where("providerId", "=", id)
    .executeTakeFirstOrThrow();
  return Number(count);
}

/** @throws Problem bad-input, not-allowed for a role the actor does not manage */
async function check(change: Change, issuer: string, settings: ProviderSettings): Promise<void> {
  if (!isSafe(issuer)) {
    throw badInput([{ path: "issuer", reason: "must begin with https:// unless it is on this machine" }]);
  }
  mayChange(change, settings);
  const shares = [
    ...settings.mappings.map((share, index) => ({ ...share, path: `settings.mappings.${index}` })),
    ...(settings.everybody ? [{ ...settings.everybody, path: "settings.everybody" }] : []),
  ];
  const siteIds = [...new Set(shares.flatMap((share) => share.siteIds))];
  const known = await siteNames(change, siteIds);
  const faults = shares.flatMap(({ role, siteIds, path }) => {
    if (siteIds.some((id) => !known.has(id))) {
      return [{ path: `${path}.siteIds`, reason: "names a site that does not exist" }];
    }
    return !seesAllSites(role) && siteIds.length === 0
      ? [{ path: `${path}.siteIds`, reason: `must name a site for the role ${role}` }]
      : [];
  });
  if (settings.secondFactor === "claimed" && settings.acrValues.length + settings.amrValues.length === 0) {
    faults.push({
      path: "settings.amrValues",
      reason: "must say what the provider claims after two factors",
    });
  }
  if (settings.justInTime && settings.rolesFrom !== "provider") {
    faults.push({ path: "settings.justInTime", reason: "needs roles that come with the sign-in" });
  }
  if (faults.length > 0) throw badInput(faults);
}

/**
 * Whoever can say which group is an owner's, or who is in it, is one: so that takes somebody who may make owners.
 * @throws Problem not-allowed
 */
export function mayChange(change: Change, { mappings, everybody }: ProviderSettings): void {
  // The operator's own, at start-up, and what a job does.
  if (change.actor.role === null) return;
  const given: Role[] = [...mappings, ...(everybody ? [everybody] : [])].map(({ role }) => role);
  const above = given.find((role) => !manageableBy(change.actor.role as Role, role));
  if (above) throw notAllowed(`Only an owner may set up who gets the role ${above}`);
}

/** Tokens and secrets travel by TLS, or not beyond this machine. */
function isSafe(issuer: string): boolean {
  const { protocol, hostname = "" } = URL.parse(issuer) ?? {};
  return protocol === "https:" || /^(127(\.\d+){3}|localhost|\[::1\])$/.test(hostname);
}

/** Where the policy lets people in by single sign-on alone, one provider at least stays. @throws Problem last-provider */
async function leaveAProvider(change: Change, id: string): Promise<void> {
  if ((await readPolicy({ db: change.tx })).ssoOnlyRoles.length === 0) return;
  const other = await change.tx.selectFrom("ssoProviders").select("id").where("enabled", "=", true)
    .where("id", "!=", id).limit(1).executeTakeFirst();
  if (other) return;
  throw conflict("last-provider", "People may sign in by this provider only", {
    next: "Let them sign in with password and code again first, under How people sign in.",
  });
}

/** Who came by a provider that lets nobody in any more does not stay. */
const endSessionsOf = (change: Change, providerId: string) =>
  endSessionsWhere(change, ({ exists, selectFrom }) =>
    exists(
      selectFrom("ssoSessions").innerJoin("ssoIdentities", "ssoIdentities.id", "ssoSessions.identityId")
        .select("ssoSessions.sessionId").whereRef("ssoSessions.sessionId", "=", "sessions.id")
        .where("ssoIdentities.providerId", "=", providerId),
    ));

const shown = (config: Config, row: ProviderRow, people: number): Provider => ({
  id: row.id,
  slug: row.slug,
  name: row.name,
  preset: row.preset,
  issuer: row.issuer,
  clientId: row.clientId,
  hasSecret: row.clientSecret !== null,
  enabled: row.enabled,
  settings: row.settings,
  source: row.source,
  ...addressesOf(config, row.slug),
  triedAt: row.triedVersion === row.version ? row.triedAt?.toISOString() ?? null : null,
  people: Number(people),
  version: row.version,
});

const fromFile = () =>
  conflict("from-file", "Whoever runs this installation set this provider up in a file", {
    next: "Change it there: credentials/sso_providers.",
  });

const issuerInUse = () =>
  conflict("issuer-in-use", "People are known by this issuer, and another one could pass for them", {
    next: "Set the other one up as a provider of its own, and remove this one afterwards.",
  });
