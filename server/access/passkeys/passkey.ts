import { Buffer } from "node:buffer";
import {
  generateRegistrationOptions,
  type RegistrationResponseJSON,
  verifyRegistrationResponse,
} from "@simplewebauthn/server";
import type { Change } from "../../audit/change.ts";
import type { Reader } from "../../audit/reader.ts";
import { sealDetail } from "../../audit/sealed_detail.ts";
import type { GeneratedMoment, LaterMoment } from "../../platform/database.ts";
import { newId } from "../../platform/id.ts";
import { badInput, conflict, notFound } from "../../platform/problem.ts";
import { hasAnotherWay, lastWayIn } from "../sso/identity.ts";
import { mayBeWithoutPasskey } from "../policy.ts";
import { notify } from "../notice.ts";
import { answerOnce, CHALLENGE_SECONDS, relyingParty } from "./challenge.ts";
import type { NewPasskey, Passkey, PasskeyEnrolment } from "../schema.ts";
import { endSessions } from "../session.ts";
import { giveTicket, takeTicket } from "../ticket.ts";

declare module "../../platform/database.ts" {
  interface DataTables {
    passkeys: {
      id: string;
      accountId: string;
      credentialId: Buffer;
      /** COSE_Key, as WebAuthn has it. */
      publicKey: Buffer;
      signCount: number;
      transports: string[];
      /** The host name it was made for. */
      rpId: string;
      /** Whether its holder's devices share it, so that a lost phone does not lose it. */
      synced: boolean;
      /** `PasskeyName`, under the key of the account's person. */
      sealed: Buffer;
      createdAt: GeneratedMoment;
      lastUsedAt: LaterMoment;
    };
  }
}

/** What its owner calls it, such as "Work laptop". */
interface PasskeyName {
  name: string;
}

const MOST_PASSKEYS = 20;

/** Whose passkey it is to be. */
export interface Holder {
  accountId: string;
  personId: string;
}

/** The holder of the session. */
export const own = ({ actor }: Reader): Holder => ({
  accountId: actor.accountId!,
  personId: actor.personId!,
});

const purposeOf = ({ accountId }: Holder) => `passkey/new/${accountId}`;

/**
 * What a browser needs to make a passkey for somebody: one that knows its holder by finger, face or PIN, and that can
 * be found without typing a name (WebAuthn Level 3, 5.4).
 *
 * @param person  how the authenticator names the account to its holder; kept there, not here
 * @throws Problem passkeys-need-a-name, too-many-passkeys
 */
export async function beginPasskey(
  reader: Reader,
  holder: Holder,
  person: { name: string; email: string; company: string },
): Promise<PasskeyEnrolment> {
  const { config } = reader.services;
  const { accountId } = holder;
  const had = await reader.db.selectFrom("passkeys").select(["credentialId", "transports"])
    .where("accountId", "=", accountId).execute();
  if (had.length >= MOST_PASSKEYS) throw tooManyPasskeys();
  const options = await generateRegistrationOptions({
    rpName: person.company,
    rpID: relyingParty(config).id,
    userID: new Uint8Array(Buffer.from(accountId.replaceAll("-", ""), "hex")),
    userName: person.email,
    userDisplayName: person.name,
    timeout: CHALLENGE_SECONDS * 1000,
    attestationType: "none",
    excludeCredentials: had.map(({ credentialId, transports }) => ({
      id: credentialId.toString("base64url"),
      transports,
    })),
    authenticatorSelection: { residentKey: "required", userVerification: "required" },
  });
  const ticket = giveTicket(config, purposeOf(holder), options.challenge, CHALLENGE_SECONDS);
  return { options: { ...options }, ticket };
}

/**
 * Keeps a passkey that somebody's browser has just made, and answers its id.
 * @throws Problem bad-input where it is not what was asked for, too-many-passkeys, passkeys-need-a-name
 */
export async function addPasskey(
  change: Change,
  holder: Holder,
  { ticket, name, response }: NewPasskey,
): Promise<string> {
  const { config } = change.services;
  const { accountId, personId } = holder;
  const challenge = takeTicket<string>(config, purposeOf(holder), ticket);
  if (challenge === null) throw badInput([{ path: "ticket", reason: "is too old; begin again" }]);
  const made = await verified(response as RegistrationResponseJSON, challenge, relyingParty(config));
  await answerOnce(change, challenge);
  // Held, so that two at once are counted one after the other.
  await change.tx.selectFrom("accounts").select("id").where("id", "=", accountId).forUpdate().execute();
  if (await countPasskeys(change, accountId) >= MOST_PASSKEYS) throw tooManyPasskeys();
  const id = newId();
  const { numInsertedOrUpdatedRows } = await change.tx.insertInto("passkeys").values({
    id,
    accountId,
    credentialId: Buffer.from(made.credential.id, "base64url"),
    publicKey: Buffer.from(made.credential.publicKey),
    signCount: made.credential.counter,
    transports: (response.response.transports ?? []).slice(0, 10),
    rpId: relyingParty(config).id,
    synced: made.credentialBackedUp,
    sealed: await change.seal("passkeys", id, personId, { name } satisfies PasskeyName),
  }).onConflict((conflict) => conflict.column("credentialId").doNothing()).executeTakeFirst();
  if (numInsertedOrUpdatedRows === 0n) throw badInput([{ path: "response", reason: "is known already" }]);
  change.record("passkey.added", { account: accountId, passkey: id });
  return id;
}

/** As `addPasskey`, for the holder of the session, who is told by mail. */
export async function addOwnPasskey(change: Change, given: NewPasskey): Promise<Passkey> {
  const id = await addPasskey(change, own(change), given);
  notify(change, change.actor.accountId!, "passkey-added");
  return (await listPasskeys(change)).find((passkey) => passkey.id === id)!;
}

async function countPasskeys(change: Change, accountId: string): Promise<number> {
  const { count } = await change.tx.selectFrom("passkeys")
    .select(({ fn }) => fn.countAll<number>().as("count")).where("accountId", "=", accountId)
    .executeTakeFirstOrThrow();
  return Number(count);
}

/** The actor's passkeys, the oldest first. */
export async function listPasskeys(reader: Reader): Promise<Passkey[]> {
  const rows = await reader.db.selectFrom("passkeys").innerJoin(
    "accounts",
    "accounts.id",
    "passkeys.accountId",
  )
    .select([
      "passkeys.id",
      "accounts.personId as subject",
      "passkeys.sealed",
      "rpId",
      "synced",
      "passkeys.createdAt",
      "lastUsedAt",
    ])
    .where("accountId", "=", reader.actor.accountId!).orderBy("passkeys.id").execute();
  // Looking at one's own is nobody's look at somebody.
  const names = await reader.open<PasskeyName>("passkeys", rows, null);
  return rows.map(({ id, rpId, synced, createdAt, lastUsedAt }, index) => ({
    id,
    name: names[index]?.name ?? null,
    host: rpId,
    synced,
    createdAt: createdAt.toISOString(),
    lastUsedAt: lastUsedAt?.toISOString() ?? null,
  }));
}

/** Gives one of the actor's passkeys another name. @throws Problem not-found */
export async function renamePasskey(change: Change, id: string, name: string): Promise<Passkey> {
  const passkey = (await listPasskeys(change)).find((own) => own.id === id);
  if (!passkey) throw notFound("passkey");
  if (passkey.name === name) {
    change.unchanged();
    return passkey;
  }
  const { accountId, personId } = change.actor;
  await change.tx.updateTable("passkeys")
    .set({ sealed: await change.seal("passkeys", id, personId!, { name } satisfies PasskeyName) })
    .where("id", "=", id).where("accountId", "=", accountId!).execute();
  change.record("passkey.renamed", {
    account: accountId,
    passkey: id,
    sealed: await sealDetail(change, personId!, { name: { from: passkey.name, to: name } }),
  });
  return { ...passkey, name };
}

/**
 * Removes one of the actor's passkeys; every other session ends, since one of them may be whoever holds it now.
 * @throws Problem not-found, last-way-in where nothing else would open the account, passkey-needed where the policy asks
 * the actor's role for one
 */
export async function removePasskey(change: Change, id: string): Promise<void> {
  const { accountId, sessionId } = change.actor;
  const account = await change.tx.selectFrom("accounts").select(["passwordHash", "role"])
    .where("id", "=", accountId!).forUpdate().executeTakeFirstOrThrow();
  const { numDeletedRows } = await change.tx.deleteFrom("passkeys").where("id", "=", id)
    .where("accountId", "=", accountId!).executeTakeFirst();
  if (numDeletedRows === 0n) throw notFound("passkey");
  if (account.passwordHash === null && !await hasAnotherWay(change, accountId!)) throw lastWayIn();
  if (await countPasskeys(change, accountId!) === 0) await mayBeWithoutPasskey(change, account.role);
  await endSessions(change, accountId!, { except: sessionId });
  change.record("passkey.removed", { account: accountId, passkey: id });
  notify(change, accountId!, "passkey-removed");
}

/** Removes every passkey of an account, as when its factors are given anew. Answers how many there were. */
export async function removeAllPasskeys(change: Change, accountId: string): Promise<number> {
  const removed = await change.tx.deleteFrom("passkeys").where("accountId", "=", accountId).returning("id")
    .execute();
  for (const { id } of removed) change.record("passkey.removed", { account: accountId, passkey: id });
  return removed.length;
}

async function verified(
  response: RegistrationResponseJSON,
  challenge: string,
  { id, origin }: { id: string; origin: string },
) {
  try {
    const { registrationInfo } = await verifyRegistrationResponse({
      response,
      expectedChallenge: challenge,
      expectedOrigin: origin,
      expectedRPID: id,
      requireUserVerification: true,
    });
    if (registrationInfo) return registrationInfo;
  } catch { /* Answered below: the library's words are for programmers. */ }
  throw badInput([{ path: "response", reason: "is not a passkey for this installation; begin again" }]);
}

const tooManyPasskeys = () =>
  conflict("too-many-passkeys", `An account can have ${MOST_PASSKEYS} passkeys`, {
    next: "Remove one that you no longer use.",
  });
