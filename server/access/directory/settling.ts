import { sql } from "kysely";
import SCIMMY from "scimmy";
import type { Change } from "../../audit/change.ts";
import { Problem } from "../../platform/problem.ts";
import { Email } from "../../platform/schema.ts";
import { alterAccount, holdRoles } from "../account.ts";
import { textOf } from "../sso/claims.ts";
import { connect, identityOf } from "../sso/identity.ts";
import { shareOf } from "../sso/mapping.ts";
import type { ProviderRow } from "../sso/provider.ts";
import { SsoRefused } from "../sso/refusal.ts";
import { provideAccount } from "../sso/sign_in.ts";
import { type DirectoryPerson, type DirectoryUser, kept } from "./user.ts";

const { Error: ScimError } = SCIMMY.Types;

/**
 * Brings somebody's account to what the directory says of them. An account is made once a group gives a role, unless roles
 * come with the sign-in. Where roles come from the directory it follows the groups, and is closed, with its sessions, when
 * none has a role any more. Wherever roles come from, it is closed when they leave.
 *
 * @throws SCIMError uniqueness where another account has their address or their subject, mutability for the last owner
 */
export async function settle(
  change: Change,
  provider: ProviderRow,
  userId: string,
  person: DirectoryPerson,
): Promise<void> {
  await holdRoles(change);
  const user = await change.tx.selectFrom("directoryUsers").selectAll().where("id", "=", userId).forUpdate()
    .executeTakeFirstOrThrow();
  const share = user.active ? await shareFor(change, provider, userId) : null;
  const accountId = user.accountId ?? await adopt(change, provider, user, person);
  if (accountId) {
    const { active: isActive } = user;
    await told(() => follow(change, provider, accountId, { share, isActive, name: nameOf(person) }));
    return await known(change, provider, await holderOf(change, accountId), person);
  }
  if (!share || provider.settings.rolesFrom === "provider") return;
  const account = await told(() =>
    provideAccount(change, provider, {
      ...share,
      name: nameOf(person),
      email: emailOf(person),
      personId: user.personId,
    })
  );
  await change.tx.updateTable("directoryUsers").set({ accountId: account.id }).where("id", "=", userId)
    .execute();
  await known(change, provider, account, person);
}

const holderOf = (change: Change, accountId: string) =>
  change.tx.selectFrom("accounts").select(["id", "personId"]).where("id", "=", accountId)
    .executeTakeFirstOrThrow();

/** Closes the account of somebody whom the directory has no more. */
export async function deprive(
  change: Change,
  provider: ProviderRow,
  { accountId }: DirectoryUser,
): Promise<void> {
  if (accountId === null) return;
  await holdRoles(change);
  await told(() => follow(change, provider, accountId, { share: null, isActive: false }));
}

/** What the groups that were sent make of somebody. */
async function shareFor(change: Change, { settings }: ProviderRow, userId: string) {
  const groups = await change.tx.selectFrom("directoryMembers")
    .innerJoin("directoryGroups", "directoryGroups.id", "directoryMembers.groupId").select("name")
    .where("userId", "=", userId).execute();
  return shareOf(groups.map(({ name }) => name), settings);
}

/** Somebody known by the provider already, having signed in before the directory sent them. */
async function adopt(
  change: Change,
  provider: ProviderRow,
  user: DirectoryUser,
  person: DirectoryPerson,
): Promise<string | null> {
  const { externalId } = person;
  const identity = externalId === undefined ? null : await identityOf(change, provider.id, externalId);
  if (!identity) return null;
  const { personId } = await holderOf(change, identity.accountId);
  await change.tx.updateTable("directoryUsers").set({
    accountId: identity.accountId,
    // Sent before they signed in, under a key of their own: from now on under the account's.
    personId,
    sealed: await change.seal("directory_users", user.id, personId, kept(person)),
  }).where("id", "=", user.id).execute();
  return identity.accountId;
}

async function follow(
  change: Change,
  { settings }: ProviderRow,
  accountId: string,
  { share, isActive, name }: { share: ReturnType<typeof shareOf>; isActive: boolean; name?: string },
): Promise<void> {
  const account = await change.tx.selectFrom("accounts").selectAll().where("id", "=", accountId).forUpdate()
    .executeTakeFirstOrThrow();
  // Kept for the day the directory is wrong.
  if (account.breakGlass) return;
  // A driver belongs to a driver of the list, and stays one.
  const isGivenHere = account.role === "driver" || settings.rolesFrom !== "directory";
  const given = isGivenHere || !share ? { role: account.role } : share;
  await alterAccount(change, account, { ...given, name, disabled: isGivenHere ? !isActive : !share });
}

/** Lets the account be opened by the provider, by whom the directory says it is. */
async function known(
  change: Change,
  provider: ProviderRow,
  account: { id: string; personId: string },
  { externalId }: DirectoryPerson,
): Promise<void> {
  if (externalId === undefined) return;
  const identity = await identityOf(change, provider.id, externalId);
  if (identity?.accountId === account.id) return;
  await change.tx.deleteFrom("ssoIdentities").where("providerId", "=", provider.id)
    .where("accountId", "=", account.id).where("origin", "=", "directory").execute();
  await told(() =>
    connect(change, account, { providerId: provider.id, subject: externalId, origin: "directory" })
  );
}

/** The product's own refusals, in SCIM's words (RFC 7644, 3.12). */
async function told<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof SsoRefused) {
      throw new ScimError(409, "uniqueness", "Another account is known by this externalId");
    }
    if (!(error instanceof Problem)) throw error;
    const isTaken = error.slug === "email-taken";
    throw new ScimError(
      isTaken ? 409 : 400,
      isTaken ? "uniqueness" : error.slug === "last-owner" ? "mutability" : "invalidValue",
      error.title,
    );
  }
}

/** What somebody is called here. */
export function nameOf({ displayName, name, userName }: DirectoryPerson): string {
  const parts = [name?.givenName, name?.familyName].filter(Boolean).join(" ");
  return textOf(displayName, 120) ?? textOf(name?.formatted, 120) ?? textOf(parts, 120) ??
    textOf(userName, 120) ??
    userName;
}

/** @throws SCIMError where the directory has no address for somebody who needs an account */
function emailOf({ emails, userName }: DirectoryPerson): string {
  const best = emails?.find(({ primary }) => primary) ?? emails?.find(({ type }) => type === "work") ??
    emails?.[0];
  const email = Email.safeParse(best?.value ?? userName);
  if (email.success) return email.data;
  throw new ScimError(400, "invalidValue", "A user whose groups have a role needs an e-mail address");
}

/** Sees to it that two requests of a directory do not each write what the other has not seen. */
export async function holdDirectory(change: Change, { id }: ProviderRow): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtext(${`directory ${id}`}))`.execute(change.tx);
}
