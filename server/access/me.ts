import { sql } from "kysely";
import type { Reader } from "../audit/reader.ts";
import { theCompany } from "../company/company.ts";
import { signInNeeded } from "../platform/problem.ts";
import type { AccountPerson } from "./account.ts";
import { rightsOf, type Role } from "./rights.ts";
import type { Me } from "./schema.ts";

/** Who the reader is, and what their screen may offer. */
export async function readMe(reader: Reader): Promise<Me> {
  const { actor } = reader;
  const account = await reader.db.selectFrom("accounts").select([
    "accounts.id",
    "accounts.personId as subject",
    "accounts.sealed",
    "accounts.role",
    sql<number>`(select count(*) from recovery_codes where account_id = accounts.id and used_at is null)`
      .as("recoveryCodesLeft"),
    sql<{ id: string; endsAt: string } | null>`(select json_build_object('id', id, 'endsAt', ends_at)
      from elevations where id = ${actor.elevation})`.as("elevation"),
    sql<string>`pg_snapshot_xmin(pg_current_snapshot())::text`.as("liveFrom"),
  ]).where("accounts.id", "=", actor.accountId).executeTakeFirstOrThrow(signInNeeded);
  // Looking at oneself is nobody's look at somebody.
  const person = await reader.openOne<AccountPerson>("accounts", account, null);
  const role = actor.role as Role;
  return {
    sessionId: actor.sessionId!,
    accountId: account.id,
    name: person?.name ?? null,
    email: person?.email ?? null,
    role,
    rights: rightsOf(role),
    siteIds: actor.sites === "all" ? null : actor.sites,
    driverId: actor.driverId,
    recoveryCodesLeft: account.recoveryCodesLeft,
    company: await theCompany(reader),
    elevation: account.elevation &&
      {
        ...account.elevation,
        endsAt: new Date(account.elevation.endsAt).toISOString(),
        ownRole: account.role,
      },
    liveFrom: account.liveFrom,
  };
}
