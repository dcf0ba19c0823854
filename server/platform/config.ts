import { z } from "zod";
import { nearest } from "./nearest.ts";

/**
 * The one page of settings. `main.ts` reads the environment once and hands the parsed result on; no other file looks
 * at it. A setting named `…_FILE` holds the path of a file whose content is the secret (ASVS 5.0 V13.3.1).
 */
const address = z.string().regex(/^[^\s:]+:\d{1,5}$/, { error: "must be HOST:PORT, such as 127.0.0.1:8080" })
  .transform((text) => {
    const at = text.lastIndexOf(":");
    return { hostname: text.slice(0, at), port: Number(text.slice(at + 1)) };
  });

const postgresUrl = z.url({
  protocol: /^postgres$/,
  error: "must be a URL such as postgres://role@host:5432/name",
});

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
  return protocol === "https:" || /^(127(\.\d+){3}|localhost|\[::1\])$/.test(hostname);
}

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
  }).transform((text) => text.replace(/\/+$/, "")),
  FLEETHOLD_LISTEN: address.default({ hostname: "127.0.0.1", port: 8080 }),
  FLEETHOLD_WORK_LISTEN: address.default({ hostname: "127.0.0.1", port: 8081 }),
  FLEETHOLD_WEB_DIR: z.string().default("web/dist"),
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
    const file = secrets.has(name) ? environment[`${name}_FILE`] : undefined;
    if (file !== undefined && value !== undefined) {
      faults.push(`${name} and ${name}_FILE are both set; keep the file`);
      continue;
    }
    if (file !== undefined) {
      try {
        value = readFile(file);
      } catch (error) {
        faults.push(
          `${name}_FILE: cannot read ${file} (${error instanceof Error ? error.name : "unknown error"})`,
        );
        continue;
      }
    }
    const parsed = settings[name].safeParse(value === "" ? undefined : value);
    if (parsed.success) Object.assign(config, { [name]: parsed.data });
    else if (value === undefined) faults.push(`${name} is missing`);
    else faults.push(...parsed.error.issues.map((issue) => `${name} ${issue.message}`));
  }
  if (faults.length > 0) throw new ConfigFault(faults);
  return config as Pick<Parsed, N>;
}

/** The settings of `work`, and of one-shots that act as the app. */
export const workSettings = [
  "FLEETHOLD_DATA_URL",
  "FLEETHOLD_DATA_PASSWORD",
  "FLEETHOLD_KEYS_URL",
  "FLEETHOLD_KEYS_PASSWORD",
  "FLEETHOLD_MASTER_KEY",
  "FLEETHOLD_SEARCH_KEY",
  "FLEETHOLD_PEPPER",
  "FLEETHOLD_PUBLIC_URL",
  "FLEETHOLD_WORK_LISTEN",
  "FLEETHOLD_LOG_LEVEL",
] as const;
/** The settings of `serve`. */
export const serveSettings = [
  ...workSettings,
  "FLEETHOLD_SETUP_TOKEN",
  "FLEETHOLD_LISTEN",
  "FLEETHOLD_WEB_DIR",
] as const;
/** What every slice may read. The set-up token is only there where somebody can be set up: in `serve`. */
export type Config = Pick<Parsed, (typeof workSettings)[number]> & { FLEETHOLD_SETUP_TOKEN?: string };

/** The settings of `migrate`: the two clusters as the migrator. */
export const migrateSettings = [
  "FLEETHOLD_DATA_URL",
  "FLEETHOLD_DATA_PASSWORD",
  "FLEETHOLD_KEYS_URL",
  "FLEETHOLD_KEYS_PASSWORD",
  "FLEETHOLD_LOG_LEVEL",
] as const;
