import { Problem } from "../platform/problem.ts";
import type { Services } from "../platform/services.ts";
import type { Actor } from "../audit/actor.ts";
import { change } from "../audit/change.ts";
import { checkCode, proven } from "./factors.ts";
import { checkAnswer, spendAnswer } from "./passkeys/challenge.ts";
import type { PasskeyAnswer } from "./schema.ts";
import { type RenewedToken, renewToken } from "./session.ts";

/**
 * Proves anew by a code who holds the actor's session, for the grave acts of the minutes that follow (ASVS 5.0 V7.5.3).
 * The session's token is replaced (ASVS 5.0 V7.2.4). Failures are counted and slowed down as at sign-in.
 *
 * @param code  of the authenticator app, or a recovery code
 * @throws Problem proof-failed, too-many-attempts, keys-unavailable
 */
export async function stepUp(services: Services, actor: Actor, code: string): Promise<RenewedToken> {
  return await proven(
    services,
    actor.accountId!,
    (account) => checkCode(services, account, code),
    (use) =>
      change(services, actor, async (made) => {
        await use(made);
        return await renewToken(made);
      }),
    codeFailed,
  );
}

/** What a passkey answers when the holder of a session proves anew that it is theirs. */
export const proofOf = (actor: Actor): string => `proof/${actor.sessionId}`;

/**
 * As `stepUp`, by one of the actor's passkeys.
 * @throws Problem passkey-refused
 */
export async function stepUpByPasskey(
  services: Services,
  actor: Actor,
  given: PasskeyAnswer,
): Promise<RenewedToken> {
  const passkey = await checkAnswer(services, proofOf(actor), given);
  if (!passkey || passkey.accountId !== actor.accountId) throw notTheirPasskey();
  return await change(services, actor, async (made) => {
    if (!await spendAnswer(made, passkey)) throw notTheirPasskey();
    return await renewToken(made);
  });
}

const notTheirPasskey = () =>
  new Problem(403, "passkey-refused", "This passkey does not prove that it is you", {
    next: "Try again, or use a code of your authenticator app.",
    recorded: true,
  });

const codeFailed = () =>
  new Problem(403, "proof-failed", "The code is wrong", {
    next: "Type the one your app shows now; each code works once.",
    recorded: true,
  });

/** The session is old: whoever holds it has to show a second factor before this. 401, as RFC 9470 has it. */
export const freshProofNeeded = (): Problem =>
  new Problem(401, "fresh-proof-needed", "Confirm that it is you", {
    detail: "This needs a second factor that was shown within the last five minutes. Nothing was changed.",
    next: "Send a code of your authenticator app to POST /api/session/proof, then try again.",
  });
