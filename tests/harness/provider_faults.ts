/** What a careful relying party makes of a fault. */
export type Verdict =
  /** Nobody is signed in (nobody is signed out, for a logout token). */
  | "refused"
  /** Odd but allowed: it works. */
  | "works"
  /** The standards leave it to the relying party, or it matters only if the relying party asked for the claim. */
  | "its choice";

/** One way to misbehave. */
export interface FaultFacts {
  does: string;
  verdict: Verdict;
  /**
   * The test of the OpenID Foundation's conformance suite it stands for, without `oidcc-client-test-`: plans
   * basic, config, form_post, RP-initiated and back-channel logout for relying parties.
   */
  test?: string;
}

const refused = (does: string, test?: string) => ({ does, verdict: "refused", test }) as const;
const works = (does: string, test?: string) => ({ does, verdict: "works", test }) as const;
const itsChoice = (does: string, test?: string) => ({ does, verdict: "its choice", test }) as const;

/** Every fault `MisbehavingProvider` knows, for a test to name one or to go through them all. */
export const faults = {
  // The signature of the ID token.
  "alg-none": refused("an unsigned ID token which says so", "idtoken-sig-none"),
  "unsigned-expected-alg": refused("the promised algorithm in the header, and no signature"),
  "hs256-with-public-key": refused("HS256 with the public key as the secret", "invalid-sig-hs256"),
  "hs256-with-client-secret": refused("HS256 with the client secret, though RS256 is promised"),
  "forged-signature": refused("the right kid, signed with another key", "invalid-sig-rs256"),
  "unknown-kid": refused("signed with a key that is not published, under its own kid"),
  "embedded-key": refused("signed with a key that the header itself brings along (jwk and jku)"),
  "encrypted-id-token": refused("a JWE for a key that the relying party does not have"),
  "no-kid-single-key": works("no kid in the header nor in the one published key", "kid-absent-single-jwks"),
  "no-kid-two-keys": itsChoice("no kid and two published keys that fit", "kid-absent-multiple-jwks"),
  "key-rotated": works(
    "a new key with a new kid for each ID token",
    "signing-key-rotation-just-before-signing",
  ),

  // The claims of the ID token.
  "wrong-iss": refused("the issuer is somebody else", "invalid-iss"),
  "missing-iss": refused("no issuer"),
  "wrong-aud": refused("made out to another client", "invalid-aud"),
  "missing-aud": refused("made out to nobody", "missing-aud"),
  "aud-as-list": works("the audience is a list of just this client"),
  "multi-aud-without-azp": refused("two audiences, and not said whom it was issued to"),
  "multi-aud-with-wrong-azp": refused("two audiences, issued to the other one"),
  "untrusted-extra-aud": refused("issued to this client, but good for another audience too"),
  "wrong-azp": refused("one audience, issued to another client"),
  "missing-nonce": refused("no nonce", "nonce-unless-code-flow"),
  "wrong-nonce": refused("the nonce of another sign-in", "nonce-invalid"),
  "wrong-at-hash": refused("the hash of another access token", "invalid-athash"),
  "missing-at-hash": works("no hash of the access token, which is optional with a code"),
  "missing-sub": refused("no subject", "missing-sub"),
  "empty-sub": refused("an empty subject"),
  "sub-not-text": refused("the subject is a number"),
  "sub-too-long": refused("a subject longer than the 255 characters OpenID Connect allows"),
  "expired": refused("expired five minutes ago"),
  "exp-missing": refused("never expires"),
  "iat-missing": refused("not said when it was issued", "missing-iat"),
  "iat-in-future": refused("issued in ten minutes"),
  "nbf-in-future": refused("good from ten minutes from now on"),
  "amr-missing": itsChoice("not said how the person proved who they are"),
  "acr-wrong": itsChoice("a weaker authentication than was asked for"),
  "auth-time-missing": itsChoice("not said when the person signed in; refused if max_age was asked"),
  "auth-time-old": itsChoice("signed in yesterday; refused if max_age was asked"),
  "groups-overage": itsChoice("groups are elsewhere, as Entra says of 200 or more", "distributed-claims"),
  "groups-as-string": works("one group is text instead of a list, as AD FS has it"),
  "wide-jwt": works("a thousand groups"),

  // The answer of the token endpoint.
  "id-token-missing": refused("an OAuth answer without an ID token"),
  "id-token-garbage": refused("something else in the place of the ID token"),
  "access-token-missing": refused("no access token"),
  "token-type-wrong": refused("an access token that is not a bearer token"),
  "token-invalid-client": refused("says that the client secret is wrong"),
  "token-invalid-grant": refused("says that the code is not good"),
  "token-unavailable": refused("503 from a load balancer"),
  "token-not-json": refused("says it is JSON and is not"),
  "token-html-200": refused("an HTML page with status 200"),
  "token-answer-twice": itsChoice("takes the same code twice; the second use of a state is ours to refuse"),

  // Userinfo.
  "userinfo-sub-mismatch": refused("somebody else's claims", "userinfo-invalid-sub"),
  "userinfo-sub-missing": refused("claims of nobody in particular"),
  "userinfo-error": itsChoice("401, the access token is not good"),
  "userinfo-not-json": itsChoice("an HTML page with status 200"),

  // The answer of the authorization endpoint.
  "wrong-state": refused("the state of another sign-in"),
  "missing-state": refused("no state"),
  "wrong-iss-parameter": refused("another issuer beside the code: a mix-up (RFC 9207)"),
  "missing-iss-parameter-though-promised": refused("no issuer beside the code, though discovery promises it"),
  "no-iss-parameter": works("no issuer beside the code, and none promised"),
  "code-missing": refused("a state without a code"),
  "access-denied": refused("access_denied, described with HTML"),
  "login-required": refused("login_required", "form-post-error"),

  // Discovery.
  "discovery-wrong-issuer": refused("the issuer is somebody else", "discovery-issuer-mismatch"),
  "discovery-not-json": refused("an HTML page with status 200"),
  "discovery-without-endpoints": refused("an issuer and nothing else"),
  "discovery-without-pkce": works("PKCE is not mentioned, as Entra has it"),
  "discovery-without-logout": works("no end_session_endpoint"),
  "discovery-endpoints-inside": refused("what our server calls is at private addresses"),
  "discovery-http-endpoints": refused(
    "endpoints without TLS: of the same host under TLS, else of login.example",
  ),

  // Keys.
  "jwks-empty": refused("no keys"),
  "jwks-garbage": refused("keys that are none"),
  "jwks-symmetric": refused("a published secret, and an ID token signed with it by HS256"),
  "jwks-private-key-published": refused("the private half of the signing key"),
  "jwks-with-strangers": works("keys of other kinds and for other uses beside the right one"),

  // Each endpoint that a server calls.
  "slow-discovery": refused("an answer that never ends, a space a second"),
  "slow-jwks": refused("an answer that never ends, a space a second"),
  "slow-token": refused("an answer that never ends, a space a second"),
  "slow-userinfo": itsChoice("an answer that never ends, a space a second"),
  "huge-discovery": refused("10 MB, in pieces"),
  "huge-jwks": refused("10 MB, in pieces"),
  "huge-token": refused("10 MB, in pieces"),
  "huge-userinfo": itsChoice("10 MB, in pieces"),
  "discovery-redirects-inside": refused("redirects to a cloud's metadata address"),
  "jwks-redirects-inside": refused("redirects to a cloud's metadata address"),
  "token-redirects-inside": refused("redirects to a cloud's metadata address"),
  "userinfo-redirects-inside": itsChoice("redirects to a cloud's metadata address"),

  // The clock, by `skew` seconds: in Date headers and in every token.
  "clock-behind": works("its clock is behind by `skew`"),
  "clock-ahead": works("its clock is ahead by `skew`"),

  // RP-initiated logout.
  "logout-without-state": works("comes back without the state", "rp-init-logout-no-state"),
  "logout-other-state": works("comes back with another state", "rp-init-logout-other-state"),

  // Logout tokens.
  "logout-alg-none": refused("unsigned, and says so", "rp-backchannel-rpinitlogout-alg-none"),
  "logout-unsigned-expected-alg": refused("the promised algorithm in the header, and no signature"),
  "logout-hs256-with-public-key": refused("HS256 with the public key as the secret"),
  "logout-hs256-with-client-secret": refused(
    "HS256 with the client secret",
    "rp-backchannel-rpinitlogout-wrong-alg",
  ),
  "logout-forged-signature": refused("the right kid, signed with another key"),
  "logout-unknown-kid": refused("signed with a key that is not published"),
  "logout-embedded-key": refused("signed with a key that the header itself brings along"),
  "logout-wrong-aud": refused("made out to another client", "rp-backchannel-rpinitlogout-wrong-aud"),
  "logout-missing-aud": refused("made out to nobody"),
  "logout-wrong-iss": refused("the issuer is somebody else", "rp-backchannel-rpinitlogout-wrong-iss"),
  "logout-no-events": refused("no events claim", "rp-backchannel-rpinitlogout-no-event"),
  "logout-wrong-event": refused("another event", "rp-backchannel-rpinitlogout-wrong-event"),
  "logout-with-nonce": refused("holds a nonce", "rp-backchannel-rpinitlogout-with-nonce"),
  "logout-no-sub-and-sid": refused("neither says who nor which session"),
  "logout-iat-missing": refused("not said when it was issued"),
  "logout-iat-in-future": refused("issued in ten minutes"),
  "logout-exp-past": refused("expired five minutes ago"),
  "logout-exp-missing": refused("never expires"),
  "logout-jti-missing": refused("no id, so that a replay would not be seen"),
  "logout-replayed-jti": refused("the id of the logout token before"),
  "logout-wrong-typ": refused("typ is at+jwt"),
  "logout-typ-jwt": itsChoice("typ is JWT, as older providers have it"),
  "logout-id-token-instead": refused("an ID token of this person"),
} as const satisfies Record<string, FaultFacts>;

/** The name of a fault. */
export type Fault = keyof typeof faults;

/** Claims of a token or of userinfo. */
export type Claims = Record<string, unknown>;

interface Context {
  now: number;
  issuer: string;
  clientId: string;
  claims: Claims;
}

const elsewhere = "https://elsewhere.example";
const client = "another-client";
const hex = (value: number) => value.toString(16).padStart(12, "0");
const aThousandGroups = Array.from({ length: 1000 }, (_, at) => `7c9e6679-7425-40de-944b-${hex(at)}`);

/** What a fault changes in an ID token: `undefined` takes a claim out. */
export const idTokenChanges: Partial<Record<Fault, (context: Context) => Claims>> = {
  "wrong-iss": () => ({ iss: elsewhere }),
  "missing-iss": () => ({ iss: undefined }),
  "wrong-aud": () => ({ aud: client }),
  "missing-aud": () => ({ aud: undefined }),
  "aud-as-list": ({ clientId }) => ({ aud: [clientId] }),
  "multi-aud-without-azp": ({ clientId }) => ({ aud: [clientId, client] }),
  "multi-aud-with-wrong-azp": ({ clientId }) => ({ aud: [clientId, client], azp: client }),
  "untrusted-extra-aud": ({ clientId }) => ({ aud: [clientId, elsewhere], azp: clientId }),
  "wrong-azp": () => ({ azp: client }),
  "missing-nonce": () => ({ nonce: undefined }),
  "wrong-nonce": () => ({ nonce: "of-another-sign-in" }),
  "wrong-at-hash": () => ({ at_hash: "AAAAAAAAAAAAAAAAAAAAAA" }),
  "missing-at-hash": () => ({ at_hash: undefined }),
  "missing-sub": () => ({ sub: undefined }),
  "empty-sub": () => ({ sub: "" }),
  "sub-not-text": () => ({ sub: 1001 }),
  "sub-too-long": () => ({ sub: "u".repeat(256) }),
  "expired": ({ now }) => ({ iat: now - 600, exp: now - 300 }),
  "exp-missing": () => ({ exp: undefined }),
  "iat-missing": () => ({ iat: undefined }),
  "iat-in-future": ({ now }) => ({ iat: now + 600, exp: now + 900 }),
  "nbf-in-future": ({ now }) => ({ nbf: now + 600, exp: now + 900 }),
  "amr-missing": () => ({ amr: undefined }),
  "acr-wrong": () => ({ acr: "urn:example:weaker" }),
  "auth-time-missing": () => ({ auth_time: undefined }),
  "auth-time-old": ({ now }) => ({ auth_time: now - 86_400 }),
};

/** What a fault changes in whatever holds groups: the ID token and userinfo. */
export const groupChanges: Partial<Record<Fault, (context: Context) => Claims>> = {
  "groups-overage": ({ issuer }) => ({
    groups: undefined,
    _claim_names: { groups: "src1" },
    _claim_sources: { src1: { endpoint: `${issuer}/claims/groups` } },
  }),
  "groups-as-string": ({ claims }) => ({ groups: [claims.groups].flat()[0] }),
  "wide-jwt": ({ claims }) => ({ groups: [...[claims.groups ?? []].flat(), ...aThousandGroups] }),
};

/** What a fault changes in a logout token (OpenID Connect Back-Channel Logout 1.0, 2.4). */
export const logoutTokenChanges: Partial<Record<Fault, (context: Context) => Claims>> = {
  "logout-wrong-aud": () => ({ aud: client }),
  "logout-missing-aud": () => ({ aud: undefined }),
  "logout-wrong-iss": () => ({ iss: elsewhere }),
  "logout-no-events": () => ({ events: undefined }),
  "logout-wrong-event": () => ({ events: { "http://schemas.openid.net/event/something-else": {} } }),
  "logout-with-nonce": () => ({ nonce: "of-a-sign-in" }),
  "logout-no-sub-and-sid": () => ({ sub: undefined, sid: undefined }),
  "logout-iat-missing": () => ({ iat: undefined }),
  "logout-iat-in-future": ({ now }) => ({ iat: now + 600, exp: now + 720 }),
  "logout-exp-past": ({ now }) => ({ iat: now - 420, exp: now - 300 }),
  "logout-exp-missing": () => ({ exp: undefined }),
  "logout-jti-missing": () => ({ jti: undefined }),
};
