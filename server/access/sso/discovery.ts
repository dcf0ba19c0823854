import {
  allowInsecureRequests,
  type ClientAuth,
  ClientSecretBasic,
  ClientSecretPost,
  clockTolerance,
  Configuration,
  customFetch,
  discovery,
  enableNonRepudiationChecks,
  None,
  type ServerMetadata,
} from "openid-client";
import type { Outside } from "../../platform/outside.ts";
import type { Services } from "../../platform/services.ts";
import { type ProviderRow, secretOf } from "./provider.ts";
import { refusalOf, SsoRefused } from "./refusal.ts";

/** Clocks may differ by so much (ASVS 5.0 V9.2.1). */
export const LEEWAY_SECONDS = 60;
const TIMEOUT_SECONDS = 15;

/** Signatures by a private key only: with a shared secret, whoever can check could also make them. */
export const algorithms = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
];

/** A provider that was reached. */
export interface Reached {
  configuration: Configuration;
  metadata: Readonly<ServerMetadata>;
  /** How it was asked, and answered, so far. */
  asking: Asking;
}

/**
 * Asks a provider what it is (OpenID Connect Discovery 1.0), each time: signing in is rare, and so a key that was replaced
 * a moment ago is known, and a provider that is away is told before anybody is sent there.
 *
 * @throws SsoRefused
 */
export async function reach(services: Services, provider: ProviderRow): Promise<Reached> {
  const asking = new Asking(services.outside);
  const metadata = await discover(provider, asking);
  const configuration = new Configuration(
    metadata,
    provider.clientId,
    { [clockTolerance]: LEEWAY_SECONDS },
    authentication(metadata, secretOf(services.config, provider)),
  );
  configuration[customFetch] = asking.fetch;
  configuration.timeout = TIMEOUT_SECONDS;
  // TLS tells who answers, unless something in between speaks in its place: so signatures are checked all the same.
  enableNonRepudiationChecks(configuration);
  if (isHere(provider.issuer)) allowInsecureRequests(configuration);
  return { configuration, metadata, asking };
}

async function discover(provider: ProviderRow, asking: Asking): Promise<ServerMetadata> {
  let metadata: Readonly<ServerMetadata>;
  try {
    const found = await discovery(new URL(provider.issuer), provider.clientId, undefined, None(), {
      [customFetch]: asking.fetch,
      timeout: TIMEOUT_SECONDS,
      ...(isHere(provider.issuer) && { execute: [allowInsecureRequests] }),
    });
    metadata = found.serverMetadata();
  } catch (error) {
    const { message = "" } = error instanceof Error ? error : {};
    if (/issuer does not match|"issuer" property/.test(message)) throw new SsoRefused("discovery-issuer");
    throw refusalOf(error, "discovery");
  }
  if (metadata.issuer !== provider.issuer && `${metadata.issuer}/` !== `${provider.issuer}/`) {
    // The library bends for Entra's shared endpoints; whom we let in is one tenant's people.
    if (trimmed(metadata.issuer) !== trimmed(provider.issuer)) throw new SsoRefused("discovery-issuer");
  }
  for (const endpoint of ["authorization_endpoint", "token_endpoint", "jwks_uri"] as const) {
    const url = URL.parse(metadata[endpoint] ?? "");
    if (!url) throw new SsoRefused("endpoints", { missing: endpoint });
    if (url.protocol !== "https:" && !isHere(url.href)) throw new SsoRefused("not-https", { host: url.host });
  }
  return { ...metadata };
}

const trimmed = (issuer: string) => issuer.replace(/\/+$/, "");

/** How the provider wants to know us by our secret (OpenID Connect Core 1.0, 9). */
function authentication(
  { token_endpoint_auth_methods_supported: methods }: ServerMetadata,
  secret: string | null,
): ClientAuth {
  if (secret === null) return None();
  const isPost = methods?.includes("client_secret_post") && !methods.includes("client_secret_basic");
  return isPost ? ClientSecretPost(secret) : ClientSecretBasic(secret);
}

/** For trials on one machine: nobody is between here and there. */
const isHere = (address: string): boolean =>
  /^(127(\.\d+){3}|localhost|\[::1\])$/.test(URL.parse(address)?.hostname ?? "");

/** Asks through whoever has a way out, and compares clocks by what is answered. */
class Asking {
  /** How far the provider's clock is ahead of ours; null where it does not say what time it is. */
  skewSeconds: number | null = null;
  /** Which address was asked last. */
  last: string | null = null;

  constructor(private readonly outside: Outside) {}

  readonly fetch = async (
    url: string,
    { method, headers, body }: { method: string; headers: Record<string, string>; body?: unknown },
  ): Promise<Response> => {
    const text = body === undefined || body === null
      ? undefined
      : body instanceof Uint8Array
      ? new TextDecoder().decode(body)
      : String(body);
    this.last = url;
    const answer = await this.outside({
      url,
      method: method === "POST" ? "POST" : "GET",
      headers,
      ...(text !== undefined && { body: text }),
    });
    const told = Date.parse(answer.headers.date ?? "");
    // Dates are whole seconds, rounded down.
    if (!Number.isNaN(told)) this.skewSeconds = Math.round((told + 500 - Date.now()) / 1000);
    const isEmpty = [204, 205, 304].includes(answer.status);
    const status = answer.status < 200 ? 502 : answer.status;
    return new Response(isEmpty ? null : answer.body, { status, headers: answer.headers });
  };
}
