import { type Actor, visitor } from "../audit/actor.ts";
import { change } from "../audit/change.ts";
import { recordRefusal } from "../audit/refusal.ts";
import { Problem } from "../platform/problem.ts";
import type { Services } from "../platform/services.ts";
import type { KnownDevice } from "./device.ts";
import { checkFactors, type Code, judged, nobody, spend } from "./factors.ts";
import { accountOfLogin, loginHash } from "./login.ts";
import type { SignIn } from "./schema.ts";
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
  "too-many-attempts": "throttled",
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
  try {
    await begin(services, buckets);
    const account = await services.db.selectFrom("accounts")
      .select(["id", "personId", "role", "passwordHash", "totpSealed"])
      .where("id", "=", accountId ?? nobody.id).executeTakeFirst();
    const code = await judged(services, buckets, () => checkFactors(services, account ?? nobody, given));
    if (!account || !code) throw signInFailed();
    const session = await enter(services, account, code, from);
    await succeed(services, buckets);
    return session;
  } catch (error) {
    const reason = error instanceof Problem ? reasons[error.slug] : undefined;
    if (!reason) throw error;
    const account = accountId && { account: accountId };
    const entry = { act: "session.refused", detail: { ...account, reason } };
    await recordRefusal(services, visitor("sign-in"), entry, `${accountId} ${reason}`);
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

async function enter(
  services: Services,
  account: SessionOwner & { passwordHash: string | null },
  code: Code,
  { client, signedIn }: Origin,
): Promise<StartedSession> {
  const actor: Actor = {
    ...visitor("sign-in"),
    accountId: account.id,
    personId: account.personId,
    role: account.role,
  };
  return await change(services, actor, async (made) => {
    // Held until the session stands, so that disabling the account at this moment ends this session too.
    const still = await made.tx.selectFrom("accounts").select("id").where("id", "=", account.id)
      .where("disabled", "=", false).where("passwordHash", "=", account.passwordHash).forUpdate()
      .executeTakeFirst();
    if (!still || !await spend(made, account.id, code)) throw signInFailed();
    if (signedIn) await endSessions(made, signedIn.accountId!, { only: signedIn.sessionId! });
    return await startSession(made, account, client);
  });
}

const signInFailed = () =>
  new Problem(401, "sign-in-failed", "E-mail, password or code is wrong", {
    next: "Type all three again; each code works once.",
  });
