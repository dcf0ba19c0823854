import type { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import { sql } from "kysely";
import { system } from "../audit/actor.ts";
import type { Change } from "../audit/change.ts";
import { Reader } from "../audit/reader.ts";
import type { Config } from "../platform/config.ts";
import { conflict, Problem } from "../platform/problem.ts";
import type { Services } from "../platform/services.ts";
import { notify } from "./notice.ts";
import { removeAllPasskeys } from "./passkeys/passkey.ts";
import { isPassword } from "./password.ts";
import { hashRecoveryCode, issueRecoveryCodes, spendRecoveryCode } from "./recovery_code.ts";
import { endSessions } from "./session.ts";
import { begin, type Bucket, personBucket, succeed, takeBack } from "./throttle.ts";
import { matchingStep, readSecret, writeSecret } from "./totp.ts";

/** An account as far as its factors go; all null where there is no such account. */
export interface FactorRow {
  id: string;
  personId: string;
  passwordHash: string | null;
  totpSealed: Buffer | null;
}

/** A code that is right but not yet used up. */
export type Code = { step: number } | { recoveryCode: Buffer };

/** Sealed apart from the account's other value, so that the two cannot be swapped for each other. */
const TOTP_TABLE = "accounts.totp";

/** The row of nobody: looking it up, hashing and computing codes take as long as for somebody. */
export const nobody: FactorRow = {
  id: "00000000-0000-7000-8000-000000000000",
  personId: "00000000-0000-7000-8000-000000000000",
  passwordHash: null,
  totpSealed: null,
};

/**
 * Checks password and code together, always both, so that neither answer nor delay tells which one is wrong. The code
 * is null when one of them is; it still has to be used up by `spend`.
 * @throws Problem busy, keys-unavailable
 */
export async function checkFactors(
  services: Services,
  account: FactorRow,
  given: { password: string; code: string },
): Promise<Code | null> {
  // Asked for nobody as well: while the keys cluster is away, the answer must not tell whose account there is.
  await services.keys.ping();
  const secret = await totpSecretOf(new Reader(services, system("sign-in")), account);
  const code = readCode(services.config, account.id, secret ?? randomBytes(20), given.code);
  const rightPassword = await isPassword(services.config, account.passwordHash, given.password);
  return rightPassword && secret ? code : null;
}

/**
 * Checks a code alone, for somebody who is signed in. It still has to be used up by `spend`.
 * @throws Problem keys-unavailable
 */
export async function checkCode(services: Services, account: FactorRow, code: string): Promise<Code | null> {
  const secret = await totpSecretOf(new Reader(services, system("proof")), account);
  return secret && readCode(services.config, account.id, secret, code);
}

/** Six digits come from an app, everything else is meant to be a recovery code. */
function readCode(config: Config, accountId: string, secret: Uint8Array, typed: string): Code | null {
  const plain = typed.replaceAll(/\s/g, "");
  const step = matchingStep(secret, plain);
  const recoveryCode = hashRecoveryCode(config, accountId, plain);
  if (/^\d{6}$/.test(plain)) return step === null ? null : { step };
  return { recoveryCode };
}

/** Runs a check of factors that has been counted as a failure; one that comes to no verdict was none. */
export async function judged<T>(
  services: Services,
  buckets: readonly Bucket[],
  check: () => Promise<T>,
): Promise<T> {
  try {
    return await check();
  } catch (error) {
    await takeBack(services, buckets);
    throw error;
  }
}

/** Uses a code up; false when it was used before. Of two requests with the same code one gets it. */
export async function spend(change: Change, accountId: string, code: Code): Promise<boolean> {
  if ("recoveryCode" in code) return await spendRecoveryCode(change, accountId, code.recoveryCode);
  const { numUpdatedRows } = await change.tx.updateTable("accounts").set({ totpLastStep: code.step })
    .where("id", "=", accountId).where("totpLastStep", "<", code.step).executeTakeFirst();
  return numUpdatedRows > 0n;
}

/**
 * Asks somebody who is signed in for factors again before `act`, which is handed the code and must `use` it. Failures
 * are counted and slowed down as at sign-in.
 *
 * @param check  of the factors given, as `checkFactors` and `checkCode` do it
 * @throws Problem proof-failed, too-many-attempts, busy, keys-unavailable
 */
export async function proven<T>(
  services: Services,
  accountId: string,
  check: (account: FactorRow) => Promise<Code | null>,
  act: (use: (change: Change) => Promise<void>) => Promise<T>,
  refused: () => Problem = proofFailed,
): Promise<T> {
  const buckets = [personBucket(services, accountId, "signed in")];
  await begin(services, buckets);
  const account = await services.db.selectFrom("accounts")
    .select(["id", "personId", "passwordHash", "totpSealed"]).where("id", "=", accountId)
    .executeTakeFirstOrThrow();
  const code = await judged(services, buckets, () => check(account));
  if (!code) throw refused();
  const result = await act(async (change) => {
    if (!await spend(change, accountId, code)) throw refused();
  });
  await succeed(services, buckets);
  return result;
}

const proofFailed = () =>
  new Problem(403, "proof-failed", "Password or code is wrong", {
    next: "Type both again; each code works once.",
    recorded: true,
  });

/**
 * Takes everything away that opened an account until now, since its person is about to begin anew: password, authenticator,
 * recovery codes, passkeys, what they connected, and every session. What the company's directory says of them stays.
 */
export async function startAnew(change: Change, account: { id: string }): Promise<void> {
  const before = await change.tx.selectFrom("accounts").select("activated").where("id", "=", account.id)
    .forUpdate().executeTakeFirstOrThrow();
  if (before.activated) notify(change, account.id, "factors-replaced");
  await change.tx.updateTable("accounts").set({
    activated: true,
    passwordHash: null,
    totpSealed: null,
    breakGlassTestedAt: null,
    version: sql<number>`version + 1`,
  }).where("id", "=", account.id).execute();
  await change.tx.deleteFrom("recoveryCodes").where("accountId", "=", account.id).execute();
  await change.tx.deleteFrom("ssoIdentities").where("accountId", "=", account.id)
    .where("origin", "!=", "directory").execute();
  await removeAllPasskeys(change, account.id);
  await endSessions(change, account.id);
}

/**
 * Gives an account that has none a password and an authenticator, and recovery codes with them.
 * @param totp  the secret and the step of the code that proved it, which is thereby used up
 */
export async function equip(
  change: Change,
  account: { id: string; personId: string },
  factors: { passwordHash: string; totp: { secret: Uint8Array; step: number } },
): Promise<string[]> {
  await change.tx.updateTable("accounts").set({
    passwordHash: factors.passwordHash,
    activated: true,
    ...await totpColumns(change, account, factors.totp),
  }).where("id", "=", account.id).execute();
  return await issueRecoveryCodes(change, account.id);
}

/**
 * Gives the actor, who comes by a passkey or a provider, a password and an authenticator as well; every other session ends.
 * @throws Problem has-password
 */
export async function addFactors(
  change: Change,
  factors: Parameters<typeof equip>[2],
): Promise<string[]> {
  const { accountId, personId, sessionId } = change.actor;
  const account = await change.tx.selectFrom("accounts").select("passwordHash").where("id", "=", accountId!)
    .forUpdate().executeTakeFirstOrThrow();
  if (account.passwordHash !== null) {
    throw conflict("has-password", "Your account has a password already", {
      next: "Change it, which takes the one you have.",
    });
  }
  const recoveryCodes = await equip(change, { id: accountId!, personId: personId! }, factors);
  await endSessions(change, accountId!, { except: sessionId });
  change.record("password.added", { account: accountId });
  notify(change, accountId!, "password-added");
  return recoveryCodes;
}

/** Replaces the actor's password; every other session ends. */
export async function changePassword(change: Change, passwordHash: string): Promise<void> {
  const { accountId, sessionId } = change.actor;
  await change.tx.updateTable("accounts").set({ passwordHash }).where("id", "=", accountId!).execute();
  await endSessions(change, accountId!, { except: sessionId });
  change.record("password.changed", { account: accountId });
  notify(change, accountId!, "password-changed");
}

/** Replaces the actor's authenticator app; every other session ends. */
export async function changeTotp(change: Change, totp: { secret: Uint8Array; step: number }): Promise<void> {
  const { accountId, sessionId, personId } = change.actor;
  await change.tx.updateTable("accounts")
    .set(await totpColumns(change, { id: accountId!, personId: personId! }, totp))
    .where("id", "=", accountId!).execute();
  await endSessions(change, accountId!, { except: sessionId });
  change.record("totp.changed", { account: accountId });
  notify(change, accountId!, "totp-changed");
}

async function totpColumns(
  change: Change,
  account: { id: string; personId: string },
  { secret, step }: { secret: Uint8Array; step: number },
) {
  return {
    totpSealed: await change.seal(TOTP_TABLE, account.id, account.personId, writeSecret(secret)),
    totpLastStep: step,
  };
}

async function totpSecretOf(reader: Reader, account: FactorRow): Promise<Uint8Array | null> {
  const row = { id: account.id, subject: account.personId, sealed: account.totpSealed };
  const text = await reader.openOne<string>(TOTP_TABLE, row, null);
  return text === null ? null : readSecret(text);
}
