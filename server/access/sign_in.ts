import { sql } from "kysely";
import { type Actor, visitor } from "../audit/actor.ts";
import { type Change, change } from "../audit/change.ts";
import { recordRefusal } from "../audit/refusal.ts";
import { Problem } from "../platform/problem.ts";
import type { Services } from "../platform/services.ts";
import type { KnownDevice } from "./device.ts";
import { checkFactors, judged, nobody, spend } from "./factors.ts";
import { accountOfLogin, loginHash, loginOf } from "./login.ts";
import { notify } from "./notice.ts";
import { followPolicy } from "./policy.ts";
import { checkAnswer, spendAnswer } from "./passkeys/challenge.ts";
import type { PasskeyAnswer, SignIn } from "./schema.ts";
import { type Client, endSessions, type SessionOwner, type StartedSession, startSession } from "./session.ts";
import { addressBucket, begin, type Bucket, personBucket, succeed } from "./throttle.ts";

/** Where an attempt to sign in comes from. */
export interface Origin {
  client: Client;
  device: KnownDevice;
  /** Who is signed in there now; that session is replaced (ASVS 5.0 V7.2.4). */
  signedIn: Actor | null;
}

/** What the trail says of a refusal, by the problem's slug. */
const reasons: Record<string, string> = {
  "sign-in-failed": "credentials",
  "passkey-refused": "passkey",
  "too-many-attempts": "throttled",
  "sso-only": "policy",
  "passkey-needed": "policy",
};

/**
 * Signs somebody in with e-mail, password and code, all at once. The answer and the time it takes are the same whether
 * there is no such account, it is disabled, or password or code are wrong (ASVS 5.0 V6.3.8).
 *
 * @throws Problem sign-in-failed, too-many-attempts, busy, keys-unavailable
 */
export async function signIn(services: Services, given: SignIn, from: Origin): Promise<StartedSession> {
  const person = loginHash(services, given.email);
  const accountId = await accountOfLogin(services, person);
  const buckets = bucketsOf(services, person, from);
  return await tellingOfRefusal(services, () => accountId, async () => {
    await begin(services, buckets);
    const account = await services.db.selectFrom("accounts")
      .select(["id", "personId", "role", "passwordHash", "totpSealed", "breakGlass"])
      .where("id", "=", accountId ?? nobody.id).executeTakeFirst();
    const code = await judged(services, buckets, () => checkFactors(services, account ?? nobody, given));
    if (!account || !code) throw signInFailed();
    await followPolicy(services, account, "password");
    const session = await enter(services, account, from, async (made) => {
      if (account.breakGlass) await noteTest(made, account.id);
      return await spend(made, account.id, code);
    });
    if (!session) throw signInFailed();
    await succeed(services, buckets);
    return session;
  });
}

/** What a passkey answers when somebody signs in by it. */
export const SIGN_IN = "sign-in";

/**
 * Signs somebody in with a passkey alone, which is two factors in one. Nothing can be guessed here; failures are counted
 * by address all the same, so that nobody keeps the machine busy with signatures.
 *
 * @throws Problem passkey-refused, too-many-attempts, passkeys-need-a-name
 */
export async function signInByPasskey(
  services: Services,
  given: PasskeyAnswer,
  from: Origin,
): Promise<StartedSession> {
  const { address } = from.client;
  const buckets = address ? [addressBucket(services, address)] : [];
  let accountId: string | null = null;
  return await tellingOfRefusal(services, () => accountId, async () => {
    await begin(services, buckets);
    const passkey = await judged(services, buckets, () => checkAnswer(services, SIGN_IN, given));
    accountId = passkey?.accountId ?? null;
    const account = passkey && await services.db.selectFrom("accounts")
      .select(["id", "personId", "role", "passwordHash", "breakGlass"]).where("id", "=", passkey.accountId)
      .executeTakeFirst();
    if (!account) throw passkeyRefused();
    await followPolicy(services, account, "passkey");
    const session = await enter(services, account, from, (made) => spendAnswer(made, passkey));
    if (!session) throw passkeyRefused();
    await succeed(services, buckets);
    return session;
  });
}

/** Runs an attempt to sign in, and tells in the trail when it is refused. */
async function tellingOfRefusal<T>(
  services: Services,
  accountId: () => string | null,
  attempt: () => Promise<T>,
): Promise<T> {
  try {
    return await attempt();
  } catch (error) {
    const reason = error instanceof Problem ? reasons[error.slug] : undefined;
    if (!reason) throw error;
    const account = accountId();
    const entry = { act: "session.refused", detail: { ...(account && { account }), reason } };
    await recordRefusal(services, visitor("sign-in"), entry, `${account} ${reason}`);
    // Recorded just now, with its reason; once is enough.
    const { status, slug, title, details } = error as Problem;
    throw new Problem(status, slug, title, { ...details, recorded: false });
  }
}

/** A device that has signed in before is counted apart, so that strangers who guess cannot lock its owner out. */
function bucketsOf(services: Services, person: Uint8Array, { device, client }: Origin): Bucket[] {
  if (device.knows(services.config, person)) return [personBucket(services, person, device.id)];
  const stranger = personBucket(services, person, "stranger");
  return client.address ? [stranger, addressBucket(services, client.address)] : [stranger];
}

/** What more there is to a session than that it begins. */
interface Beginning {
  /** When a second factor was shown, if that was not just now. */
  provenAt?: Date;
  /** What is kept beside the session. */
  alsoKeep?: (made: Change, session: StartedSession) => Promise<void>;
}

/** Starts the session once `spending` has used up what was shown; null where that, or the account, is no longer good. */
export async function enter(
  services: Services,
  account: SessionOwner & { passwordHash: string | null },
  { client, device, signedIn }: Origin,
  spending: (made: Change) => Promise<boolean>,
  { provenAt, alsoKeep }: Beginning = {},
): Promise<StartedSession | null> {
  const actor: Actor = {
    ...visitor("sign-in"),
    accountId: account.id,
    personId: account.personId,
    role: account.role,
  };
  const login = await loginOf(services, account.id);
  class Refused extends Error {}
  try {
    return await change(services, actor, async (made) => {
      // Held until the session stands, so that disabling the account at this moment ends this session too.
      const still = await made.tx.selectFrom("accounts").select("id").where("id", "=", account.id)
        .where("disabled", "=", false).where("passwordHash", "is not distinct from", account.passwordHash)
        .forUpdate().executeTakeFirst();
      if (!still || !await spending(made)) throw new Refused();
      if (signedIn?.sessionId) await endSessions(made, signedIn.accountId!, { only: signedIn.sessionId });
      const session = await startSession(made, account, client, provenAt);
      await alsoKeep?.(made, session);
      if (!login || !device.knows(services.config, login)) notify(made, account.id, "new-device", session.id);
      return session;
    });
  } catch (error) {
    if (error instanceof Refused) return null;
    throw error;
  }
}

/** An account for emergencies has just shown that it opens. */
async function noteTest(made: Change, id: string): Promise<void> {
  await made.tx.updateTable("accounts").set({ breakGlassTestedAt: sql<Date>`now()` }).where("id", "=", id)
    .execute();
  made.record("break-glass.used", { account: id });
}

const signInFailed = () =>
  new Problem(401, "sign-in-failed", "E-mail, password or code is wrong", {
    next: "Type all three again; each code works once.",
  });

const passkeyRefused = () =>
  new Problem(401, "passkey-refused", "This passkey does not open an account here", {
    next: "Try again, or sign in with e-mail, password and code.",
  });
