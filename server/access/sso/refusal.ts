import {
  AuthorizationResponseError,
  ClientError,
  ResponseBodyError,
  WWWAuthenticateChallengeError,
} from "openid-client";
import { OutsideFault } from "../../platform/outside.ts";

/**
 * Why a sign-in by a provider came to nothing. Each has a sentence for whoever wanted to sign in and one for whoever set
 * the provider up, in the web UI's words; the trail has the reason itself.
 */
export type Reason =
  // It did not begin here, or too long ago.
  | "not-begun-here"
  | "too-late"
  | "used-before"
  // The provider cannot be asked, or does not answer as one.
  | "not-listed"
  | "inside-address"
  | "unknown-host"
  | "unreachable"
  | "certificate"
  | "too-slow"
  | "too-large"
  | "gateway"
  | "not-https"
  | "discovery"
  | "discovery-issuer"
  | "endpoints"
  // Its answer at the browser.
  | "refused-there"
  | "state"
  | "response-issuer"
  | "code-missing"
  // Its answer to us.
  | "client-refused"
  | "code-refused"
  | "token-endpoint"
  | "id-token-missing"
  | "id-token-unreadable"
  | "algorithm"
  | "key-unknown"
  | "signature"
  | "issuer"
  | "audience"
  | "authorized-party"
  | "nonce"
  | "expired"
  | "issued-at"
  | "not-yet-valid"
  | "claim-missing"
  | "subject"
  | "access-token-hash"
  | "userinfo"
  | "userinfo-subject"
  | "logged-in-too-long-ago"
  // It is a good answer, of somebody who does not get in.
  | "second-factor"
  | "required-claim"
  | "groups-overage"
  | "no-role"
  | "no-account"
  | "email-missing"
  | "email-taken"
  | "disabled"
  | "another-person"
  | "taken";

/** A sign-in by a provider that is refused. `facts` are for whoever set it up: no secrets, no personal data. */
export class SsoRefused extends Error {
  constructor(readonly reason: Reason, readonly facts: Record<string, string> = {}) {
    super(`single sign-on was refused: ${reason}`);
    this.name = "SsoRefused";
  }
}

/** A fault's innermost causes, outermost first. */
function* causes(error: unknown): Generator<Error & { cause?: unknown; code?: unknown }> {
  for (let at = error, depth = 0; at instanceof Error && depth < 8; depth++, at = at.cause) yield at;
}

/** What the library compared, by the claim. */
const byClaim: Record<string, Reason> = {
  iss: "issuer",
  aud: "audience",
  azp: "authorized-party",
  nonce: "nonce",
  exp: "expired",
  nbf: "not-yet-valid",
  iat: "issued-at",
  auth_time: "logged-in-too-long-ago",
  sub: "subject",
};

/** The library tells some faults apart by their words alone. */
const byWords: [RegExp, Reason][] = [
  [/response parameter "iss"|"iss" \(issuer\) response parameter/, "response-issuer"],
  [/"state" response parameter|response parameter "state"/, "state"],
  [/no authorization code/, "code-missing"],
  [/JWT "alg" header|unsupported JWS|unsupported JWE/, "algorithm"],
  [/signature verification failed/, "signature"],
  [/"id_token"/, "id-token-missing"],
  [/"iss" \(issuer\)/, "issuer"],
  [/"aud" \(audience\)/, "audience"],
  [/"azp"/, "authorized-party"],
  [/"nonce"/, "nonce"],
  [/"exp" \(expiration/, "expired"],
  [/"nbf"/, "not-yet-valid"],
  [/"iat" \(issued/, "issued-at"],
  [/"auth_time"/, "logged-in-too-long-ago"],
  [/"sub" \(subject/, "subject"],
  [/claim missing/, "claim-missing"],
  [/Invalid JWT|JWT Header|JWT Payload/, "id-token-unreadable"],
];

/**
 * What a fault of the library means to us.
 * @param otherwise  what it is where the fault itself does not tell
 */
export function refusalOf(error: unknown, otherwise: Reason): SsoRefused {
  if (error instanceof SsoRefused) return error;
  if (error instanceof AuthorizationResponseError) {
    return new SsoRefused("refused-there", { error: plain(error.error) });
  }
  if (error instanceof ResponseBodyError) {
    const reason = error.error === "invalid_client" || error.error === "unauthorized_client"
      ? "client-refused"
      : error.error === "invalid_grant"
      ? "code-refused"
      : otherwise;
    return new SsoRefused(reason, { error: plain(error.error), status: String(error.status) });
  }
  if (error instanceof WWWAuthenticateChallengeError) {
    const reason = otherwise === "token-endpoint" ? "client-refused" : otherwise;
    return new SsoRefused(reason, { status: String(error.status) });
  }
  for (const cause of causes(error)) {
    if (cause instanceof OutsideFault) {
      return new SsoRefused(cause.reason === "not-a-url" ? "endpoints" : cause.reason, {
        ...(cause.host && { host: cause.host }),
      });
    }
  }
  for (const cause of causes(error)) {
    const found = reasonOf(cause, otherwise);
    if (found) return found;
  }
  // Only faults of the library and of what it was answered are the provider's.
  if (error instanceof ClientError || error instanceof TypeError) return new SsoRefused(otherwise);
  throw error;
}

function reasonOf(error: Error & { cause?: unknown; code?: unknown }, otherwise: Reason): SsoRefused | null {
  const told = (error.cause ?? {}) as { claim?: unknown; expected?: unknown; status?: unknown };
  switch (error.code) {
    case "OAUTH_KEY_SELECTION_FAILED":
      return new SsoRefused("key-unknown");
    case "OAUTH_JWT_CLAIM_COMPARISON_FAILED":
    case "OAUTH_JWT_TIMESTAMP_CHECK_FAILED": {
      const reason = typeof told.claim === "string" ? byClaim[told.claim] : undefined;
      if (reason) return new SsoRefused(reason);
      break;
    }
    case "OAUTH_RESPONSE_IS_NOT_CONFORM":
      return new SsoRefused(
        otherwise,
        typeof told.status === "number" ? { status: String(told.status) } : {},
      );
    case "OAUTH_RESPONSE_IS_NOT_JSON":
      return new SsoRefused(otherwise, { answer: "is not JSON" });
    case "OAUTH_MISSING_SERVER_METADATA":
    case "OAUTH_INVALID_SERVER_METADATA":
    case "OAUTH_HTTP_REQUEST_FORBIDDEN":
    case "OAUTH_REQUEST_PROTOCOL_FORBIDDEN":
      return new SsoRefused("endpoints");
    case "OAUTH_UNSUPPORTED_OPERATION":
      // Of signatures and encryption, or of access tokens that are no bearer tokens.
      return new SsoRefused(/token_type/.test(error.message + String(error.cause)) ? otherwise : "algorithm");
    case "OAUTH_TIMEOUT":
      return new SsoRefused("too-slow");
  }
  const words = byWords.find(([words]) => words.test(error.message));
  return words ? new SsoRefused(words[1]) : null;
}

/** A word that came from outside, fit for the trail and a page. */
export const plain = (text: unknown): string => String(text).replaceAll(/[^\w .:/-]/g, "?").slice(0, 80);
