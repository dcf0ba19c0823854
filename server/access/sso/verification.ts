import { Buffer } from "node:buffer";
import { createHash, timingSafeEqual } from "node:crypto";
import { decodeProtectedHeader } from "jose";
import { authorizationCodeGrant, fetchUserInfo } from "openid-client";
import type { Services } from "../../platform/services.ts";
import { claimOf, type Claims, textOf } from "./claims.ts";
import { algorithms, LEEWAY_SECONDS, reach, type Reached } from "./discovery.ts";
import type { ProviderRow } from "./provider.ts";
import { refusalOf, SsoRefused } from "./refusal.ts";

/** What has to come back as it was sent. */
export interface Expected {
  state: string;
  nonce: string;
  /** PKCE (RFC 7636). */
  verifier: string;
  /** Seconds since which somebody must have signed in there; left out: as long ago as it likes. */
  maxAge?: number;
}

/** Whom a provider named, once everything about its answer has proved right. */
export interface Verified {
  /** How it calls them for good. */
  subject: string;
  /** `sub` itself, by which it ends sessions. */
  sub: string;
  sid: string | null;
  claims: Claims;
  idToken: string;
  /** When they last signed in there, if it says so. */
  signedInAt: Date | null;
}

/**
 * Checks a provider's answer to an authorization request and fetches what it stands for (OpenID Connect Core 1.0, 3.1.2.7
 * to 3.1.3.8, 5.3.4). Does nothing else: who that is to us is another question.
 *
 * @param url  the address the browser came to, with the answer in its query
 * @throws SsoRefused
 */
export async function verifyAnswer(
  services: Services,
  provider: ProviderRow,
  url: URL,
  expected: Expected,
): Promise<Verified> {
  const reached = await reach(services, provider);
  const { configuration } = reached;
  let tokens: Awaited<ReturnType<typeof authorizationCodeGrant>>;
  try {
    tokens = await authorizationCodeGrant(configuration, url, {
      expectedState: expected.state,
      expectedNonce: expected.nonce,
      pkceCodeVerifier: expected.verifier,
      ...(expected.maxAge !== undefined && { maxAge: expected.maxAge }),
      idTokenExpected: true,
    });
  } catch (error) {
    const isAboutKeys = reached.asking.last === reached.metadata.jwks_uri;
    throw withClocks(refusalOf(error, isAboutKeys ? "key-unknown" : "token-endpoint"), reached);
  }
  const idToken = tokens.id_token;
  const claims = tokens.claims() as Claims | undefined;
  if (!idToken || !claims) throw new SsoRefused("id-token-missing");
  const { alg } = decodeProtectedHeader(idToken);
  if (!alg || !algorithms.includes(alg)) throw new SsoRefused("algorithm");
  checkAudience(claims, provider.clientId);
  checkMoments(claims, reached);
  checkAccessToken(claims, alg, tokens.access_token);
  const sub = textOf(claims.sub, 255);
  // Text that had to be mended is not what it was, and two people must not become one.
  if (sub === null || sub !== claims.sub) throw new SsoRefused("subject");
  const more = await userInfoFor(reached, provider, claims, tokens.access_token, sub);
  const all = { ...more, ...claims };
  const subject = provider.settings.subjectClaim === "sub" ? sub : textOf(claims.oid, 255);
  if (subject === null) throw new SsoRefused("subject", { claim: provider.settings.subjectClaim });
  return {
    subject,
    sub,
    sid: textOf(claims.sid, 500),
    claims: all,
    idToken,
    signedInAt: typeof claims.auth_time === "number" ? new Date(claims.auth_time * 1000) : null,
  };
}

/**
 * That the token is for us alone and was issued to us (OpenID Connect Core 1.0, 3.1.3.7). The library lets more audiences
 * pass, if we are one of them, and asks whom it was issued to only then.
 */
function checkAudience({ aud, azp }: Claims, clientId: string): void {
  if ([aud].flat().some((one) => one !== clientId)) throw new SsoRefused("audience");
  if (azp !== undefined && azp !== clientId) throw new SsoRefused("authorized-party");
}

/** The library looks at exp and nbf; a token from the future says that a clock is wrong or somebody is lying. */
function checkMoments({ iat }: Claims, reached: Reached): void {
  if (typeof iat !== "number" || !Number.isFinite(iat)) throw new SsoRefused("issued-at");
  if (iat * 1000 > Date.now() + LEEWAY_SECONDS * 1000) throw withClocks(new SsoRefused("issued-at"), reached);
}

/**
 * That the access token came with this ID token (OpenID Connect Core 1.0, 3.1.3.8): the left half of its hash, by the hash
 * of the ID token's own signature. With the code flow a provider may leave it out, but what is there has to be right.
 */
function checkAccessToken({ at_hash: given }: Claims, alg: string, accessToken: string): void {
  if (given === undefined) return;
  const hash = /^(Ed|EdDSA)/.test(alg) ? "sha512" : `sha${alg.slice(-3)}`;
  const digest = createHash(hash).update(accessToken).digest();
  const wanted = Buffer.from(digest.subarray(0, digest.length / 2).toString("base64url"));
  const got = Buffer.from(typeof given === "string" ? given : "");
  if (got.length !== wanted.length || !timingSafeEqual(got, wanted)) {
    throw new SsoRefused("access-token-hash");
  }
}

/** Name, address and groups that the ID token has not, from the provider's userinfo; nothing where it has all. */
async function userInfoFor(
  { configuration, metadata }: Reached,
  { settings }: ProviderRow,
  claims: Claims,
  accessToken: string,
  sub: string,
): Promise<Claims> {
  const wanted = [
    "email",
    "name",
    ...(settings.groupClaim ? [settings.groupClaim] : []),
    ...settings.requires.map(({ claim }) => claim),
  ];
  const isOverage = claims._claim_names !== undefined;
  const isMissing = wanted.some((name) => claimOf(claims, name) === undefined);
  if (!metadata.userinfo_endpoint || !isMissing || isOverage) return {};
  try {
    return { ...await fetchUserInfo(configuration, accessToken, sub) };
  } catch (error) {
    const refused = refusalOf(error, "userinfo");
    const isOther = /"sub" property/.test(innermost(error)) || refused.reason === "subject";
    throw isOther ? new SsoRefused("userinfo-subject") : refused;
  }
}

function innermost(error: unknown): string {
  let words = "";
  for (let at = error; at instanceof Error; at = at.cause) words += `${at.message}\n`;
  return words;
}

const aboutTime = new Set(["expired", "issued-at", "not-yet-valid", "logged-in-too-long-ago"]);

/** Says beside a refusal about time how far the two clocks are apart, since that is mostly why. */
function withClocks(refused: SsoRefused, { asking }: Reached): SsoRefused {
  if (!aboutTime.has(refused.reason) || asking.skewSeconds === null) return refused;
  return new SsoRefused(refused.reason, {
    ...refused.facts,
    providerAheadSeconds: String(asking.skewSeconds),
  });
}
