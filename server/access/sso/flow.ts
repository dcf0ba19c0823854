import { createHash } from "node:crypto";
import type { Context } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import {
  buildAuthorizationUrl,
  calculatePKCECodeChallenge,
  randomNonce,
  randomPKCECodeVerifier,
  randomState,
} from "openid-client";
import type { Services } from "../../platform/services.ts";
import type { AppEnv } from "../may.ts";
import { cookieOptions, onThisHost } from "../session.ts";
import { giveTicket, takeTicket } from "../ticket.ts";
import { reach } from "./discovery.ts";
import { addressesOf, type ProviderRow } from "./provider.ts";
import { refusalOf, SsoRefused } from "./refusal.ts";

/** What a trip to the provider is for. What it needs to know when it is back travels sealed. */
export type Purpose =
  | { kind: "sign-in"; returnTo: string }
  /** Whoever holds an invitation takes it up with the provider's account. */
  | { kind: "invitation"; token: string }
  /** Adds the provider to an account. */
  | { kind: "connect"; session: string }
  /** Shows that it is still them. */
  | { kind: "proof"; session: string }
  /** Shows what would happen. */
  | { kind: "trial"; session: string };

/** A trip under way: what has to come back, and what it was for. */
export interface Trip {
  provider: string;
  purpose: Purpose;
  state: string;
  nonce: string;
  verifier: string;
  maxAge?: number;
}

/** People type a password there, and look for a phone. */
const TRIP_SECONDS = 15 * 60;
/** A proof that it is still them: not that they signed in there this morning. */
export const PROOF_SECONDS = 60;

const TICKET = "single sign-on";

/**
 * Sends a browser to the provider: the address to go to, and a cookie by which what comes back is known to have begun in
 * this browser (RFC 9700, 2.1.1 and 4.7; OpenID Connect Core 1.0, 3.1.2.1).
 *
 * @throws SsoRefused where the provider cannot be asked what it is
 */
export async function setOut(c: Context<AppEnv>, provider: ProviderRow, purpose: Purpose): Promise<URL> {
  const { services } = c.var;
  const { configuration } = await reach(services, provider);
  const { settings } = provider;
  const verifier = randomPKCECodeVerifier();
  const trip: Trip = {
    provider: provider.id,
    purpose,
    state: randomState(),
    nonce: randomNonce(),
    verifier,
    ...(purpose.kind === "proof" && settings.proofBy === "auth-time" && { maxAge: PROOF_SECONDS }),
  };
  let url: URL;
  try {
    url = buildAuthorizationUrl(configuration, {
      redirect_uri: addressesOf(services.config, provider.slug).redirectUri,
      scope: settings.scopes.join(" "),
      state: trip.state,
      nonce: trip.nonce,
      code_challenge: await calculatePKCECodeChallenge(verifier),
      code_challenge_method: "S256",
      ...(settings.responseMode === "form_post" && { response_mode: "form_post" }),
      ...(settings.secondFactor === "claimed" && settings.acrValues.length > 0 &&
        { acr_values: settings.acrValues.join(" ") }),
      // Asked to type the password anew, whatever session there is.
      ...(purpose.kind === "proof" && { prompt: "login" }),
      ...(trip.maxAge !== undefined && { max_age: "0" }),
    });
  } catch (error) {
    throw refusalOf(error, "endpoints");
  }
  const ticket = giveTicket(services.config, TICKET, trip, TRIP_SECONDS);
  setCookie(c, nameOf(services, trip.state), ticket, {
    ...cookieOptions(services.config),
    maxAge: TRIP_SECONDS,
  });
  return url;
}

/**
 * The trip that an answer belongs to, by its state and this browser's cookie; the cookie is taken away. Each trip has one
 * of its own, so that two windows do not spoil each other's.
 *
 * @throws SsoRefused not-begun-here
 */
export function comeBack(c: Context<AppEnv>, state: string | undefined): Trip {
  const { services } = c.var;
  if (!state) throw new SsoRefused("state");
  const name = nameOf(services, state);
  const ticket = getCookie(c, name);
  if (!ticket) throw new SsoRefused("not-begun-here");
  deleteCookie(c, name, cookieOptions(services.config));
  const trip = takeTicket<Trip>(services.config, TICKET, ticket);
  if (!trip) throw new SsoRefused("too-late");
  if (trip.state !== state) throw new SsoRefused("state");
  return trip;
}

const nameOf = ({ config }: Services, state: string): string =>
  onThisHost(
    config,
    `fleethold-sso-${createHash("sha256").update(state).digest("base64url").slice(0, 16)}`,
  );
