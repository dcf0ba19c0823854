import { z } from "zod";
import { nearest } from "./nearest.ts";
import { Email } from "./schema.ts";
import { ProviderFile } from "../access/sso/schema.ts";
import { SsoHosts } from "./sso_hosts.ts";

/**
 * The one page of settings. `main.ts` reads the environment once and hands the parsed result on; no other file looks
 * at it. A setting named `…_FILE` holds the path of a file whose content is the secret (ASVS 5.0 V13.3.1).
 */
const address = z.string().regex(/^[^\s:]+:\d{1,5}$/, { error: "must be HOST:PORT, such as 127.0.0.1:8080" })
  .transform((text) => {
    const at = text.lastIndexOf(":");
    return { hostname: text.slice(0, at), port: Number(text.slice(at + 1)) };
  });

/**
 * A cluster as libpq's URLs name one. Beyond this machine nothing but `sslmode=verify-full` will do: the certificate is
 * checked against the authority in `sslrootcert` and against the host's name (ASVS 5.0 V12.3.2).
 */
const postgresUrl = z.url({
  protocol: /^postgres$/,
  error: "must be a URL such as postgres://role@host:5432/name",
}).refine((text) => {
  const { hostname = "", searchParams } = URL.parse(text) ?? {};
  const mode = searchParams?.get("sslmode") ?? "disable";
  return mode === "verify-full"
    ? searchParams?.has("sslrootcert")
    : mode === "disable" && isLoopback(hostname);
}, {
  error:
    "must end with ?sslmode=verify-full&sslrootcert=PATH, the authority's certificate, unless the cluster is on 127.0.0.1",
});

const isLoopback = (hostname: string): boolean => /^(127(\.\d+){3}|localhost|\[::1\])$/.test(hostname);

/** 32 random bytes in base64, as first start writes them. */
const key256 = z.string().trim().transform((text, context) => {
  try {
    const bytes = Uint8Array.fromBase64(text);
    if (bytes.length === 32) return bytes;
  } catch { /* answered below */ }
  context.addIssue("must hold 32 bytes in base64");
  return z.NEVER;
});

const secret = z.string().trim().min(1, "must not be empty");

/** Passwords and sessions travel by TLS, or not beyond this machine. */
function isPrivate(url: string): boolean {
  const { protocol, hostname = "" } = URL.parse(url) ?? {};
  return protocol === "https:" || isLoopback(hostname);
}

const isMailAddress = (text: string) => Email.safeParse(text).success;
const mailAddress = z.string().trim().refine(isMailAddress, { error: "must be an e-mail address" });
const mailAddresses = z.string().transform((text) => text.split(",").map((one) => one.trim()))
  .refine((all) => all.length <= 20 && all.every(isMailAddress), {
    error: "must be an e-mail address, or up to 20 with commas between them",
  });

/** A webhook's address is often a secret in itself: it travels by TLS, or not beyond this machine. */
const webhookUrl = z.url({ protocol: /^https?$/, error: "must be a URL that begins with https://" })
  .refine(isPrivate, { error: "must begin with https:// unless it is on this machine" })
  .refine((text) => !/[@#]/.test(text.split("?")[0]!), {
    error:
      "must not hold a user, a password or a fragment; whoever is told knows us by FLEETHOLD_ALERT_SECRET",
  });

/** A list as JSON; see docs/single-sign-on.md. */
export const ssoProviders = z.string().transform((text, context) => {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    context.addIssue("must be a list of providers in JSON");
    return z.NEVER;
  }
}).pipe(ProviderFile);

const settings = {
  FLEETHOLD_DATA_URL: postgresUrl,
  FLEETHOLD_DATA_PASSWORD: secret,
  FLEETHOLD_KEYS_URL: postgresUrl,
  FLEETHOLD_KEYS_PASSWORD: secret,
  FLEETHOLD_MASTER_KEY: key256,
  FLEETHOLD_SEARCH_KEY: key256,
  FLEETHOLD_PEPPER: key256,
  FLEETHOLD_SETUP_TOKEN: secret,
  FLEETHOLD_PUBLIC_URL: z.url({ protocol: /^https?$/ }).refine(isPrivate, {
    error: "must begin with https:// unless it is this machine's own, such as http://127.0.0.1:8080",
  }).transform((text) => new URL(text).href.replace(/\/+$/, "")),
  FLEETHOLD_PROXY_TOKEN: secret.optional(),
  /** Path of a PEM file with the certificate's chain and its key, replaced as a whole when it is renewed. */
  FLEETHOLD_TLS_PEM: z.string().optional(),
  FLEETHOLD_DRAIN_SECONDS: z.coerce.number().min(0).max(60).default(0),
  FLEETHOLD_LISTEN: address.default({ hostname: "127.0.0.1", port: 8080 }),
  FLEETHOLD_PROBE_LISTEN: address.optional(),
  FLEETHOLD_WEB_DIR: z.string().default("web/dist"),
  /** The mail server by which people are told of what went wrong, and of changes to their own accounts. */
  FLEETHOLD_SMTP: address.optional(),
  FLEETHOLD_SMTP_TLS: z.enum(["starttls", "tls", "none"]).optional(),
  FLEETHOLD_SMTP_USER: z.string().trim().min(1).optional(),
  FLEETHOLD_SMTP_PASSWORD: secret.optional(),
  /** Path of a PEM file with the authority of a mail server that no public one certified. */
  FLEETHOLD_SMTP_AUTHORITY: z.string().optional(),
  FLEETHOLD_MAIL_FROM: mailAddress.optional(),
  FLEETHOLD_ALERT_MAIL: mailAddresses.optional(),
  FLEETHOLD_ALERT_WEBHOOK: webhookUrl.optional(),
  FLEETHOLD_ALERT_SECRET: secret.min(16, "must have 16 characters at least").optional(),
  /** Where the service `outbound` is asked, and the token by which it knows that it is us. */
  FLEETHOLD_OUTBOUND_URL: z.url({
    protocol: /^https?$/,
    error: "must be a URL such as https://outbound:8443",
  })
    .refine(isPrivate, { error: "must begin with https:// unless it is on this machine" }).optional(),
  FLEETHOLD_OUTBOUND_TOKEN: secret.optional(),
  /** The identity providers that may be asked; without it any on the internet, and none inside. */
  FLEETHOLD_SSO_HOSTS: SsoHosts.optional(),
  /** The identity providers that whoever runs the installation set up, with their client secrets. */
  FLEETHOLD_SSO_PROVIDERS: ssoProviders.optional(),
  FLEETHOLD_LOG_LEVEL: z.enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"]).default("info"),
};
type Name = keyof typeof settings;
type Parsed = { [N in Name]: z.output<(typeof settings)[N]> };

const secrets = new Set<Name>([
  "FLEETHOLD_DATA_PASSWORD",
  "FLEETHOLD_KEYS_PASSWORD",
  "FLEETHOLD_MASTER_KEY",
  "FLEETHOLD_SEARCH_KEY",
  "FLEETHOLD_PEPPER",
  "FLEETHOLD_SETUP_TOKEN",
  "FLEETHOLD_PROXY_TOKEN",
  "FLEETHOLD_SMTP_PASSWORD",
  "FLEETHOLD_ALERT_SECRET",
  "FLEETHOLD_OUTBOUND_TOKEN",
  "FLEETHOLD_SSO_PROVIDERS",
]);
/** Secrets that the operator may bring along: an absent or empty file is no secret, and `faultsBetween` has a word for it. */
const brought = new Set<Name>([
  "FLEETHOLD_SMTP_PASSWORD",
  "FLEETHOLD_ALERT_SECRET",
  "FLEETHOLD_SSO_PROVIDERS",
]);

/** Every fault of a configuration at once, each a sentence that names the variable. */
export class ConfigFault extends Error {
  constructor(readonly faults: string[]) {
    super(
      `The configuration has ${faults.length === 1 ? "a fault" : `${faults.length} faults`}:\n  ${
        faults.join("\n  ")
      }`,
    );
    this.name = "ConfigFault";
  }
}

/**
 * Reads the settings named in `wanted` from an environment.
 *
 * @param environment  variable → value, as `Deno.env.toObject()` gives it
 * @param readFile     reads the text of a secret's file
 * @throws ConfigFault naming all faults together, unknown `FLEETHOLD_*` names among them
 */
export function readConfig<N extends Name>(
  wanted: readonly N[],
  environment: Record<string, string>,
  readFile: (path: string) => string,
): Pick<Parsed, N> {
  const faults: string[] = [];
  const config: Partial<Parsed> = {};
  const known = new Set(
    Object.keys(settings).flatMap((name) => secrets.has(name as Name) ? [name, `${name}_FILE`] : [name]),
  );
  for (const name of Object.keys(environment)) {
    if (!name.startsWith("FLEETHOLD_") || known.has(name)) continue;
    faults.push(`${name} is not a setting; did you mean ${nearest(name, known)}?`);
  }
  for (const name of wanted) {
    let value: string | undefined = environment[name];
    const file = secrets.has(name) ? environment[`${name}_FILE`] || undefined : undefined;
    if (file !== undefined && value !== undefined) {
      faults.push(`${name} and ${name}_FILE are both set; keep the file`);
      continue;
    }
    if (file !== undefined) {
      try {
        value = readFile(file);
        if (brought.has(name)) value = value.trim();
      } catch (error) {
        if (brought.has(name) && error instanceof Deno.errors.NotFound) continue;
        faults.push(
          `${name}_FILE: cannot read ${file} (${error instanceof Error ? error.name : "unknown error"})`,
        );
        continue;
      }
    }
    const parsed = settings[name].safeParse(value === "" ? undefined : value);
    if (parsed.success) Object.assign(config, { [name]: parsed.data });
    else if (value === undefined) faults.push(`${name} is missing`);
    else {
      faults.push(
        ...parsed.error.issues.map(({ path, message }) =>
          path.length > 0 ? `${name}: ${path.join(".")} ${message}` : `${name} ${message}`
        ),
      );
    }
  }
  if (faults.length === 0) faults.push(...faultsBetween(config, wanted));
  if (faults.length > 0) throw new ConfigFault(faults);
  return config as Pick<Parsed, N>;
}

/** What is of no use without another one, and why. */
const belongTogether: [Name, Name, string][] = [
  ["FLEETHOLD_ALERT_MAIL", "FLEETHOLD_SMTP", "the mail server, HOST:PORT"],
  ["FLEETHOLD_ALERT_MAIL", "FLEETHOLD_MAIL_FROM", "the address that the mail comes from"],
  ["FLEETHOLD_SMTP", "FLEETHOLD_MAIL_FROM", "the address that the mail comes from"],
  ["FLEETHOLD_MAIL_FROM", "FLEETHOLD_SMTP", "the mail server, HOST:PORT"],
  ["FLEETHOLD_SMTP_TLS", "FLEETHOLD_SMTP", "the mail server, HOST:PORT"],
  ["FLEETHOLD_SMTP_AUTHORITY", "FLEETHOLD_SMTP", "the mail server, HOST:PORT"],
  ["FLEETHOLD_SMTP_USER", "FLEETHOLD_SMTP", "the mail server, HOST:PORT"],
  ["FLEETHOLD_SMTP_USER", "FLEETHOLD_SMTP_PASSWORD", "the password of that user"],
  ["FLEETHOLD_SMTP_PASSWORD", "FLEETHOLD_SMTP_USER", "the user whose password it is"],
  ["FLEETHOLD_ALERT_WEBHOOK", "FLEETHOLD_ALERT_SECRET", "the secret that messages are signed with"],
  ["FLEETHOLD_ALERT_SECRET", "FLEETHOLD_ALERT_WEBHOOK", "the address that is told"],
  ["FLEETHOLD_OUTBOUND_URL", "FLEETHOLD_OUTBOUND_TOKEN", "the token it is asked with"],
  ["FLEETHOLD_OUTBOUND_TOKEN", "FLEETHOLD_OUTBOUND_URL", "where it is asked"],
];

function faultsBetween(config: Partial<Parsed>, wanted: readonly Name[]): string[] {
  // Whoever is asked by a token does not ask itself: it has no use for the other one.
  const faults = belongTogether.filter(([name, other]) =>
    config[name] !== undefined && config[other] === undefined && wanted.includes(other)
  ).map(([name, other, what]) => `${name} is set, and ${other} is not: ${what}`);
  const { FLEETHOLD_SMTP: server, FLEETHOLD_SMTP_TLS: tls } = config;
  if (server && tls === "none" && !isLoopback(server.hostname)) {
    faults.push(
      "FLEETHOLD_SMTP_TLS is none, which is for a mail server on this machine; set starttls or tls",
    );
  }
  return faults;
}

/** The settings of whoever acts as the app. */
export const appSettings = [
  "FLEETHOLD_DATA_URL",
  "FLEETHOLD_DATA_PASSWORD",
  "FLEETHOLD_KEYS_URL",
  "FLEETHOLD_KEYS_PASSWORD",
  "FLEETHOLD_MASTER_KEY",
  "FLEETHOLD_SEARCH_KEY",
  "FLEETHOLD_PEPPER",
  "FLEETHOLD_PUBLIC_URL",
  "FLEETHOLD_PROBE_LISTEN",
  "FLEETHOLD_LOG_LEVEL",
] as const;
/** By what people are told of what went wrong. */
const tellingSettings = [
  "FLEETHOLD_SMTP",
  "FLEETHOLD_SMTP_TLS",
  "FLEETHOLD_SMTP_USER",
  "FLEETHOLD_SMTP_PASSWORD",
  "FLEETHOLD_SMTP_AUTHORITY",
  "FLEETHOLD_MAIL_FROM",
  "FLEETHOLD_ALERT_MAIL",
  "FLEETHOLD_ALERT_WEBHOOK",
  "FLEETHOLD_ALERT_SECRET",
] as const;
/** The settings of `work`. */
export const workSettings = [...appSettings, ...tellingSettings] as const;
/** The settings of `serve`. */
export const serveSettings = [
  ...appSettings,
  "FLEETHOLD_SETUP_TOKEN",
  "FLEETHOLD_PROXY_TOKEN",
  "FLEETHOLD_TLS_PEM",
  "FLEETHOLD_DRAIN_SECONDS",
  "FLEETHOLD_LISTEN",
  "FLEETHOLD_WEB_DIR",
  "FLEETHOLD_OUTBOUND_URL",
  "FLEETHOLD_OUTBOUND_TOKEN",
  "FLEETHOLD_SSO_PROVIDERS",
] as const;
/** The settings of `outbound`, which knows neither cluster nor any key. */
export const outboundSettings = [
  "FLEETHOLD_OUTBOUND_TOKEN",
  "FLEETHOLD_SSO_HOSTS",
  "FLEETHOLD_TLS_PEM",
  "FLEETHOLD_LISTEN",
  "FLEETHOLD_PROBE_LISTEN",
  "FLEETHOLD_LOG_LEVEL",
] as const;
/** What every slice may read. The two tokens are only there where requests come in, in `serve`; how to tell, in `work`. */
export type Config =
  & Pick<Parsed, (typeof appSettings)[number]>
  & Partial<Pick<Parsed, (typeof tellingSettings)[number]>>
  & { FLEETHOLD_SETUP_TOKEN?: string; FLEETHOLD_PROXY_TOKEN?: string | undefined };

/** The settings of `migrate`: the two clusters as the migrator. */
export const migrateSettings = [
  "FLEETHOLD_DATA_URL",
  "FLEETHOLD_DATA_PASSWORD",
  "FLEETHOLD_KEYS_URL",
  "FLEETHOLD_KEYS_PASSWORD",
  "FLEETHOLD_LOG_LEVEL",
] as const;
