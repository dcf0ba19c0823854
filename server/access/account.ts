import type { Buffer } from "node:buffer";
import { type ColumnType, type Selectable, type SelectQueryBuilder, sql } from "kysely";
import { z } from "zod";
import type { Change } from "../audit/change.ts";
import type { Reader } from "../audit/reader.ts";
import { sealDetail } from "../audit/sealed_detail.ts";
import type { DataTables, Generated, GeneratedMoment, LaterMoment } from "../platform/database.ts";
import { changedMeanwhile, readCursor, writeCursor } from "../platform/http.ts";
import { newId } from "../platform/id.ts";
import { badInput, conflict, notAllowed, notFound } from "../platform/problem.ts";
import type { Page } from "../platform/schema.ts";
import { siteNames } from "../sites/site.ts";
import { endElevationsOf } from "./elevations/elevation.ts";
import { addLogin } from "./login.ts";
import { leaveAnOwner, mayManage, ownAccount } from "./power.ts";
import { type Role, seesAllSites } from "./rights.ts";
import type { Account, AccountEdit, AccountQuery } from "./schema.ts";
import { endSessions } from "./session.ts";

declare module "../platform/database.ts" {
  interface DataTables {
    accounts: {
      id: string;
      /** The subject under whose key everything personal of this account is sealed; a driver's own for a driver. */
      personId: string;
      role: Role;
      /** `AccountPerson`. */
      sealed: Buffer;
      /** Null until the invitation is accepted, like the next. */
      passwordHash: string | null;
      totpSealed: Buffer | null;
      /** The last time step whose code was accepted: none is accepted twice. */
      totpLastStep: Generated<number>;
      disabled: Generated<boolean>;
      /** Whether its person has ever chosen something to sign in with. */
      activated: Generated<boolean>;
      /** Kept for the day a provider fails: its password opens it whatever the policy says. */
      breakGlass: Generated<boolean>;
      /** When somebody last signed in with that password. */
      breakGlassTestedAt: LaterMoment;
      lastSignInAt: ColumnType<Date | null, Date | undefined, Date>;
      /** Who first asked for a new start for this account, and when; null once it was given. */
      recoveryAskedBy: Generated<string | null>;
      recoveryAskedAt: LaterMoment;
      version: Generated<number>;
      createdAt: GeneratedMoment;
    };
    accountSites: { accountId: string; siteId: string };
  }
}

/** So long a second one has time to ask for somebody's new start as well. */
export const RECOVERY_WAITS = sql`interval '24 hours'`;

/** What is personal of an account. */
export interface AccountPerson {
  name: string;
  email: string;
}

/** The accounts of the company's people in the order they were made; those of programs are its API keys. */
export async function listAccounts(reader: Reader, { cursor, limit }: AccountQuery): Promise<Page<Account>> {
  const after = cursor === undefined ? null : readCursor(cursor, z.tuple([z.uuid()]))[0];
  const rows = await accountRows(reader).where("accounts.role", "!=", "integration")
    .$if(after !== null, (query) => query.where("accounts.id", ">", after!))
    .orderBy("accounts.id").limit(limit + 1).execute();
  const page = rows.slice(0, limit);
  return {
    items: await shown(reader, page, "account.read"),
    next: rows.length > limit ? writeCursor([page.at(-1)!.id]) : null,
  };
}

/** An account as whoever just changed it is shown it; the change is in the trail already. @throws Problem not-found */
export async function changedAccount(change: Change, id: string): Promise<Account> {
  const row = await accountRows(change).where("accounts.id", "=", id)
    .executeTakeFirstOrThrow(() => notFound("account"));
  return (await shown(change, [row], null))[0]!;
}

/** Makes an account that cannot sign in yet. @throws Problem email-taken, bad-input for a site */
export async function createAccount(
  change: Change,
  { personId, role, siteIds, ...person }: AccountPerson & {
    personId: string;
    role: Role;
    siteIds: readonly string[];
  },
): Promise<{ id: string; personId: string; role: Role }> {
  const id = newId();
  const sealed = await change.seal("accounts", id, personId, person);
  await change.tx.insertInto("accounts").values({ id, personId, role, sealed }).execute();
  await addLogin(change, id, person.email);
  await placeAt(change, id, role, siteIds);
  return { id, personId, role };
}

/**
 * Edits an account. A change of role or sites, or disabling it, takes effect with the next request: a changed role ends
 * all sessions and the link of an invitation, and sites are looked up each time.
 *
 * @throws Problem not-found, changed-meanwhile, not-allowed, own-account, last-owner, driver-account, bad-input
 */
export async function editAccount(
  change: Change,
  id: string,
  version: number,
  edit: AccountEdit,
): Promise<Account> {
  await holdRoles(change);
  const before = await change.tx.selectFrom("accounts").selectAll().where("id", "=", id)
    .where("role", "!=", "integration").forUpdate()
    .executeTakeFirstOrThrow(() => notFound("account"));
  if (before.version !== version) throw changedMeanwhile("account");
  const role = edit.role ?? before.role;
  const disabled = edit.disabled ?? before.disabled;
  mayManage(change, before.role);
  mayManage(change, role);
  const losesPower = role !== before.role || (disabled && !before.disabled);
  if (losesPower && id === change.actor.accountId) throw ownAccount();
  if (edit.breakGlass !== undefined && edit.breakGlass !== before.breakGlass) {
    mayBreakGlass(change, edit.breakGlass, role);
  }
  const changed = await alterAccount(change, before, { ...edit, role, disabled });
  if (!changed) change.unchanged();
  return await changedAccount(change, id);
}

/** What of an account is changed; the rest stays. */
interface Alteration {
  role: Role;
  disabled: boolean;
  siteIds?: readonly string[] | undefined;
  name?: string | undefined;
  breakGlass?: boolean | undefined;
}

/**
 * Changes a row that is held, whoever asked for it: the caller has made sure that they may. Answers whether there was
 * anything to change.
 *
 * @throws Problem last-owner, driver-account, bad-input for a site
 */
export async function alterAccount(
  change: Change,
  before: Selectable<DataTables["accounts"]>,
  { role, disabled, siteIds, name, breakGlass: wanted = before.breakGlass }: Alteration,
): Promise<boolean> {
  const { id } = before;
  // Whoever looks after nobody else is no help in an emergency.
  const breakGlass = wanted && mayHaveGlass(role);
  const isDisabled = disabled && !before.disabled;
  const losesPower = role !== before.role || isDisabled;
  if (losesPower && before.role === "owner") await leaveAnOwner(change, id);
  if (role !== before.role) await changeTies(change, id, before.role, role);
  const { sealed, renamed } = await rename(change, before, name);
  const fields: string[] = [
    ...(role !== before.role ? ["role"] : []),
    ...(disabled !== before.disabled ? ["disabled"] : []),
    ...(siteIds || role !== before.role ? await placeAt(change, id, role, siteIds) : []),
    ...(renamed ? ["name"] : []),
    ...(breakGlass !== before.breakGlass ? ["breakGlass"] : []),
  ];
  if (fields.length === 0) return false;
  await change.tx.updateTable("accounts").set({
    role,
    disabled,
    sealed,
    breakGlass,
    // Whoever keeps it from now on has to show that they can open it.
    ...(breakGlass !== before.breakGlass && { breakGlassTestedAt: null }),
    version: before.version + 1,
  }).where("id", "=", id).execute();
  if (losesPower) {
    await endElevationsOf(change, id);
    await endSessions(change, id);
    await withdrawLink(change, id);
  }
  change.record(isDisabled ? "account.disabled" : "account.edited", {
    account: id,
    fields,
    ...(role !== before.role && { from: before.role, to: role }),
    ...(renamed && { sealed: renamed }),
  });
  return true;
}

/** Owners are counted before one is lost: two changes at once must not leave none. */
export async function holdRoles(change: Change): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtext('account roles'))`.execute(change.tx);
}

const mayHaveGlass = (role: Role): boolean => role === "owner" || role === "admin";

/** An account that no policy closes is an owner's to keep. @throws Problem not-allowed, bad-input */
function mayBreakGlass(change: Change, wanted: boolean, role: Role): void {
  if (change.actor.role !== "owner") throw notAllowed("Only an owner may do this");
  if (wanted && !mayHaveGlass(role)) {
    throw badInput([{ path: "breakGlass", reason: "is for an owner or an admin" }]);
  }
}

/**
 * Signs somebody out everywhere, as after a phone was stolen; what they sign in with stays good.
 * @throws Problem not-found, not-allowed
 */
export async function signOutAccount(change: Change, id: string): Promise<void> {
  const account = await change.tx.selectFrom("accounts").select("role").where("id", "=", id)
    .where("role", "!=", "integration").executeTakeFirstOrThrow(() => notFound("account"));
  mayManage(change, account.role);
  const ended = await endSessions(change, id);
  if (ended.length === 0) change.unchanged();
}

/**
 * The names of accounts by id for whoever may read the trail; null for an erased person. Ids of no account are left out.
 */
export async function accountNames(
  reader: Reader,
  ids: readonly string[],
): Promise<Map<string, string | null>> {
  if (ids.length === 0) return new Map();
  const rows = await reader.db.selectFrom("accounts").select(["id", "personId as subject", "sealed"])
    .where("id", "=", sql<string>`any(${[...new Set(ids)]}::uuid[])`).execute();
  const people = await reader.open<AccountPerson>("accounts", rows, "account.read");
  return new Map(rows.map(({ id }, index) => [id, people[index]?.name ?? null]));
}

/**
 * Gives an account the sites it works for; roles that see every site have none of their own. Answers the fields changed.
 * @throws Problem bad-input for a site that does not exist or is not the actor's to give
 */
export async function placeAt(
  change: Change,
  id: string,
  role: Role,
  siteIds: readonly string[] | undefined,
): Promise<string[]> {
  const before = (await change.tx.selectFrom("accountSites").select("siteId").where("accountId", "=", id)
    .execute()).map((row) => row.siteId);
  const wanted = seesAllSites(role) ? [] : [...new Set(siteIds ?? before)];
  const reached = await siteNames(change, wanted);
  if (reached.size < wanted.length) {
    throw badInput([{ path: "siteIds", reason: "names a site that does not exist" }]);
  }
  const given = new Set(wanted), had = new Set(before);
  if (given.symmetricDifference(had).size === 0) return [];
  await change.tx.deleteFrom("accountSites").where("accountId", "=", id).execute();
  if (wanted.length > 0) {
    await change.tx.insertInto("accountSites").values(wanted.map((siteId) => ({ accountId: id, siteId })))
      .execute();
  }
  return ["siteIds"];
}

/**
 * A link made for an account's former role stops working: an admin who made it for a dispatcher could otherwise use it
 * after an owner has made that account an owner's.
 */
async function withdrawLink(change: Change, id: string): Promise<void> {
  await change.tx.deleteFrom("invitations").where("accountId", "=", id).where("usedAt", "is", null).execute();
}

/** A driver who becomes something else is no longer tied to a driver; the other way needs to know which driver. */
async function changeTies(change: Change, id: string, from: Role, to: Role): Promise<void> {
  if (to === "driver") {
    throw conflict("driver-account", "An account cannot become a driver's afterwards", {
      next: "Invite the driver from the list of drivers.",
    });
  }
  if (from !== "driver") return;
  await sql`update drivers set account_id = null, version = version + 1 where account_id = ${id}`.execute(
    change.tx,
  );
}

async function rename(
  change: Change,
  account: Pick<Selectable<DataTables["accounts"]>, "id" | "personId" | "sealed">,
  name: string | undefined,
): Promise<{ sealed: Buffer; renamed?: Awaited<ReturnType<typeof sealDetail>> }> {
  if (name === undefined) return { sealed: account.sealed };
  const person = await change.openOne<AccountPerson>(
    "accounts",
    { ...account, subject: account.personId },
    null,
  );
  if (!person) throw notFound("account");
  if (person.name === name) return { sealed: account.sealed };
  return {
    sealed: await change.seal("accounts", account.id, account.personId, { ...person, name }),
    renamed: await sealDetail(change, account.personId, { name: { from: person.name, to: name } }),
  };
}

const accountRows = (reader: Reader) =>
  reader.db.selectFrom("accounts").select([
    "accounts.id",
    "accounts.personId as subject",
    "accounts.sealed",
    "accounts.role",
    "accounts.disabled",
    "accounts.lastSignInAt",
    "accounts.version",
    "accounts.activated as active",
    "accounts.breakGlass",
    "accounts.breakGlassTestedAt",
    sql<string[]>`array(select site_id from account_sites where account_id = accounts.id order by site_id)`
      .as(
        "siteIds",
      ),
    sql<string | null>`(select drivers.id from drivers where drivers.account_id = accounts.id)`.as(
      "driverId",
    ),
    sql<string | null>`case when accounts.recovery_asked_at > now() - ${RECOVERY_WAITS} then
      accounts.recovery_asked_by end`.as("recoveryAskedBy"),
    sql<boolean>`exists (select from invitations where account_id = accounts.id
      and used_at is null and expires_at > now())`.as("invited"),
  ]);

type AccountRow = ReturnType<typeof accountRows> extends SelectQueryBuilder<DataTables, "accounts", infer Row>
  ? Row
  : never;

async function shown(reader: Reader, rows: readonly AccountRow[], act: string | null): Promise<Account[]> {
  const people = await reader.open<AccountPerson>("accounts", rows, act);
  return rows.map((row, index) => ({
    id: row.id,
    name: people[index]?.name ?? null,
    email: people[index]?.email ?? null,
    role: row.role,
    siteIds: row.siteIds,
    driverId: row.driverId,
    state: row.disabled ? "disabled" : row.active ? "active" : row.invited ? "invited" : "invitation-expired",
    recoveryAskedBy: row.recoveryAskedBy,
    breakGlass: row.breakGlass,
    breakGlassTestedAt: row.breakGlassTestedAt?.toISOString() ?? null,
    lastSignInAt: row.lastSignInAt?.toISOString() ?? null,
    version: row.version,
  }));
}
