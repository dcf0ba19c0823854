import type { Buffer } from "node:buffer";
import { type Selectable, sql } from "kysely";
import SCIMMY from "scimmy";
import type { Change } from "../../audit/change.ts";
import type { Reader } from "../../audit/reader.ts";
import { type DataTables, type GeneratedMoment, violates } from "../../platform/database.ts";
import { newId } from "../../platform/id.ts";
import { peppered } from "../pepper.ts";
import { identityOf } from "../sso/identity.ts";
import type { ProviderRow } from "../sso/provider.ts";
import { deprive, settle } from "./settling.ts";

declare module "../../platform/database.ts" {
  interface DataTables {
    directoryUsers: {
      id: string;
      providerId: string;
      accountId: string | null;
      /** The subject under whose key it is sealed, as the account is that it becomes. */
      personId: string;
      userName: Buffer;
      externalId: Buffer | null;
      active: boolean;
      /** `DirectoryPerson`. */
      sealed: Buffer;
      createdAt: GeneratedMoment;
      updatedAt: GeneratedMoment;
    };
  }
}

export type DirectoryUser = Selectable<DataTables["directoryUsers"]>;

/** What is kept of somebody: what an account needs, and what the directory looks them up by. Nothing else it may send. */
export interface DirectoryPerson {
  userName: string;
  externalId?: string | undefined;
  displayName?: string | undefined;
  name?:
    | { givenName?: string | undefined; familyName?: string | undefined; formatted?: string | undefined }
    | undefined;
  emails?: { value: string; type?: string | undefined; primary?: boolean | undefined }[] | undefined;
}

/** A user as SCIM has it. */
export type ScimUser = DirectoryPerson & {
  id: string;
  active: boolean;
  meta: { created: Date; lastModified: Date };
};

const { Error: ScimError } = SCIMMY.Types;

/** Names are told apart without regard to case (RFC 7643, 4.1.1). */
const hashName = (reader: Pick<Reader, "services">, { id }: ProviderRow, name: string): Buffer =>
  peppered(reader.services.config, "name in a directory", `${id}\0${name.normalize("NFC").toLowerCase()}`);
const hashExternal = (reader: Pick<Reader, "services">, { id }: ProviderRow, externalId: string): Buffer =>
  peppered(reader.services.config, "id in a directory", `${id}\0${externalId}`);

/** Which users are asked for; without anything, all of them. */
export interface Wanted {
  id?: string | undefined;
  userName?: string | undefined;
  externalId?: string | undefined;
}

/** The users a directory has sent. */
export async function listUsers(reader: Reader, provider: ProviderRow, wanted: Wanted): Promise<ScimUser[]> {
  const rows = await reader.db.selectFrom("directoryUsers").selectAll().where("providerId", "=", provider.id)
    .$if(wanted.id !== undefined, (query) => query.where("id", "=", wanted.id!))
    .$if(
      wanted.userName !== undefined,
      (query) => query.where("userName", "=", hashName(reader, provider, wanted.userName!)),
    )
    .$if(
      wanted.externalId !== undefined,
      (query) => query.where("externalId", "=", hashExternal(reader, provider, wanted.externalId!)),
    )
    .orderBy("id").execute();
  return await opened(reader, rows);
}

/**
 * Makes or replaces a user, and brings their account to what follows from it.
 * @param id  whom it replaces; left out for somebody new
 * @throws SCIMError uniqueness, 404
 */
export async function writeUser(
  change: Change,
  provider: ProviderRow,
  id: string | undefined,
  given: DirectoryPerson & { active?: boolean | undefined },
): Promise<ScimUser> {
  if (typeof given.userName !== "string" || given.userName.length > 500) {
    throw new ScimError(400, "invalidValue", "userName is a line of text, up to 500 characters");
  }
  const active = given.active ?? true;
  const person = kept(given);
  const had = id === undefined ? null : await held(change, provider, id);
  const personId = had?.personId ?? await personFor(change, provider, person);
  const rowId = had?.id ?? newId();
  const values = {
    userName: hashName(change, provider, person.userName),
    externalId: person.externalId === undefined ? null : hashExternal(change, provider, person.externalId),
    active,
    sealed: await change.seal("directory_users", rowId, personId, person),
  };
  try {
    if (had) {
      await change.tx.updateTable("directoryUsers").set({ ...values, updatedAt: sql<Date>`now()` })
        .where("id", "=", rowId).execute();
    } else {
      const { id: providerId } = provider;
      await change.tx.insertInto("directoryUsers").values({
        id: rowId,
        providerId,
        personId,
        accountId: null,
        ...values,
      })
        .execute();
    }
  } catch (error) {
    const isTaken = violates(error, "directory_users_provider_id_user_name_key") ||
      violates(error, "directory_users_provider_id_external_id_key");
    if (!isTaken) throw error;
    throw new ScimError(409, "uniqueness", "There is a user of this userName or externalId already");
  }
  change.record(had ? "directory.user-changed" : "directory.user-made", {
    provider: provider.id,
    user: rowId,
    active,
  });
  await settle(change, provider, rowId, person);
  return (await listUsers(change, provider, { id: rowId }))[0]!;
}

/** Forgets a user; their account is closed. @throws SCIMError 404 */
export async function removeUser(change: Change, provider: ProviderRow, id: string): Promise<void> {
  const user = await held(change, provider, id);
  await deprive(change, provider, user);
  await change.tx.deleteFrom("directoryUsers").where("id", "=", user.id).execute();
  change.record("directory.user-removed", { provider: provider.id, user: user.id });
}

/** Brings the accounts of users to what their groups say now. */
export async function settleAll(
  change: Change,
  provider: ProviderRow,
  ids: readonly string[],
): Promise<void> {
  if (ids.length === 0) return;
  const rows = await change.tx.selectFrom("directoryUsers").selectAll().where("providerId", "=", provider.id)
    .where("id", "=", sql<string>`any(${ids}::uuid[])`).orderBy("id").execute();
  for (const user of await opened(change, rows)) await settle(change, provider, user.id, user);
}

async function held(change: Change, provider: ProviderRow, id: string): Promise<DirectoryUser> {
  return await change.tx.selectFrom("directoryUsers").selectAll().where("providerId", "=", provider.id)
    .where(sql<boolean>`id::text = ${id}`).forUpdate()
    .executeTakeFirstOrThrow(() => new ScimError(404, null as unknown as string, "There is no such user"));
}

/** Whoever is known by the provider already, having signed in before the directory sent them, stays who they are. */
async function personFor(
  change: Change,
  provider: ProviderRow,
  { externalId }: DirectoryPerson,
): Promise<string> {
  const identity = externalId === undefined ? null : await identityOf(change, provider.id, externalId);
  if (!identity) return await change.newSubject();
  const { personId } = await change.tx.selectFrom("accounts").select("personId")
    .where("id", "=", identity.accountId).executeTakeFirstOrThrow();
  return personId;
}

/** Of what was sent, what is kept. */
export const kept = (
  { userName, externalId, displayName, name, emails }: DirectoryPerson,
): DirectoryPerson => ({
  userName,
  ...(externalId !== undefined && { externalId }),
  ...(displayName !== undefined && { displayName }),
  ...(name &&
    { name: { givenName: name.givenName, familyName: name.familyName, formatted: name.formatted } }),
  ...(emails &&
    { emails: emails.slice(0, 10).map(({ value, type, primary }) => ({ value, type, primary })) }),
});

/** What a directory sent goes back to it: nobody looks at anybody. */
async function opened(reader: Reader, rows: readonly DirectoryUser[]): Promise<ScimUser[]> {
  const people = await reader.open<DirectoryPerson>(
    "directory_users",
    rows.map(({ id, personId: subject, sealed }) => ({ id, subject, sealed })),
    null,
  );
  return rows.flatMap(({ id, active, createdAt, updatedAt }, index) => {
    const person = people[index];
    return person ? [{ id, active, ...person, meta: { created: createdAt, lastModified: updatedAt } }] : [];
  });
}
