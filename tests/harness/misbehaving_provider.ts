import { createHash, timingSafeEqual } from "node:crypto";
import { Buffer } from "node:buffer";
import { autoSubmitted, endless, padded, page, redirected, refusal, unescaped } from "./provider_answers.ts";
import {
  type Claims,
  type Fault,
  groupChanges,
  idTokenChanges,
  logoutTokenChanges,
} from "./provider_faults.ts";
import { type Algorithm, ProviderKeys, signatureFlaws } from "./provider_keys.ts";

export { type Claims, type Fault, faults, type Verdict } from "./provider_faults.ts";

/** A request as it reached the provider. */
export interface Asked {
  method: string;
  /** Below the issuer, such as `/token`. */
  path: string;
  headers: Record<string, string>;
  query: Record<string, string>;
  form: Record<string, string>;
}

/** Posts a form to an address of ours, for `backChannelLogout`. */
export type Send = (url: string, form: URLSearchParams) => Promise<Response>;

interface Options {
  clientId?: string;
  clientSecret?: string;
  alg?: Algorithm;
  /** What it calls itself, where a test sends `issuer` to `address` by itself; else its own address. */
  issuer?: string;
  /** Serves TLS with these, as https://localhost. */
  tls?: { certPem: string; keyPem: string };
  send?: Send;
  /** Its clock, in milliseconds. */
  now?: () => number;
}

const defaults = {
  clientId: "fleethold",
  // Characters that RFC 6749 2.3.1 has encoded once more, and as long as HS256 wants a secret.
  clientSecret: "a secret: 100 % of +/=& and longer than 32 bytes",
  alg: "RS256" as Algorithm,
  now: () => Date.now(),
  send: ((url, form) => fetch(url, { method: "POST", body: form, redirect: "manual" })) as Send,
};

/** One sign-in between the redirect and the code. */
interface Grant {
  clientId: string;
  redirectUri: string;
  challenge: string;
  nonce: string | undefined;
  claims: Claims;
}

/** The claims that say how somebody signed in: userinfo does not have them. */
const ofTheSignIn = ["amr", "acr", "auth_time", "sid"];
const inside = "http://169.254.169.254/latest/meta-data/";
const logoutEvent = "http://schemas.openid.net/event/backchannel-logout";
// A body that arrives packed would not be as big on the way as it is meant to be.
const unpacked = { "cache-control": "no-store, no-transform" };

/**
 * An OpenID provider that does everything right until it is told to do one thing wrong: `faults` in
 * provider_faults.ts lists what it can do. Whoever asks is signed in as `person` at once.
 */
export class MisbehavingProvider {
  /** What it does wrong, from now on. */
  readonly faults = new Set<Fault>();
  /** Everything it was asked since the start; a test may empty it. */
  readonly requests: Asked[] = [];
  /** Claims of whoever signs in next. Claims of the protocol (`iss`, `sid`, …) may be overruled too. */
  person: Claims = {
    sub: "u-1001",
    name: "Kim Day",
    email: "kim@example.com",
    email_verified: true,
    groups: ["dispatch"],
    amr: ["pwd", "mfa"],
  };
  /** What userinfo adds to the claims of the person; `undefined` takes one out. */
  userinfo: Claims = {};
  /** How each client may prove who it is. */
  authMethods = ["client_secret_basic", "client_secret_post"];
  /** Seconds by which `clock-behind` and `clock-ahead` are wrong. */
  skew = 30;
  now: () => number;
  send: Send;

  readonly #grants = new Map<string, Grant>();
  readonly #accessTokens = new Map<string, Claims>();
  readonly #ending = new AbortController();
  #lastSid: string | undefined;
  #lastJti: string | undefined;

  readonly clientId: string;
  readonly clientSecret: string;

  private constructor(
    readonly issuer: string,
    /** Where it listens. */
    readonly address: string,
    readonly keys: ProviderKeys,
    private readonly server: Deno.HttpServer<Deno.NetAddr>,
    { clientId, clientSecret, now, send }: typeof defaults,
  ) {
    this.clientId = clientId;
    this.clientSecret = clientSecret;
    this.now = now;
    this.send = send;
  }

  static async start(options: Options = {}): Promise<MisbehavingProvider> {
    const { tls } = options;
    const all = { ...defaults, ...options };
    const server = Deno.serve({
      port: 0,
      hostname: "127.0.0.1",
      onListen: () => {},
      ...tls && { cert: tls.certPem, key: tls.keyPem },
    }, (request) => provider.#answer(request));
    const address = `${tls ? "https://localhost" : "http://127.0.0.1"}:${server.addr.port}`;
    const issuer = options.issuer ?? address;
    const keys = await ProviderKeys.create(all.alg, issuer, all.clientSecret);
    const provider: MisbehavingProvider = new MisbehavingProvider(issuer, address, keys, server, all);
    return provider;
  }

  async stop(): Promise<void> {
    this.#ending.abort();
    await this.server.shutdown();
  }

  /** Misbehaves in these ways while something is done. */
  async with<T>(faults: Fault | Fault[], act: () => Promise<T>): Promise<T> {
    const added = [faults].flat().filter((fault) => !this.faults.has(fault));
    added.forEach((fault) => this.faults.add(fault));
    try {
      return await act();
    } finally {
      added.forEach((fault) => this.faults.delete(fault));
    }
  }

  /** What was asked at a path such as `/token`, oldest first. */
  asked(path: string): Asked[] {
    return this.requests.filter((asked) => asked.path === path);
  }

  /** Signs with a new key from now on, under a new kid. */
  rotateKeys(): Promise<void> {
    return this.keys.rotate();
  }

  /** Follows an authorization URL as a browser would, and returns where it leads. */
  async authorise(url: string): Promise<URL> {
    const answer = await this.#browse(url);
    const location = answer.headers.get("location");
    if (!location) throw new Error(`The provider answered ${answer.status}: ${await answer.text()}`);
    return new URL(location);
  }

  /** Follows an authorization URL with `response_mode=form_post`, and returns the form that a browser would post. */
  async formPost(url: string): Promise<{ action: string; fields: Record<string, string> }> {
    const answer = await this.#browse(url);
    const page = await answer.text();
    const action = /<form method="post" action="([^"]*)"/.exec(page)?.[1];
    if (action === undefined) throw new Error(`The provider answered ${answer.status}: ${page}`);
    const inputs = page.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g);
    const fields = [...inputs].map(([, name, value]) => [unescaped(name!), unescaped(value!)]);
    return { action: unescaped(action), fields: Object.fromEntries(fields) };
  }

  /** Tells an address of ours that somebody signed out: whoever signed in last, if the claims say nothing else. */
  async backChannelLogout(uri: string, claims: Claims = {}): Promise<Response> {
    return await this.send(uri, new URLSearchParams({ logout_token: await this.logoutToken(claims) }));
  }

  /** A logout token for whoever signed in last (OpenID Connect Back-Channel Logout 1.0, 2.4). */
  async logoutToken(claims: Claims = {}): Promise<string> {
    const now = this.#seconds();
    const jti = this.faults.has("logout-replayed-jti") ? this.#lastJti : crypto.randomUUID();
    this.#lastJti = jti;
    const right: Claims = {
      iss: this.issuer,
      aud: this.clientId,
      iat: now,
      exp: now + 120,
      jti,
      sub: this.person.sub,
      sid: this.#lastSid,
      events: { [logoutEvent]: {} },
      ...claims,
    };
    if (this.faults.has("logout-id-token-instead")) {
      const { events: _, ...rest } = right;
      return await this.keys.sign({ ...rest, nonce: "of-a-sign-in" }, "JWT", undefined);
    }
    const typ = this.faults.has("logout-wrong-typ")
      ? "at+jwt"
      : this.faults.has("logout-typ-jwt")
      ? "JWT"
      : "logout+jwt";
    const flaw = signatureFlaws.find((flaw) => this.faults.has(`logout-${flaw}` as Fault));
    return await this.keys.sign(this.#changed(right, logoutTokenChanges), typ, flaw);
  }

  async #browse(url: string): Promise<Response> {
    if (!url.startsWith(`${this.issuer}/authorize?`)) throw new Error(`Not an address to sign in at: ${url}`);
    return await this.#answer(new Request(url));
  }

  async #answer(request: Request): Promise<Response> {
    const url = new URL(request.url);
    const form = request.method === "POST"
      ? new URLSearchParams(await request.text())
      : new URLSearchParams();
    const asked: Asked = {
      method: request.method,
      path: url.pathname.slice(new URL(this.issuer).pathname.replace(/\/$/, "").length),
      headers: Object.fromEntries(request.headers),
      query: Object.fromEntries(url.searchParams),
      form: Object.fromEntries(form),
    };
    this.requests.push(asked);
    const answer = await this.#route(asked);
    const headers = new Headers({ ...unpacked, ...Object.fromEntries(answer.headers) });
    headers.set("date", new Date(this.#seconds() * 1_000).toUTCString());
    return new Response(answer.body, { status: answer.status, headers });
  }

  async #route(asked: Asked): Promise<Response> {
    switch (asked.path) {
      case "/.well-known/openid-configuration":
        return await this.#serverCall("discovery", () => this.#discovery());
      case "/jwks":
        return await this.#serverCall("jwks", () => this.#jwks());
      case "/token":
        return await this.#serverCall("token", () => this.#token(asked));
      case "/userinfo":
        return await this.#serverCall("userinfo", () => this.#userinfo(asked));
      case "/authorize":
        return this.#authorize(asked);
      case "/end-session":
        return this.#endSession(asked);
      default:
        return new Response("There is nothing here.", { status: 404 });
    }
  }

  /** What may go wrong with each endpoint that a server calls. */
  async #serverCall(
    name: "discovery" | "jwks" | "token" | "userinfo",
    right: () => Promise<Response> | Response,
  ): Promise<Response> {
    const headers = { "content-type": "application/json" };
    if (this.faults.has(`${name}-redirects-inside`)) {
      return new Response(null, { status: 302, headers: { location: inside } });
    }
    if (this.faults.has(`slow-${name}`)) return new Response(endless(this.#ending.signal), { headers });
    const answer = await right();
    if (!this.faults.has(`huge-${name}`)) return answer;
    return new Response(padded(await answer.text(), 10_000_000), { status: answer.status, headers });
  }

  #discovery(): Response {
    const { issuer } = this;
    if (this.faults.has("discovery-not-json")) return page("<h1>Maintenance</h1>");
    if (this.faults.has("discovery-without-endpoints")) return Response.json({ issuer });
    const at = this.#endpointsAt();
    return Response.json({
      issuer: this.faults.has("discovery-wrong-issuer") ? "https://elsewhere.example" : issuer,
      authorization_endpoint: `${at.browser}/authorize`,
      token_endpoint: `${at.server}/token`,
      userinfo_endpoint: `${at.server}/userinfo`,
      jwks_uri: `${at.keys}/jwks`,
      end_session_endpoint: this.faults.has("discovery-without-logout")
        ? undefined
        : `${at.browser}/end-session`,
      response_types_supported: ["code"],
      response_modes_supported: ["query", "form_post"],
      grant_types_supported: ["authorization_code"],
      subject_types_supported: ["public"],
      id_token_signing_alg_values_supported: [this.keys.alg],
      token_endpoint_auth_methods_supported: this.authMethods,
      scopes_supported: ["openid", "profile", "email", "groups"],
      claims_supported: [
        "sub",
        "name",
        "email",
        "email_verified",
        "groups",
        "amr",
        "acr",
        "auth_time",
        "sid",
      ],
      code_challenge_methods_supported: this.faults.has("discovery-without-pkce") ? undefined : ["S256"],
      authorization_response_iss_parameter_supported: !this.faults.has("no-iss-parameter"),
      backchannel_logout_supported: true,
      backchannel_logout_session_supported: true,
    });
  }

  #endpointsAt() {
    const { issuer } = this;
    if (this.faults.has("discovery-endpoints-inside")) {
      return { browser: issuer, server: "https://169.254.169.254", keys: "https://192.168.0.1" };
    }
    const { protocol, host, pathname } = new URL(issuer);
    const plain = `http://${protocol === "https:" ? host : "login.example"}${pathname.replace(/\/$/, "")}`;
    const base = this.faults.has("discovery-http-endpoints") ? plain : issuer;
    return { browser: base, server: base, keys: base };
  }

  async #jwks(): Promise<Response> {
    return Response.json(await this.keys.published((fault) => this.faults.has(fault)));
  }

  #authorize({ query }: Asked): Response {
    const { client_id, redirect_uri, state, nonce, acr_values, code_challenge, response_mode } = query;
    if (client_id !== this.clientId || !redirect_uri) return page("<h1>Unknown client</h1>", 400);
    const back = (fields: Record<string, string | undefined>) => {
      const sent = present({ ...fields, state: this.#stateFor(state), iss: this.#issParameter() });
      return response_mode === "form_post"
        ? autoSubmitted(redirect_uri, sent)
        : redirected(redirect_uri, sent);
    };
    const missing = missingFrom(query);
    if (missing) return back({ error: "invalid_request", error_description: missing });
    if (this.faults.has("access-denied")) {
      const description = `<img src=x onerror="alert(1)"> Ask <a href="https://elsewhere.example">us</a>`;
      return back({ error: "access_denied", error_description: description });
    }
    if (this.faults.has("login-required")) return back({ error: "login_required" });
    if (this.faults.has("code-missing")) return back({});
    const code = crypto.randomUUID();
    this.#lastSid = crypto.randomUUID();
    const claims = present({
      auth_time: this.#seconds(),
      acr: acr_values?.split(" ")[0],
      sid: this.#lastSid,
      ...this.person,
    });
    if (typeof claims.sid === "string") this.#lastSid = claims.sid;
    const grant = {
      clientId: client_id,
      redirectUri: redirect_uri,
      challenge: code_challenge!,
      nonce,
      claims,
    };
    this.#grants.set(code, grant);
    return back({ code });
  }

  #stateFor(state: string | undefined): string | undefined {
    if (this.faults.has("missing-state")) return undefined;
    return this.faults.has("wrong-state") ? "state-of-another-sign-in" : state;
  }

  #issParameter(): string | undefined {
    const { faults } = this;
    if (faults.has("no-iss-parameter") || faults.has("missing-iss-parameter-though-promised")) {
      return undefined;
    }
    return faults.has("wrong-iss-parameter") ? "https://elsewhere.example" : this.issuer;
  }

  async #token({ form, headers }: Asked): Promise<Response> {
    if (this.faults.has("token-unavailable")) return page("<h1>503 Service Unavailable</h1>", 503);
    if (this.faults.has("token-html-200")) return page("<h1>Please accept our terms</h1>");
    if (this.faults.has("token-not-json")) {
      return new Response("access_token=1", { headers: { "content-type": "application/json" } });
    }
    if (this.faults.has("token-invalid-client") || !this.#isTheClient(form, headers.authorization)) {
      return refusal("invalid_client", 401, { "www-authenticate": 'Basic realm="token"' });
    }
    if (form.grant_type !== "authorization_code") return refusal("unsupported_grant_type");
    const grant = this.#grants.get(form.code ?? "");
    const isGood = grant !== undefined && grant.redirectUri === form.redirect_uri &&
      grant.challenge === sha256(form.code_verifier ?? "").toString("base64url");
    if (!isGood || this.faults.has("token-invalid-grant")) return refusal("invalid_grant");
    if (!this.faults.has("token-answer-twice")) this.#grants.delete(form.code!);

    const accessToken = crypto.randomUUID();
    this.#accessTokens.set(accessToken, grant.claims);
    return Response.json({
      access_token: this.faults.has("access-token-missing") ? undefined : accessToken,
      token_type: this.faults.has("token-type-wrong") ? "mac" : "Bearer",
      expires_in: 300,
      id_token: await this.#idToken(grant, accessToken),
    });
  }

  async #idToken({ nonce, claims }: Grant, accessToken: string): Promise<string | undefined> {
    if (this.faults.has("id-token-missing")) return undefined;
    if (this.faults.has("id-token-garbage")) return "eyJhbGciOi.this is no token.at all";
    if (this.faults.has("key-rotated")) await this.keys.rotate();
    const now = this.#seconds();
    const right = {
      iss: this.issuer,
      aud: this.clientId,
      iat: now,
      exp: now + 300,
      nonce,
      // OpenID Connect Core 1.0, 3.1.3.6: the left half of the hash that goes with the algorithm.
      at_hash: sha256(accessToken).subarray(0, 16).toString("base64url"),
      ...claims,
    };
    const flaw = signatureFlaws.find((flaw) => this.faults.has(flaw));
    return await this.keys.sign(
      this.#changed(this.#changed(right, idTokenChanges), groupChanges),
      "JWT",
      flaw,
    );
  }

  #userinfo({ headers, form }: Asked): Response {
    if (this.faults.has("userinfo-not-json")) return page("<h1>Please sign in</h1>");
    const token = /^Bearer (.+)$/i.exec(headers.authorization ?? "")?.[1] ?? form.access_token ?? "";
    const claims = this.#accessTokens.get(token);
    if (!claims || this.faults.has("userinfo-error")) {
      return refusal("invalid_token", 401, { "www-authenticate": 'Bearer error="invalid_token"' });
    }
    const told = Object.entries(claims).filter(([name]) => !ofTheSignIn.includes(name));
    const answer: Claims = this.#changed({ ...Object.fromEntries(told), ...this.userinfo }, groupChanges);
    if (this.faults.has("userinfo-sub-mismatch")) answer.sub = "somebody-else";
    if (this.faults.has("userinfo-sub-missing")) delete answer.sub;
    return Response.json(answer);
  }

  /** RP-Initiated Logout 1.0. It asks nobody and believes everything: what it was asked is in `requests`. */
  #endSession({ method, query, form }: Asked): Response {
    const { post_logout_redirect_uri, state } = method === "POST" ? form : query;
    if (!post_logout_redirect_uri) return page("<h1>You are signed out</h1>");
    const told = this.faults.has("logout-without-state")
      ? undefined
      : this.faults.has("logout-other-state")
      ? "state-of-another-logout"
      : state;
    return redirected(post_logout_redirect_uri, present({ state: told }));
  }

  /** RFC 6749, 2.3.1: in a header or in the form, not in both. */
  #isTheClient(form: Record<string, string>, authorization: string | undefined): boolean {
    const basic = /^Basic (.+)$/i.exec(authorization ?? "")?.[1];
    if (basic !== undefined && form.client_secret !== undefined) return false;
    if (!this.authMethods.includes(basic === undefined ? "client_secret_post" : "client_secret_basic")) {
      return false;
    }
    const [id, secret] = basic === undefined
      ? [form.client_id, form.client_secret]
      : Buffer.from(basic, "base64").toString().split(":").map(formDecoded);
    return id === this.clientId && timingSafeEqual(sha256(secret ?? ""), sha256(this.clientSecret));
  }

  #changed(claims: Claims, changes: typeof idTokenChanges): Claims {
    const { issuer, clientId } = this;
    const context = { now: this.#seconds(), issuer, clientId, claims };
    const changed = [...this.faults].map((fault) => changes[fault]?.(context));
    return present(Object.assign({}, claims, ...changed));
  }

  #seconds(): number {
    const skew = this.faults.has("clock-behind")
      ? -this.skew
      : this.faults.has("clock-ahead")
      ? this.skew
      : 0;
    return Math.floor(this.now() / 1_000) + skew;
  }
}

/** What an authorization request lacks, in words. */
function missingFrom(query: Record<string, string>): string | undefined {
  if (query.response_type !== "code") return "response_type must be code";
  if (!query.scope?.split(" ").includes("openid")) return "scope must hold openid";
  if (query.code_challenge_method !== "S256" || !query.code_challenge) return "PKCE with S256 is required";
}

function present<T>(members: Record<string, T>): Record<string, NonNullable<T>> {
  const entries = Object.entries(members).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Record<string, NonNullable<T>>;
}

const sha256 = (text: string) => createHash("sha256").update(text).digest();
const formDecoded = (text: string) => decodeURIComponent(text.replaceAll("+", " "));
