import type { Buffer } from "node:buffer";
import { isIP } from "node:net";
import {
  type AuthenticationResponseJSON,
  generateAuthenticationOptions,
  verifyAuthenticationResponse,
} from "@simplewebauthn/server";
import { sql } from "kysely";
import type { Change } from "../../audit/change.ts";
import type { Config } from "../../platform/config.ts";
import { conflict, Problem } from "../../platform/problem.ts";
import type { Services } from "../../platform/services.ts";
import { isFirstUse } from "../once.ts";
import type { PasskeyAnswer, PasskeyChallenge } from "../schema.ts";
import { giveTicket, takeTicket } from "../ticket.ts";

/** Long enough to fetch a key from the drawer; a ticket and the browser's dialog end together. */
export const CHALLENGE_SECONDS = 5 * 60;

/** A passkey's answer that is right; it still has to be used up by `spendAnswer`. */
interface ProvenPasskey {
  id: string;
  accountId: string;
  challenge: string;
  signCount: number;
  synced: boolean;
}

/**
 * Whom a passkey is made for: this installation by its name, and the one origin its pages have.
 * @throws Problem passkeys-need-a-name where the installation is known by an IP address only (WebAuthn Level 3, 5.1.2)
 */
export function relyingParty(config: Config): { id: string; origin: string } {
  const { hostname, origin } = new URL(config.FLEETHOLD_PUBLIC_URL);
  if (isIP(hostname.replaceAll(/[[\]]/g, ""))) {
    throw conflict(
      "passkeys-need-a-name",
      "Passkeys work at a name, and this installation has an address only",
      {
        next: "Whoever runs it can give it a name, such as deliveries.example.lan, in FLEETHOLD_HOST.",
        recorded: false,
      },
    );
  }
  return { id: hostname, origin };
}

/**
 * A challenge for a browser to answer with a passkey.
 *
 * @param purpose  what the answer is good for
 * @param of       whose passkeys may answer; null: whoever holds one shows by it who they are, and nothing is told of
 *                 who has one
 * @throws Problem passkeys-need-a-name, no-passkey
 */
export async function challenge(
  services: Services,
  purpose: string,
  of: string | null,
): Promise<PasskeyChallenge> {
  const { config } = services;
  const { id } = relyingParty(config);
  const own = of === null ? [] : await services.db.selectFrom("passkeys")
    .select(["credentialId", "transports"]).where("accountId", "=", of).where("rpId", "=", id).execute();
  if (of !== null && own.length === 0) throw noPasskey();
  const options = await generateAuthenticationOptions({
    rpID: id,
    timeout: CHALLENGE_SECONDS * 1000,
    userVerification: "required",
    allowCredentials: own.map(({ credentialId, transports }) => ({
      id: credentialId.toString("base64url"),
      transports,
    })),
  });
  const ticket = giveTicket(config, `passkey/${purpose}`, options.challenge, CHALLENGE_SECONDS);
  return { options: { ...options }, ticket };
}

/**
 * The passkey that answered a challenge, or null where the answer is wrong, late or for something else. That it knew its
 * holder by finger, face or PIN is demanded, which makes it two factors in one (NIST SP 800-63B-4, 3.1.7).
 */
export async function checkAnswer(
  services: Services,
  purpose: string,
  { ticket, response }: PasskeyAnswer,
): Promise<ProvenPasskey | null> {
  const { config } = services;
  const expectedChallenge = takeTicket<string>(config, `passkey/${purpose}`, ticket);
  if (expectedChallenge === null) return null;
  const passkey = await services.db.selectFrom("passkeys")
    .select(["id", "accountId", "credentialId", "publicKey", "signCount"])
    .where("credentialId", "=", sql<Buffer>`decode(${toHex(response.id)}, 'hex')`).executeTakeFirst();
  if (!passkey) return null;
  const { id: rpId, origin } = relyingParty(config);
  try {
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response: response as AuthenticationResponseJSON,
      expectedChallenge,
      expectedOrigin: origin,
      expectedRPID: rpId,
      requireUserVerification: true,
      credential: {
        id: response.id,
        publicKey: new Uint8Array(passkey.publicKey),
        counter: passkey.signCount,
      },
    });
    if (!verified) return null;
    return {
      id: passkey.id,
      accountId: passkey.accountId,
      challenge: expectedChallenge,
      signCount: authenticationInfo.newCounter,
      synced: authenticationInfo.credentialBackedUp,
    };
  } catch (error) {
    // The library tells by its words alone why it refused; they hold no personal data.
    services.log.info(
      { reason: error instanceof Error ? error.message : "unknown" },
      "a passkey was refused",
    );
    return null;
  }
}

/** Uses an answer up; false where the same challenge has been answered before, or the passkey is gone. */
export async function spendAnswer(change: Change, passkey: ProvenPasskey): Promise<boolean> {
  if (!await isFirstUse(change, passkey.challenge)) return false;
  const { numUpdatedRows } = await change.tx.updateTable("passkeys").set({
    signCount: passkey.signCount,
    synced: passkey.synced,
    lastUsedAt: sql<Date>`now()`,
  }).where("id", "=", passkey.id)
    // Two answers at once: a counter that did not grow since is a copy's (WebAuthn Level 3, 7.2).
    .where(
      sql<
        boolean
      >`(sign_count = 0 and ${passkey.signCount}::bigint = 0 or sign_count < ${passkey.signCount}::bigint)`,
    )
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** Sees to it that a challenge is answered once. @throws Problem challenge-answered */
export async function answerOnce(change: Change, challenge: string): Promise<void> {
  if (!await isFirstUse(change, challenge)) {
    throw conflict("challenge-answered", "This was sent before", { next: "Begin again.", recorded: false });
  }
}

const toHex = (base64url: string): string => {
  try {
    return Uint8Array.fromBase64(base64url, { alphabet: "base64url" }).toHex();
  } catch {
    return "";
  }
};

const noPasskey = () =>
  new Problem(409, "no-passkey", "You have no passkey here", {
    next: "Use a code of your authenticator app.",
  });
