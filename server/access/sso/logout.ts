import { createLocalJWKSet, errors, jwtVerify } from "jose";
import { buildEndSessionUrl } from "openid-client";
import { type Actor, visitor } from "../../audit/actor.ts";
import { change } from "../../audit/change.ts";
import type { Reader } from "../../audit/reader.ts";
import type { Services } from "../../platform/services.ts";
import { isFirstUse } from "../once.ts";
import { endSessionsWhere } from "../session.ts";
import { algorithms, LEEWAY_SECONDS, reach } from "./discovery.ts";
import { hashSid, hashSubject } from "./identity.ts";
import { addressesOf, type ProviderRow } from "./provider.ts";
import { refusalOf, SsoRefused } from "./refusal.ts";

/**
 * Where a browser goes to sign out at the provider too (OpenID Connect RP-Initiated Logout 1.0, 2); null where the session
 * did not begin there, or the provider offers no such thing or cannot be asked: being signed out here is not held up.
 */
export async function signOutThere(reader: Reader): Promise<string | null> {
  const { services, actor } = reader;
  const row = await reader.db.selectFrom("ssoSessions")
    .innerJoin("ssoIdentities", "ssoIdentities.id", "ssoSessions.identityId")
    .innerJoin("ssoProviders", "ssoProviders.id", "ssoIdentities.providerId")
    .selectAll("ssoProviders").select("ssoSessions.sealed as idToken")
    .where("sessionId", "=", actor.sessionId!).executeTakeFirst();
  if (!row?.settings.signOutThere) return null;
  try {
    const { configuration, metadata } = await reach(services, row);
    if (!metadata.end_session_endpoint) return null;
    const sealed = { id: actor.sessionId!, subject: actor.personId!, sealed: row.idToken };
    const hint = await reader.openOne<string>("sso_sessions", sealed, null);
    return buildEndSessionUrl(configuration, {
      post_logout_redirect_uri: addressesOf(services.config, row.slug).signedOutUri,
      ...(hint && { id_token_hint: hint }),
    }).href;
  } catch (error) {
    services.log.warn(
      { reason: refusalOf(error, "discovery").reason },
      "nobody can be signed out at the provider",
    );
    return null;
  }
}

const EVENT = "http://schemas.openid.net/event/backchannel-logout";
/** A token is used at once; what was used is remembered for an hour. */
const LOGOUT_SECONDS = 10 * 60;
/** Providers that do not write the type of the token into it write this, or nothing. */
const types = ["logout+jwt", "application/logout+jwt", "jwt"];

/**
 * Ends the sessions a provider says have ended there (OpenID Connect Back-Channel Logout 1.0, 2.6). Answers how many.
 *
 * @throws SsoRefused
 */
export async function signOutFromThere(services: Services, row: ProviderRow, token: string): Promise<number> {
  const { sub, sid } = await verifyLogoutToken(services, row, token);
  const actor: Actor = visitor("back-channel logout");
  return await change(services, actor, async (made) => {
    const ended = await endSessionsWhere(made, ({ exists, selectFrom }) =>
      exists(
        selectFrom("ssoSessions").innerJoin("ssoIdentities", "ssoIdentities.id", "ssoSessions.identityId")
          .select("sessionId").whereRef("sessionId", "=", "sessions.id").where("providerId", "=", row.id)
          .$if(sid !== null, (query) => query.where("sid", "=", hashSid(services.config, row.id, sid!)))
          .$if(sub !== null, (query) => query.where("sub", "=", hashSubject(services.config, row.id, sub!))),
      ));
    made.record("sso.signed-out-there", { provider: row.id, count: ended.length });
    return ended.length;
  });
}

async function verifyLogoutToken(services: Services, row: ProviderRow, token: string) {
  const { metadata } = await reach(services, row);
  const answer = await services.outside({
    url: metadata.jwks_uri!,
    method: "GET",
    headers: { accept: "application/json" },
  }).catch((error) => {
    throw refusalOf(error, "key-unknown");
  });
  try {
    const keys = createLocalJWKSet(JSON.parse(answer.body));
    const { payload, protectedHeader } = await jwtVerify(token, keys, {
      issuer: metadata.issuer,
      audience: row.clientId,
      algorithms,
      clockTolerance: LEEWAY_SECONDS,
      maxTokenAge: LOGOUT_SECONDS,
      requiredClaims: ["iat", "exp", "jti", "events"],
    });
    const { nonce, sub, sid, jti, events } = payload as Record<string, unknown>;
    const event = events && typeof events === "object" ? (events as Record<string, unknown>)[EVENT] : null;
    const isTyped = types.includes((protectedHeader.typ ?? "jwt").toLowerCase());
    if (!isTyped || nonce !== undefined || typeof event !== "object" || event === null) {
      throw new SsoRefused("claim-missing");
    }
    const named = { sub: typeof sub === "string" ? sub : null, sid: typeof sid === "string" ? sid : null };
    if ((named.sub ?? named.sid) === null) throw new SsoRefused("subject");
    if (typeof jti !== "string" || !await isNew(services, row, jti)) throw new SsoRefused("used-before");
    return named;
  } catch (error) {
    if (error instanceof SsoRefused) throw error;
    throw asRefusal(error);
  }
}

async function isNew(services: Services, { id }: ProviderRow, jti: string): Promise<boolean> {
  return await change(services, visitor("back-channel logout"), async (made) => {
    made.unchanged();
    return await isFirstUse(made, `logout token/${id}/${jti}`);
  });
}

function asRefusal(error: unknown): SsoRefused {
  if (error instanceof SyntaxError) return new SsoRefused("key-unknown");
  if (error instanceof errors.JWTExpired) return new SsoRefused("expired");
  if (error instanceof errors.JWTClaimValidationFailed) {
    const reason = { iss: "issuer", aud: "audience", iat: "issued-at", nbf: "not-yet-valid" } as const;
    return new SsoRefused(reason[error.claim as keyof typeof reason] ?? "claim-missing");
  }
  if (error instanceof errors.JWSSignatureVerificationFailed) return new SsoRefused("signature");
  if (error instanceof errors.JOSEAlgNotAllowed || error instanceof errors.JOSENotSupported) {
    return new SsoRefused("algorithm");
  }
  if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys) {
    return new SsoRefused("key-unknown");
  }
  if (error instanceof errors.JOSEError || error instanceof TypeError) {
    return new SsoRefused("id-token-unreadable");
  }
  throw error;
}
