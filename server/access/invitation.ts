import type { Buffer } from "node:buffer";
import { createHash, randomBytes } from "node:crypto";
import { sql } from "kysely";
import type { Change } from "../audit/change.ts";
import type { Reader } from "../audit/reader.ts";
import { theCompany } from "../company/company.ts";
import type { Moment } from "../platform/database.ts";
import { newId } from "../platform/id.ts";
import { badInput, conflict, notFound, Problem } from "../platform/problem.ts";
import { type AccountPerson, changedAccount, createAccount, RECOVERY_WAITS } from "./account.ts";
import { equip, startAnew } from "./factors.ts";
import { addPasskey, beginPasskey } from "./passkeys/passkey.ts";
import { hashPassword } from "./password.ts";
import { refuseGuessable } from "./password_rules.ts";
import { notify } from "./notice.ts";
import { followPolicy } from "./policy.ts";
import { isManagedByAnother, mayManage, ownAccount } from "./power.ts";
import type { Role } from "./rights.ts";
import type {
  Factors,
  InvitationView,
  InvitedAccount,
  NewAccount,
  NewPasskey,
  PasskeyEnrolment,
  RenewedInvitation,
  TotpEnrolment,
} from "./schema.ts";
import { type Client, type StartedSession, startSession } from "./session.ts";
import { confirmTotp, enrolTotp } from "./totp.ts";

declare module "../platform/database.ts" {
  interface DataTables {
    invitations: {
      id: string;
      accountId: string;
      tokenHash: Buffer;
      expiresAt: Moment;
      usedAt: Moment | null;
    };
  }
}

const VALID_DAYS = 7;

/**
 * Makes an account and the link by which its person chooses password and authenticator. A driver's account is sealed
 * under the driver's own key, so that erasing the driver reaches both.
 *
 * @throws Problem not-allowed, email-taken, not-found (driver), driver-has-account, bad-input
 */
export async function invite(change: Change, given: NewAccount): Promise<InvitedAccount> {
  mayManage(change, given.role);
  const driver = await driverFor(change, given);
  const account = await createAccount(change, {
    name: given.name,
    email: given.email,
    personId: driver?.personId ?? await change.newSubject(),
    role: given.role,
    siteIds: given.siteIds,
  });
  if (driver) {
    await sql`update drivers set account_id = ${account.id}, version = version + 1 where id = ${driver.id}`
      .execute(change.tx);
  }
  change.record("account.invited", {
    account: account.id,
    role: account.role,
    ...(driver && { driver: driver.id }),
  });
  return await newLink(change, account.id);
}

/**
 * Makes a new link; the old one stops working. For somebody active it is the way back when phone and recovery codes are
 * lost: their factors stay until the link is used, and are replaced then. Whoever holds that link is that person to us, so
 * two have to ask for it within a day, and the second is shown it; one alone, where nobody else could.
 *
 * @throws Problem not-found, not-allowed, own-account, account-disabled
 */
export async function inviteAgain(change: Change, id: string): Promise<RenewedInvitation> {
  const account = await change.tx.selectFrom("accounts")
    .select([
      "id",
      "role",
      "disabled",
      "activated",
      "recoveryAskedBy",
      sql<boolean>`coalesce(recovery_asked_at > now() - ${RECOVERY_WAITS}, false)`.as("isAsked"),
    ])
    .where("id", "=", id).forUpdate().executeTakeFirstOrThrow(() => notFound("account"));
  mayManage(change, account.role);
  if (id === change.actor.accountId) throw ownAccount();
  if (account.disabled) {
    throw conflict("account-disabled", "This account is disabled", { next: "Enable it first." });
  }
  const isFirst = !account.isAsked || account.recoveryAskedBy === change.actor.accountId;
  if (account.activated && isFirst && await isManagedByAnother(change, id, account.role)) {
    if (account.isAsked) {
      change.unchanged();
      return { account: await changedAccount(change, id), invitation: null };
    }
    await change.tx.updateTable("accounts")
      .set({ recoveryAskedBy: change.actor.accountId, recoveryAskedAt: sql<Date>`now()` })
      .where("id", "=", id).execute();
    change.record("recovery.asked", { account: id });
    notify(change, id, "recovery-asked", null);
    return { account: await changedAccount(change, id), invitation: null };
  }
  await change.tx.updateTable("accounts").set({ recoveryAskedBy: null, recoveryAskedAt: null })
    .where("id", "=", id).execute();
  change.record("account.invited", { account: id, role: account.role, again: true });
  return await newLink(change, id);
}

/** Makes the link by which an account's person chooses new factors; an earlier one stops working. */
export async function newLink(change: Change, accountId: string): Promise<InvitedAccount> {
  await change.tx.deleteFrom("invitations").where("accountId", "=", accountId).where("usedAt", "is", null)
    .execute();
  const token = randomBytes(32).toString("base64url");
  const expiresAt = new Date(Date.now() + VALID_DAYS * 86_400_000);
  await change.tx.insertInto("invitations")
    .values({ id: newId(), accountId, tokenHash: hashToken(token), expiresAt }).execute();
  return {
    account: await changedAccount(change, accountId),
    invitation: {
      link: `${change.services.config.FLEETHOLD_PUBLIC_URL}/invitation#${token}`,
      expiresAt: expiresAt.toISOString(),
    },
  };
}

/** An invitation that can still be used, and whom it is for. */
export interface OpenInvitation {
  id: string;
  account: { id: string; personId: string; role: Role; breakGlass: boolean };
  person: AccountPerson;
  companyName: string;
  expiresAt: Date;
}

/** @throws Problem link-not-valid for a link that is unknown, used, replaced or too old */
export async function openInvitation(reader: Reader, token: string): Promise<OpenInvitation> {
  const row = await reader.db.selectFrom("invitations")
    .innerJoin("accounts", "accounts.id", "invitations.accountId")
    .select(["invitations.id", "expiresAt", "accountId", "personId", "role", "breakGlass", "sealed"])
    .where("tokenHash", "=", hashToken(token)).where("usedAt", "is", null).where(
      sql<boolean>`expires_at > now()`,
    )
    .where("disabled", "=", false).executeTakeFirstOrThrow(linkNotValid);
  // Shown to the person themselves.
  const person = await reader.openOne<AccountPerson>(
    "accounts",
    { id: row.accountId, subject: row.personId, sealed: row.sealed },
    null,
  );
  if (!person) throw linkNotValid();
  return {
    id: row.id,
    account: {
      id: row.accountId,
      personId: row.personId,
      role: row.role,
      breakGlass: row.breakGlass,
    },
    person,
    companyName: (await theCompany(reader)).name,
    expiresAt: row.expiresAt,
  };
}

export const viewOf = ({ companyName, person, account, expiresAt }: OpenInvitation): InvitationView => ({
  companyName,
  ...person,
  role: account.role,
  expiresAt: expiresAt.toISOString(),
});

/** A secret for the invited person to scan. */
export const enrolInvited = (reader: Reader, invitation: OpenInvitation): TotpEnrolment =>
  enrolTotp(reader.services.config, contextOf(invitation), invitation.companyName, invitation.person.email);

/**
 * Checks what the invited person chose and makes it ready to be stored by `accept`: outside the change, since hashing a
 * password takes half a second.
 * @throws Problem bad-input, busy
 */
export async function prepareFactors(reader: Reader, invitation: OpenInvitation, factors: Factors) {
  const { config } = reader.services;
  refuseGuessable(factors.password, { company: invitation.companyName, ...invitation.person }, "password");
  const totp = confirmTotp(config, contextOf(invitation), { ...factors, path: "code" });
  return { passwordHash: await hashPassword(config, factors.password), totp };
}

/** Uses an invitation up: its person can sign in from now on. @throws Problem link-not-valid */
export async function accept(change: Change, { id, account }: OpenInvitation): Promise<void> {
  const used = await change.tx.updateTable("invitations").set({ usedAt: sql<Date>`now()` })
    .where("id", "=", id).where("usedAt", "is", null).where(sql<boolean>`expires_at > now()`)
    .executeTakeFirst();
  const enabled = await change.tx.selectFrom("accounts").select("id").where("id", "=", account.id)
    .where("disabled", "=", false).forUpdate().executeTakeFirst();
  if (used.numUpdatedRows === 0n || !enabled) throw linkNotValid();
  await startAnew(change, account);
  change.record("account.activated", { account: account.id, role: account.role });
}

/**
 * As `accept`, with password and authenticator, and signed in.
 * @throws Problem link-not-valid, sso-only, passkey-needed
 */
export async function acceptWithFactors(
  change: Change,
  invitation: OpenInvitation,
  factors: Awaited<ReturnType<typeof prepareFactors>>,
  client: Client,
): Promise<{ recoveryCodes: string[]; session: StartedSession }> {
  await followPolicy(change, invitation.account, "password");
  await accept(change, invitation);
  const recoveryCodes = await equip(change, invitation.account, factors);
  return { recoveryCodes, session: await startSession(change, invitation.account, client) };
}

/** What the invited person's browser needs to make a passkey, which opens the account by itself. */
export const beginInvitedPasskey = (reader: Reader, invitation: OpenInvitation): Promise<PasskeyEnrolment> =>
  beginPasskey(reader, holderOf(invitation), { ...invitation.person, company: invitation.companyName });

/** As `accept`, with a passkey, and signed in. @throws Problem link-not-valid, sso-only, bad-input */
export async function acceptWithPasskey(
  change: Change,
  invitation: OpenInvitation,
  given: NewPasskey,
  client: Client,
): Promise<StartedSession> {
  await followPolicy(change, invitation.account, "passkey");
  await accept(change, invitation);
  await addPasskey(change, holderOf(invitation), given);
  return await startSession(change, invitation.account, client);
}

const holderOf = ({ account: { id, personId } }: OpenInvitation) => ({ accountId: id, personId });

const contextOf = ({ id }: OpenInvitation) => `invitation/${id}`;

/** The driver that a driver's account is for, held until it is tied to it. */
async function driverFor(
  change: Change,
  { role, driverId }: NewAccount,
): Promise<{ id: string; personId: string } | null> {
  if (role !== "driver") {
    if (driverId) throw badInput([{ path: "driverId", reason: "is for the role driver only" }]);
    return null;
  }
  if (!driverId) throw badInput([{ path: "driverId", reason: "must name the driver this account is for" }]);
  const { rows: [driver] } = await sql<{ id: string; personId: string; accountId: string | null }>`
    select id, person_id, account_id from drivers
    where id = ${driverId} and active and ${change.inSites("drivers.siteId")} for update`.execute(change.tx);
  if (!driver) throw notFound("driver");
  if (driver.accountId) {
    throw conflict("driver-has-account", "This driver has an account already", {
      next: "Make a new link for that account instead.",
    });
  }
  return driver;
}

const hashToken = (token: string): Buffer => createHash("sha256").update(token).digest();

/** The same answer for a link that never was, so that nobody learns anything by trying. */
export const linkNotValid = () =>
  new Problem(401, "link-not-valid", "This link is not valid, or not any more", {
    next: "Ask whoever sent it for a new one.",
    recorded: true,
  });
