import { createHash } from "node:crypto";
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  decodeJwt,
  decodeProtectedHeader,
  type JSONWebKeySet,
  jwtVerify,
} from "jose";
import { afterEach, expect, it } from "vitest";
import { Authority } from "../../../appliance/authority.ts";
import { IdentityProvider } from "../../harness/identity_provider.ts";
import { type Fault, faults, MisbehavingProvider } from "../../harness/misbehaving_provider.ts";

const redirectUri = "https://fleethold.example/sso/callback";
const verifier = "a-verifier-of-at-least-forty-three-characters-1";
const challenge = createHash("sha256").update(verifier).digest("base64url");

const running: { stop(): Promise<void> }[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((provider) => provider.stop()));
});

async function misbehaving(options: Parameters<typeof MisbehavingProvider.start>[0] = {}) {
  // RSA keys take a while to make.
  const provider = await MisbehavingProvider.start({ alg: "ES256", ...options });
  running.push(provider);
  return provider;
}

// deno-lint-ignore no-explicit-any -- tests look into whatever a provider answered
const json = async (url: string, init?: RequestInit): Promise<any> => await (await fetch(url, init)).json();
const discovered = (issuer: string) => json(`${issuer}/.well-known/openid-configuration`);

function authorizationUrl(endpoint: string, changes: Record<string, string> = {}): string {
  return `${endpoint}?${new URLSearchParams({
    response_type: "code",
    client_id: "fleethold",
    redirect_uri: redirectUri,
    scope: "openid profile email groups",
    state: "state-1",
    nonce: "nonce-1",
    code_challenge: challenge,
    code_challenge_method: "S256",
    ...changes,
  })}`;
}

/** Redeems a code with the secret in the form, as RFC 6749 4.1.3 and RFC 7636 4.5 say. */
function redeem(provider: MisbehavingProvider, code: string, changes: Record<string, string> = {}) {
  return fetch(`${provider.issuer}/token`, {
    method: "POST",
    body: new URLSearchParams({
      grant_type: "authorization_code",
      code,
      redirect_uri: redirectUri,
      code_verifier: verifier,
      client_id: provider.clientId,
      client_secret: provider.clientSecret,
      ...changes,
    }),
  });
}

const codeOf = async (provider: MisbehavingProvider) =>
  (await provider.authorise(authorizationUrl(`${provider.issuer}/authorize`))).searchParams.get("code")!;

it("a provider without faults signs somebody in as the standards say", async () => {
  const provider = await misbehaving({ alg: "RS256" });
  provider.person = {
    sub: "u-7",
    name: "Ada Reed",
    email: "ada@example.com",
    groups: ["office"],
    amr: ["hwk"],
  };
  const metadata = await discovered(provider.issuer);
  const back = await provider.authorise(
    authorizationUrl(metadata.authorization_endpoint, { acr_values: "mfa" }),
  );
  expect(Object.fromEntries(back.searchParams)).toMatchObject({ state: "state-1", iss: provider.issuer });

  const basic = [provider.clientId, provider.clientSecret].map(encodeURIComponent).join(":");
  const tokens = await json(metadata.token_endpoint, {
    method: "POST",
    headers: { authorization: `Basic ${btoa(basic)}` },
    body: new URLSearchParams({
      grant_type: "authorization_code",
      code: back.searchParams.get("code")!,
      redirect_uri: redirectUri,
      code_verifier: verifier,
    }),
  });
  const keys = createRemoteJWKSet(new URL(metadata.jwks_uri));
  const { payload } = await jwtVerify(tokens.id_token, keys, {
    issuer: provider.issuer,
    audience: "fleethold",
    algorithms: ["RS256"],
    requiredClaims: ["exp", "iat", "auth_time", "sid"],
  });
  expect(payload).toMatchObject({
    sub: "u-7",
    nonce: "nonce-1",
    groups: ["office"],
    amr: ["hwk"],
    acr: "mfa",
  });
  const hash = createHash("sha256").update(tokens.access_token).digest().subarray(0, 16);
  expect(payload.at_hash).toBe(hash.toString("base64url"));

  const userinfo = await json(metadata.userinfo_endpoint, {
    headers: { authorization: `Bearer ${tokens.access_token}` },
  });
  expect(userinfo).toEqual({ sub: "u-7", name: "Ada Reed", email: "ada@example.com", groups: ["office"] });
  expect(provider.asked("/token")[0]).toMatchObject({ method: "POST", form: { code_verifier: verifier } });
});

it("it answers by form_post when asked to", async () => {
  const provider = await misbehaving();
  const url = authorizationUrl(`${provider.issuer}/authorize`, {
    response_mode: "form_post",
    state: `"<state>&`,
  });
  const { action, fields } = await provider.formPost(url);
  expect(action).toBe(redirectUri);
  expect(fields).toEqual({ code: expect.any(String), state: `"<state>&`, iss: provider.issuer });
});

it("it takes no code twice, and none with a wrong secret, address or verifier", async () => {
  const provider = await misbehaving();
  const told = async (answer: Response) => [answer.status, (await answer.json()).error];
  const code = await codeOf(provider);
  expect(await told(await redeem(provider, code, { client_secret: "wrong" }))).toEqual([
    401,
    "invalid_client",
  ]);
  expect(await told(await redeem(provider, code, { redirect_uri: "https://elsewhere.example/" })))
    .toEqual([400, "invalid_grant"]);
  expect(await told(await redeem(provider, code, { code_verifier: `${verifier}2` })))
    .toEqual([400, "invalid_grant"]);
  expect(await told(await redeem(provider, code))).toEqual([200, undefined]);
  expect(await told(await redeem(provider, code))).toEqual([400, "invalid_grant"]);
  const withoutPkce = authorizationUrl(`${provider.issuer}/authorize`, { code_challenge_method: "plain" });
  expect((await provider.authorise(withoutPkce)).searchParams.get("error")).toBe("invalid_request");
});

it("two providers side by side know nothing of each other", async () => {
  const [one, other] = await Promise.all([misbehaving(), misbehaving()]);
  const code = await codeOf(one);
  expect((await redeem(other, code)).status).toBe(400);
  expect(other.asked("/authorize")).toEqual([]);
  const { id_token } = await (await redeem(one, code)).json();
  const keysOfTheOther = createLocalJWKSet(await json(`${other.issuer}/jwks`));
  await expect(jwtVerify(id_token, keysOfTheOther)).rejects.toThrow("signature verification failed");
});

it("it tells that somebody signed out, and comes back from a sign-out", async () => {
  const posts: [string, URLSearchParams][] = [];
  const send = (url: string, form: URLSearchParams) => {
    posts.push([url, form]);
    return Promise.resolve(new Response(null, { status: 200 }));
  };
  const provider = await misbehaving({ send });
  const { id_token } = await (await redeem(provider, await codeOf(provider))).json();
  await provider.backChannelLogout("https://fleethold.example/sso/logout");
  const [[url, form]] = posts as [typeof posts[number]];
  expect(url).toBe("https://fleethold.example/sso/logout");
  const keys = createRemoteJWKSet(new URL(`${provider.issuer}/jwks`));
  const { payload } = await jwtVerify(form.get("logout_token")!, keys, {
    issuer: provider.issuer,
    audience: "fleethold",
    typ: "logout+jwt",
    requiredClaims: ["iat", "exp", "jti"],
  });
  expect(payload).toMatchObject({ sub: "u-1001", sid: decodeJwt(id_token).sid });
  expect(payload.events).toEqual({ "http://schemas.openid.net/event/backchannel-logout": {} });
  expect(decodeJwt(await provider.logoutToken({ sid: undefined }))).not.toHaveProperty("sid");

  const { end_session_endpoint } = await discovered(provider.issuer);
  const query = new URLSearchParams({ post_logout_redirect_uri: "https://fleethold.example/", state: "s" });
  const answer = await fetch(`${end_session_endpoint}?${query}`, { redirect: "manual" });
  expect(answer.headers.get("location")).toBe("https://fleethold.example/?state=s");
});

it("it behaves again once a fault has been seen", async () => {
  const provider = await misbehaving();
  const iss = async () =>
    decodeJwt((await (await redeem(provider, await codeOf(provider))).json()).id_token).iss;
  expect(await provider.with("wrong-iss", iss)).toBe("https://elsewhere.example");
  expect(await iss()).toBe(provider.issuer);
});

it("a key that was changed verifies what is signed from then on", async () => {
  const provider = await misbehaving();
  const kid = async () => {
    const { id_token } = await (await redeem(provider, await codeOf(provider))).json();
    await jwtVerify(id_token, createLocalJWKSet(await json(`${provider.issuer}/jwks`)));
    return decodeProtectedHeader(id_token).kid;
  };
  expect(await kid()).toBe("key-1");
  await provider.rotateKeys();
  expect(await kid()).toBe("key-2");
});

it("no fault is only a name: each changes what a relying party sees", async () => {
  const provider = await misbehaving({ now: () => 1_800_000_000_000 });
  const right = await everythingSeen(provider);
  expect(await everythingSeen(provider)).toEqual(right);
  for (const fault of Object.keys(faults) as Fault[]) {
    const seen = await provider.with(fault, () => everythingSeen(provider));
    expect(seen, fault).not.toEqual(right);
  }
  expect(await everythingSeen(provider)).toEqual(right);
});

/** As much of a browser as signing in needs: cookies, redirects and forms. */
class Browser {
  readonly #cookies = new Map<string, string>();

  constructor(private readonly issuer: string, private readonly client?: Deno.HttpClient) {}

  /** Goes somewhere, and on within the provider: returns the page there, or the address outside that it leads to. */
  async go(url: string, form?: Record<string, string>): Promise<{ page: string; url: string }> {
    const answer = await fetch(url, {
      method: form ? "POST" : "GET",
      body: form && new URLSearchParams(form),
      headers: { cookie: [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; ") },
      redirect: "manual",
      ...this.client && { client: this.client },
    });
    for (const cookie of answer.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie)!;
      this.#cookies.set(name!, value!);
    }
    const page = await answer.text();
    const location = answer.headers.get("location");
    if (!location) return { page, url };
    const next = new URL(location, url).href;
    return next.startsWith(this.issuer) ? await this.go(next) : { page: "", url: next };
  }
}

async function identityProvider(options: Partial<Parameters<typeof IdentityProvider.start>[0]> = {}) {
  const provider = await IdentityProvider.start({
    clients: [{ clientId: "fleethold", clientSecret: "a secret", redirectUris: [redirectUri] }],
    people: [{
      account: "kim",
      password: "opensesame",
      claims: { sub: "u-1001", name: "Kim Day", email: "kim@example.com", groups: ["dispatch"] },
    }],
    ...options,
  });
  running.push(provider);
  return provider;
}

const kim = { account: "kim", password: "opensesame" };

it("somebody signs in at the identity provider, under TLS of a company's own authority", async () => {
  const authority = await Authority.create("sso.example");
  const { chain, key } = await (await Authority.open(authority)).issue(["localhost"], 3_600);
  const client = Deno.createHttpClient({ caCerts: [authority.chain] });
  const provider = await identityProvider({ tls: { certPem: chain, keyPem: key } });
  const metadata = await json(
    `${provider.issuer}/.well-known/openid-configuration`,
    { client } as RequestInit,
  );
  expect(metadata.token_endpoint).toMatch(/^https:\/\/localhost:/);

  const browser = new Browser(provider.issuer, client);
  const asked = await browser.go(authorizationUrl(metadata.authorization_endpoint, { acr_values: "mfa" }));
  expect(asked.page).toContain("<h1>Sign in</h1>");
  expect((await browser.go(asked.url, { ...kim, password: "wrong" })).page).toContain(
    "the password is wrong",
  );
  const back = new URL((await browser.go(asked.url, kim)).url);
  expect(Object.fromEntries(back.searchParams)).toMatchObject({ state: "state-1", iss: provider.issuer });

  const tokens = await json(metadata.token_endpoint, {
    method: "POST",
    headers: { authorization: `Basic ${btoa("fleethold:a+secret")}` },
    body: new URLSearchParams({
      grant_type: "authorization_code",
      code: back.searchParams.get("code")!,
      redirect_uri: redirectUri,
      code_verifier: verifier,
    }),
    client,
  } as RequestInit);
  const keys = createLocalJWKSet(await json(metadata.jwks_uri, { client } as RequestInit));
  const { payload } = await jwtVerify(tokens.id_token, keys, {
    issuer: provider.issuer,
    audience: "fleethold",
    requiredClaims: ["exp", "iat", "auth_time"],
  });
  const claims = { sub: "u-1001", name: "Kim Day", email: "kim@example.com", groups: ["dispatch"] };
  expect(payload).toMatchObject({ ...claims, nonce: "nonce-1", amr: ["pwd", "otp"], acr: "mfa" });
  const headers = { authorization: `Bearer ${tokens.access_token}` };
  expect(await json(metadata.userinfo_endpoint, { headers, client } as RequestInit)).toMatchObject(claims);
  expect(provider.troubles).toEqual([]);
  client.close();
});

it("the identity provider asks again only when it is told to, or when a stronger sign-in is wanted", async () => {
  const provider = await identityProvider();
  const browser = new Browser(provider.issuer);
  const go = (changes: Record<string, string> = {}) =>
    browser.go(authorizationUrl(`${provider.issuer}/auth`, changes));
  await browser.go((await go()).url, kim);
  const isAsked = async (changes: Record<string, string>) =>
    (await go(changes)).page.includes("<h1>Sign in</h1>");
  expect(await isAsked({})).toBe(false);
  expect(await isAsked({ prompt: "login" })).toBe(true);
  expect(await isAsked({ max_age: "0" })).toBe(true);
  expect(await isAsked({ acr_values: "mfa" })).toBe(true);

  const cancelled = await browser.go((await go({ prompt: "login" })).url, { cancel: "yes" });
  expect(new URL(cancelled.url).searchParams.get("error")).toBe("access_denied");
  const withoutPkce = await go({ code_challenge: "", code_challenge_method: "" });
  expect(new URL(withoutPkce.url).searchParams.get("error")).toBe("invalid_request");
  const posted = await go({ response_mode: "form_post" });
  expect(posted.page).toContain(`action="${redirectUri}"`);
});

it("the identity provider tells us when somebody signs out, with us or with it", async () => {
  const told: string[] = [];
  const ours = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, async (request) => {
    told.push(new URLSearchParams(await request.text()).get("logout_token")!);
    return new Response(null, { status: 200 });
  });
  running.push({ stop: () => ours.shutdown() });
  const home = "https://fleethold.example/";
  const provider = await identityProvider({
    clients: [{
      clientId: "fleethold",
      clientSecret: "a secret",
      redirectUris: [redirectUri],
      postLogoutRedirectUris: [home],
      backChannelLogoutUri: `http://127.0.0.1:${ours.addr.port}/`,
    }],
  });
  const browser = new Browser(provider.issuer);
  const signIn = async () =>
    await browser.go((await browser.go(authorizationUrl(`${provider.issuer}/auth`))).url, kim);
  await signIn();
  const query = new URLSearchParams({ client_id: "fleethold", post_logout_redirect_uri: home, state: "s" });
  const { page } = await browser.go(`${provider.issuer}/session/end?${query}`);
  const xsrf = /name="xsrf" value="([^"]+)"/.exec(page)![1]!;
  const left = await browser.go(`${provider.issuer}/session/end/confirm`, { xsrf, logout: "yes" });
  expect(left.url).toBe(`${home}?state=s`);
  await signIn();
  await provider.signOut("kim");
  expect((await browser.go(authorizationUrl(`${provider.issuer}/auth`))).page).toContain("<h1>Sign in</h1>");

  expect(told).toHaveLength(2);
  const keys = createRemoteJWKSet(new URL(`${provider.issuer}/jwks`));
  for (const token of told) {
    const { payload } = await jwtVerify(token, keys, { typ: "logout+jwt", audience: "fleethold" });
    expect(payload).toMatchObject({ sub: "u-1001", sid: expect.any(String), jti: expect.any(String) });
  }
  expect(provider.troubles).toEqual([]);
});

/** One sign-in and one sign-out as a relying party sees them, without what is random in each. */
async function everythingSeen(provider: MisbehavingProvider) {
  const { issuer } = provider;
  const get = (path: string, headers = {}) => fetch(issuer + path, { headers, redirect: "manual" });
  const discovery = await read(await get("/.well-known/openid-configuration"));
  const back = await provider.authorise(authorizationUrl(`${issuer}/authorize`));
  const keys = await read(await get("/jwks"));
  const code = back.searchParams.get("code") ?? "none";
  const token = await read(await redeem(provider, code));
  const again = await read(await redeem(provider, code));
  const { access_token, id_token } = token.body;
  const userinfo = await read(await get("/userinfo", { authorization: `Bearer ${access_token}` }));
  const laterKeys = await read(await get("/jwks"));
  const end = await read(
    await get("/end-session?state=s&post_logout_redirect_uri=https://fleethold.example"),
  );
  const logout = [await provider.logoutToken(), await provider.logoutToken()];
  const [jti, nextJti] = logout.map((token) => decodeJwt(token).jti);
  const hash = createHash("sha256").update(`${access_token}`).digest().subarray(0, 16).toString("base64url");
  return [
    ...[discovery, keys, token, again, userinfo, end, back.href],
    { isRotated: JSON.stringify(keys.body) !== JSON.stringify(laterKeys.body), isReplayed: jti === nextJti },
    await opened(id_token, laterKeys.body),
    await opened(logout[0], laterKeys.body),
  ].map((part) => JSON.stringify(part).replaceAll(hash, "right-hash").replace(/key-\d+|[\w-]{36,}/g, "…"));
}

/** An answer, as far as it comes: `{` alone is the start of one that never ends. */
async function read(answer: Response) {
  const pieces: string[] = [];
  for await (const piece of answer.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    if (pieces.push(piece) === 1 && piece === "{") break;
  }
  const { status, headers } = answer;
  const text = pieces.join("");
  const seen = {
    status,
    date: headers.get("date"),
    location: headers.get("location"),
    size: text.length >> 20,
  };
  return { ...seen, body: parsed(text) };
}

// deno-lint-ignore no-explicit-any -- tests look into whatever a provider answered
function parsed(text: string): any {
  try {
    return JSON.parse(text);
  } catch {
    return { text };
  }
}

/** What is in a JWT, and whether one of these keys signed it. */
async function opened(jwt: string | undefined, keys: JSONWebKeySet) {
  try {
    const header = decodeProtectedHeader(jwt ?? "");
    const isGenuine = await jwtVerify(jwt!, createLocalJWKSet(keys), {
      currentDate: new Date(1_800_000_000_000),
    })
      .then(() => true, () => false);
    return { header, isGenuine, claims: decodeJwt(jwt!) };
  } catch {
    return { jwt };
  }
}
