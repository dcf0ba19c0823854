import { randomBytes } from "node:crypto";
import { decodeBase32IgnorePadding, encodeBase32UpperCaseNoPadding } from "@oslojs/encoding";
import { createTOTPKeyURI, verifyHOTP } from "@oslojs/otp";
import type { Config } from "../platform/config.ts";
import { badInput } from "../platform/problem.ts";
import type { TotpEnrolment } from "./schema.ts";
import { giveTicket, takeTicket } from "./ticket.ts";

/** RFC 6238 with what every authenticator app understands: SHA-1, six digits, 30 seconds; a key of 160 bits. */
const STEP_SECONDS = 30;
const DIGITS = 6;
const SECRET_BYTES = 20;
/** Clocks may differ by one step either way (RFC 6238, 5.2). */
const DRIFT = 1;

const TICKET_SECONDS = 30 * 60;

/**
 * The time step in which `code` is the secret's, or null. Every step allowed is tried, whichever matches, and the
 * caller must see to it that a step is accepted only once.
 */
export function matchingStep(secret: Uint8Array, code: string, now = Date.now()): number | null {
  const current = Math.floor(now / 1000 / STEP_SECONDS);
  let matched: number | null = null;
  for (let step = current - DRIFT; step <= current + DRIFT; step++) {
    if (verifyHOTP(secret, BigInt(step), DIGITS, code)) matched = step;
  }
  return matched;
}

/**
 * A new secret to scan. Nothing is stored yet: `ticket` carries the secret back, sealed for `context` and valid for 30
 * minutes, together with the first code.
 *
 * @param context  what the ticket is good for, such as an invitation; another context does not open it
 */
export function enrolTotp(config: Config, context: string, issuer: string, email: string): TotpEnrolment {
  const secret = randomBytes(SECRET_BYTES);
  return {
    secret: writeSecret(secret),
    uri: createTOTPKeyURI(issuer, email, secret, STEP_SECONDS, DIGITS),
    ticket: giveTicket(config, `totp/${context}`, secret.toBase64(), TICKET_SECONDS),
  };
}

/**
 * The secret of a ticket and the step of its first code.
 *
 * @param given.path  where the code stands in the input; the ticket stands beside it
 * @throws Problem bad-input for a ticket that is old or for something else, and for a wrong code
 */
export function confirmTotp(
  config: Config,
  context: string,
  given: { ticket: string; code: string; path: string },
): { secret: Uint8Array; step: number } {
  const text = takeTicket<string>(config, `totp/${context}`, given.ticket);
  const beside = given.path.replace(/\w+$/, "ticket");
  if (text === null) {
    throw badInput([{ path: beside, reason: "is too old; load the page again and scan anew" }]);
  }
  const secret = Uint8Array.fromBase64(text);
  const step = matchingStep(secret, given.code);
  if (step === null) {
    throw badInput([{
      path: given.path,
      reason: "is not what your app should show now; check the phone's clock",
    }]);
  }
  return { secret, step };
}

/** A secret as people type it into an app: base32 (RFC 4648). */
export const writeSecret = (secret: Uint8Array): string => encodeBase32UpperCaseNoPadding(secret);
export const readSecret = (text: string): Uint8Array => decodeBase32IgnorePadding(text);
