import { createLocalJWKSet } from "jose";
import type { Services } from "../../platform/services.ts";
import { algorithms, LEEWAY_SECONDS, reach, type Reached } from "./discovery.ts";
import type { ProviderRow } from "./provider.ts";
import { type Reason, refusalOf, SsoRefused } from "./refusal.ts";
import type { Check, ProviderReport } from "./schema.ts";

/** A difference of clocks that does no harm yet, and will. */
const WORRYING_SECONDS = 10;

const passed = (check: string, facts: Check["facts"] = {}): Check => ({
  check,
  outcome: "passed",
  reason: null,
  facts,
});
const failed = (check: string, reason: Reason | string, facts: Check["facts"] = {}): Check => ({
  check,
  outcome: "failed",
  reason,
  facts,
});
const warned = (check: string, reason: string, facts: Check["facts"] = {}): Check => ({
  check,
  outcome: "warned",
  reason,
  facts,
});

/** Looks at what can be known of a provider without anybody signing in. */
export async function checkProvider(services: Services, provider: ProviderRow): Promise<ProviderReport> {
  let reached: Reached;
  try {
    reached = await reach(services, provider);
  } catch (error) {
    const { reason, facts } = refusalOf(error, "discovery");
    return { passed: false, checks: [failed("discovery", reason, facts)] };
  }
  const { metadata } = reached;
  const checks = [
    passed("discovery", { issuer: metadata.issuer }),
    clockCheck(reached.asking.skewSeconds),
    pkceCheck(metadata.code_challenge_methods_supported),
    algorithmCheck(metadata.id_token_signing_alg_values_supported),
    await keysCheck(services, metadata.jwks_uri!),
    responseModeCheck(provider, metadata.response_modes_supported),
    scopesCheck(provider, metadata.scopes_supported),
    metadata.end_session_endpoint ? passed("sign-out") : warned("sign-out", "no-sign-out"),
    metadata.backchannel_logout_supported === true
      ? passed("back-channel-logout")
      : warned("back-channel-logout", "no-back-channel-logout"),
  ];
  return { passed: checks.every(({ outcome }) => outcome !== "failed"), checks };
}

/** How far the provider's clock is ahead of ours, by the Date of its answer. */
export function clockCheck(skewSeconds: number | null): Check {
  if (skewSeconds === null) return warned("clock", "no-date");
  const facts = { providerAheadSeconds: String(skewSeconds) };
  if (Math.abs(skewSeconds) > LEEWAY_SECONDS) return failed("clock", "clock", facts);
  return Math.abs(skewSeconds) > WORRYING_SECONDS ? warned("clock", "clock", facts) : passed("clock", facts);
}

/** Providers that do not say so mostly take it all the same: AD FS does, and so does Entra ID. */
const pkceCheck = (methods: readonly string[] | undefined) =>
  methods?.includes("S256") ? passed("pkce") : warned("pkce", methods ? "no-pkce" : "pkce-unknown");

function algorithmCheck(offered: readonly string[] | undefined): Check {
  const facts = { offered: (offered ?? ["RS256"]).slice(0, 20).join(", ") };
  return (offered ?? ["RS256"]).some((alg) => algorithms.includes(alg))
    ? passed("algorithm", facts)
    : failed("algorithm", "algorithm", facts);
}

async function keysCheck(services: Services, url: string): Promise<Check> {
  try {
    const answer = await services.outside({ url, method: "GET", headers: { accept: "application/json" } });
    if (answer.status !== 200) throw new SsoRefused("key-unknown", { status: String(answer.status) });
    const keys = JSON.parse(answer.body) as { keys: { kty?: string; use?: string; d?: unknown }[] };
    createLocalJWKSet(keys as Parameters<typeof createLocalJWKSet>[0]);
    const signing = keys.keys.filter(({ kty, use, d }) =>
      ["RSA", "EC", "OKP"].includes(kty ?? "") && (use ?? "sig") === "sig" && d === undefined
    );
    if (signing.length === 0) throw new SsoRefused("key-unknown");
    return passed("keys", { keys: String(signing.length) });
  } catch (error) {
    if (error instanceof SyntaxError || (error instanceof Error && error.name.startsWith("JWKS"))) {
      return failed("keys", "key-unknown", { answer: "is not a set of keys" });
    }
    const { reason, facts } = refusalOf(error, "key-unknown");
    return failed("keys", reason, facts);
  }
}

function responseModeCheck({ settings }: ProviderRow, offered: readonly string[] | undefined): Check {
  const facts = { mode: settings.responseMode };
  return !offered || offered.includes(settings.responseMode)
    ? passed("response-mode", facts)
    : failed("response-mode", "response-mode", facts);
}

function scopesCheck({ settings }: ProviderRow, offered: readonly string[] | undefined): Check {
  const missing = offered ? settings.scopes.filter((scope) => !offered.includes(scope)) : [];
  return missing.length === 0
    ? passed("scopes", { scopes: settings.scopes.join(" ") })
    : warned("scopes", "scopes", { missing: missing.join(" ") });
}
