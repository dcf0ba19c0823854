import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { exportJWK, generateKeyPair } from "jose";
import { escaped } from "./provider_answers.ts";

/** An application that may sign people in. */
export interface IdentityClient {
  clientId: string;
  clientSecret: string;
  redirectUris: string[];
  postLogoutRedirectUris?: string[];
  backChannelLogoutUri?: string;
}

/** Somebody with an account at the provider. */
export interface IdentityPerson {
  account: string;
  password: string;
  /** Released by scope: `name` (profile), `email` and `email_verified` (email), `groups` (groups). */
  claims: { sub?: string; name?: string; email?: string; email_verified?: boolean; groups?: string[] };
  /** How a sign-in proves who they are: a password and a second factor, if it is not said. */
  amr?: string[];
  /** The authentication class they reach: whichever was asked for, if it is not said. */
  acr?: string;
}

interface Options {
  clients: IdentityClient[];
  people: IdentityPerson[];
  /** What the address says; a host other than ours makes its answers cross-site. */
  host?: string;
  /** This machine's address at which it listens; only itself is let in, if it is not said. */
  listenAt?: string;
  /** A free one, if it is not said. */
  port?: number;
  /** Serves TLS with these. */
  tls?: { certPem: string; keyPem: string };
  /** Authority whose certificates it trusts when it tells of a sign-out. */
  authorityPem?: string;
  /** Leaves everything but `sub` out of the ID token, as OpenID Connect Core 5.4 has it. */
  isLean?: boolean;
}

/** A sign-in of somebody at one application, which is told when it ends. */
interface SignIn {
  subject: string;
  clientId: string;
  session: string;
}

// deno-lint-ignore no-explicit-any -- the library comes without types
type Untyped = any;
type Listener = (request: IncomingMessage, response: ServerResponse) => void;

/**
 * `oidc-provider`, a certified OpenID provider, with a page to sign in at: `Account`, `Password`, `Sign in`, `Cancel`.
 * Nobody is asked for consent. PKCE is required; `prompt`, `max_age` and `acr_values` are honoured.
 */
export class IdentityProvider {
  /** What went wrong inside it, such as an address of ours that did not take a logout token. */
  readonly troubles: Error[] = [];
  /** By `sid`: the same when somebody comes again without signing in. */
  readonly #signIns = new Map<string, SignIn>();

  private constructor(
    readonly issuer: string,
    /** A test may change their claims, and add or remove people. */
    readonly people: IdentityPerson[],
    private readonly server: Server,
    private readonly provider: Untyped,
  ) {
    provider.on("authorization.success", ({ oidc: { session, client } }: Untyped) => {
      const { accountId: subject, uid } = session;
      const { clientId } = client;
      this.#signIns.set(session.sidFor(clientId), { subject, clientId, session: uid });
    });
    for (const event of ["authorization.error", "backchannel.error", "server_error"]) {
      provider.on(event, (_: Untyped, error: Error) => this.troubles.push(error));
    }
  }

  static async start(options: Options): Promise<IdentityProvider> {
    const { tls, host = "localhost", listenAt = "127.0.0.1", port = 0, people } = options;
    const server = tls ? createTlsServer({ cert: tls.certPem, key: tls.keyPem }) : createServer();
    await new Promise<void>((resolve) => void server.listen(port, listenAt, resolve));
    const issuer = `${tls ? "https" : "http"}://${host}:${(server.address() as AddressInfo).port}`;
    const provider = await providerFor(issuer, options);
    const identity = new IdentityProvider(issuer, people, server, provider);
    const library: Listener = provider.callback();
    server.on("request", (request, response) => {
      if (!request.url?.startsWith("/interaction/")) return library(request, response);
      identity.#interact(request, response).catch((error) => {
        identity.troubles.push(error);
        response.writeHead(500).end(`${error}`);
      });
    });
    return identity;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise<void>((resolve) => void this.server.close(() => resolve()));
  }

  /** Ends every session of somebody, as an administrator of the provider would, and tells the applications. */
  async signOut(account: string): Promise<void> {
    const subject = subjectOf(this.people.find((person) => person.account === account)!);
    const ended = [...this.#signIns].filter(([, signIn]) => signIn.subject === subject);
    const sessions = new Map<string, Untyped>();
    for (const [sid, { session, clientId }] of ended) {
      this.#signIns.delete(sid);
      const stored = await this.provider.Session.findByUid(session);
      // Somebody who signed out by themselves was told of then.
      if (!stored) continue;
      sessions.set(session, stored);
      const client = await this.provider.Client.find(clientId);
      if (client.backchannelLogoutUri) await client.backchannelLogout(subject, sid);
    }
    for (const stored of sessions.values()) await stored.destroy();
  }

  /** The page to sign in at, and what becomes of what is typed there. */
  async #interact(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { params } = await this.provider.interactionDetails(request, response);
    const show = (message: string, status: number) =>
      void response.writeHead(status, {
        "content-type": "text/html; charset=utf-8",
        "cache-control": "no-store",
      })
        .end(signInPage(message, params.login_hint ?? ""));
    if (request.method !== "POST") return show("", 200);
    const form = new URLSearchParams(await text(request));
    const finish = (result: object) =>
      this.provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
    if (form.has("cancel")) {
      return await finish({ error: "access_denied", error_description: "The person did not sign in" });
    }
    const person = this.people.find(({ account, password }) =>
      account === form.get("account") && password === form.get("password")
    );
    if (!person) return show("There is no such account, or the password is wrong.", 401);
    const { amr = ["pwd", "otp"], acr = params.acr_values?.split(" ")[0] } = person;
    await finish({ login: { accountId: subjectOf(person), amr, acr } });
  }
}

const subjectOf = ({ account, claims }: IdentityPerson) => claims.sub ?? account;

async function providerFor(issuer: string, options: Options): Promise<Untyped> {
  hush();
  const { interactionPolicy, Provider } = await import("oidc-provider");
  const { privateKey } = await generateKeyPair("RS256", { extractable: true });
  const policy = interactionPolicy.base();
  policy.get("login")!.checks.add(
    new interactionPolicy.Check("acr_values", "a stronger sign-in is asked for", ({ oidc }: Untyped) => {
      const { acr_values } = oidc.params;
      return acr_values !== undefined && oidc.result?.login === undefined &&
        !acr_values.split(" ").includes(oidc.acr);
    }),
  );
  const authority = options.authorityPem && Deno.createHttpClient({ caCerts: [options.authorityPem] });
  return new Provider(issuer, {
    clients: options.clients.map((client) => ({
      client_id: client.clientId,
      client_secret: client.clientSecret,
      redirect_uris: client.redirectUris,
      post_logout_redirect_uris: client.postLogoutRedirectUris ?? [],
      backchannel_logout_uri: client.backChannelLogoutUri,
      backchannel_logout_session_required: client.backChannelLogoutUri !== undefined,
      grant_types: ["authorization_code"],
      response_types: ["code"],
    })),
    clientAuthMethods: ["client_secret_basic", "client_secret_post"],
    jwks: { keys: [{ ...await exportJWK(privateKey), kid: "signing", use: "sig", alg: "RS256" }] },
    cookies: { keys: [crypto.randomUUID()] },
    acrValues: ["mfa", "urn:mace:incommon:iap:silver"],
    claims: {
      openid: ["sub", "sid", "auth_time", "acr", "amr"],
      profile: ["name"],
      email: ["email", "email_verified"],
      groups: ["groups"],
    },
    conformIdTokenClaims: options.isLean ?? false,
    responseTypes: ["code"],
    pkce: { required: () => true },
    features: {
      devInteractions: { enabled: false },
      backchannelLogout: { enabled: true },
      rpInitiatedLogout: { enabled: true, logoutSource: signOutPage, postLogoutSuccessSource: signedOutPage },
    },
    interactions: { policy, url: (_: Untyped, { uid }: { uid: string }) => `/interaction/${uid}` },
    findAccount: (_: Untyped, subject: string) => {
      const person = options.people.find((person) => subjectOf(person) === subject);
      return person && { accountId: subject, claims: () => ({ ...person.claims, sub: subject }) };
    },
    loadExistingGrant: granted,
    renderError: (context: Untyped, { error, error_description }: Record<string, string>) => {
      context.type = "html";
      context.body = page(`<h1>${escaped(error!)}</h1><p>${escaped(error_description ?? "")}</p>`);
    },
    fetch: (url: string, init: RequestInit) => fetch(url, { ...init, ...authority && { client: authority } }),
    ttl: {
      AccessToken: 600,
      AuthorizationCode: 60,
      Grant: 3_600,
      IdToken: 600,
      Interaction: 600,
      Session: 3_600,
    },
  });
}

/** Grants each application what it asks for, so that nobody is asked. */
async function granted({ oidc }: Untyped) {
  const { client, session, params, provider, result } = oidc;
  const id = result?.consent?.grantId ?? session.grantIdFor(client.clientId);
  const grant = id ? await provider.Grant.find(id) : undefined;
  const grantOf = grant ?? new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
  grantOf.addOIDCScope(params.scope);
  await grantOf.save();
  return grantOf;
}

function signInPage(message: string, account: string): string {
  return page(`
    <h1>Sign in</h1>
    <p role="alert">${message}</p>
    <form method="post">
      <p><label>Account <input name="account" value="${escaped(account)}" autocomplete="off"></label></p>
      <p><label>Password <input name="password" type="password" autocomplete="off"></label></p>
      <button>Sign in</button> <button name="cancel" value="yes">Cancel</button>
    </form>`);
}

/** Confirms by itself: RP-Initiated Logout 1.0 has the provider ask, and a test would only say yes. */
function signOutPage(context: Untyped, form: string): void {
  context.type = "html";
  context.body = page(`<h1>Sign out</h1>${form}
    <button form="op.logoutForm" name="logout" value="yes">Sign out</button>
    <script>document.querySelector("button").click()</script>`);
}

function signedOutPage(context: Untyped): void {
  context.type = "html";
  context.body = page("<h1>You are signed out</h1>");
}

const page = (body: string) =>
  `<!doctype html><html lang="en"><title>Identity provider</title><body>${body}</body></html>`;

let isHushed = false;

/** The library warns of what would be wrong in production, and of Deno: that is noise among tests. */
function hush(): void {
  if (isHushed) return;
  isHushed = true;
  const { console } = globalThis;
  for (const level of ["warn", "info"] as const) {
    const say = console[level].bind(console);
    console[level] = (...words: unknown[]) => `${words[0]}`.startsWith("oidc-provider ") || say(...words);
  }
}
