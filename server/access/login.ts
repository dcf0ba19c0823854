import type { Buffer } from "node:buffer";
import { sql } from "kysely";
import { system } from "../audit/actor.ts";
import { type Change, change } from "../audit/change.ts";
import { Reader } from "../audit/reader.ts";
import { violates } from "../platform/database.ts";
import { conflict } from "../platform/problem.ts";
import type { Services } from "../platform/services.ts";
import type { AccountPerson } from "./account.ts";

declare module "../platform/database.ts" {
  interface DataTables {
    accountLogins: {
      /** Keyed hash of the address somebody signs in with. */
      email: Buffer | Uint8Array;
      accountId: string;
    };
  }
}

/** What an e-mail address is looked up by; also stands for the person wherever failures are counted. */
export const loginHash = (services: Services, email: string): Uint8Array =>
  services.blindIndex.exact("email", email);

/** The account that signs in with this address, or null. */
export async function accountOfLogin(services: Services, email: Uint8Array): Promise<string | null> {
  await completeLogins(services);
  const row = await services.db.selectFrom("accountLogins").select("accountId").where("email", "=", email)
    .executeTakeFirst();
  return row?.accountId ?? null;
}

/** What an account's address is looked up by; null once its person is erased. */
export async function loginOf(services: Services, accountId: string): Promise<Uint8Array | null> {
  await completeLogins(services);
  const row = await services.db.selectFrom("accountLogins").select("email").where("accountId", "=", accountId)
    .executeTakeFirst();
  return row?.email ?? null;
}

/**
 * Lets an account sign in with an address.
 * @throws Problem email-taken
 */
export async function addLogin(change: Change, accountId: string, email: string): Promise<void> {
  try {
    await change.tx.insertInto("accountLogins").values({
      email: loginHash(change.services, email),
      accountId,
    })
      .execute();
  } catch (error) {
    if (!violates(error, "account_logins_pkey")) throw error;
    throw conflict("email-taken", "There is an account with this e-mail address already", {
      next: "Look for it in the list of people; it may be disabled.",
    });
  }
}

/**
 * Makes the index of addresses again after a crash emptied it: it is unlogged, and its row in `blind_indexes`, which
 * says that it is complete, is lost with it. Ask before every look-up and before every new address.
 */
export async function completeLogins(services: Services): Promise<void> {
  if (await isComplete(services.db)) return;
  await change(services, system("crash recovery"), async (made) => {
    await sql`select pg_advisory_xact_lock(hashtext('account_logins'))`.execute(made.tx);
    made.unchanged();
    if (await isComplete(made.tx)) return;
    const accounts = await made.tx.selectFrom("accounts").select(["id", "personId as subject", "sealed"])
      .where("role", "!=", "integration").execute();
    const people = await new Reader(services, made.actor, made.tx)
      .open<AccountPerson>("accounts", accounts, null);
    const logins = accounts.flatMap(({ id }, index) => {
      const person = people[index];
      return person ? [{ email: loginHash(services, person.email), accountId: id }] : [];
    });
    for (let at = 0; at < logins.length; at += 5_000) {
      await made.tx.insertInto("accountLogins").values(logins.slice(at, at + 5_000))
        .onConflict((conflict) => conflict.doNothing()).execute();
    }
    await sql`insert into blind_indexes (name) values ('account_logins') on conflict do nothing`.execute(
      made.tx,
    );
    if (logins.length > 0) made.record("account-logins.rebuilt", { count: logins.length });
  });
}

async function isComplete(db: Services["db"]): Promise<boolean> {
  const { rows } = await sql`select from blind_indexes where name = 'account_logins'`.execute(db);
  return rows.length > 0;
}
