import { z } from "zod";
import { nearest } from "../../server/platform/nearest.ts";
import { TimeZone } from "../../server/platform/schema.ts";
import { parseHours } from "./hours.ts";
import { parseTarget } from "./target.ts";

/** What the offsite sidecar is told by its environment, read once. */

// ssh and restic take these as parts of longer options.
const path = z.string().regex(/^\/[^\s"',]*$/, {
  error: "must be an absolute path without spaces, quotes and commas",
});

const target = z.string().trim().transform((text, context) => {
  const parsed = parseTarget(text);
  if (typeof parsed !== "string") return parsed;
  context.addIssue(parsed);
  return z.NEVER;
});

const settings = {
  FLEETHOLD_OFFSITE: target,
  /** Where the copies of the keys go instead, with credentials that may delete there. */
  FLEETHOLD_OFFSITE_KEYS: target.optional(),
  /** Seconds between two passes. */
  FLEETHOLD_OFFSITE_EVERY: z.string().regex(/^\d+[smh]$/, {
    error: "must be a number with s, m or h, such as 5m",
  })
    .transform((text) =>
      Number(text.slice(0, -1)) * { s: 1, m: 60, h: 3_600 }[text.at(-1) as "s" | "m" | "h"]
    )
    .pipe(z.number().min(10, { error: "must be 10s or more" }).max(86_400, { error: "must be 24h or less" }))
    .default(300),
  /** Kilobytes of 1,024 bytes a second; unset: as fast as it goes. */
  FLEETHOLD_OFFSITE_RATE: z.coerce.number({ error: "must be a number of kB/s" }).int().min(16, {
    error: "must be 16 kB/s or more",
  }).optional(),
  FLEETHOLD_OFFSITE_HOURS: z.string().trim().transform((text, context) => {
    const hours = parseHours(text);
    if (hours) return hours;
    context.addIssue("must be two hours of the day such as 20-6");
    return z.NEVER;
  }).optional(),
  FLEETHOLD_OFFSITE_TIME_ZONE: TimeZone.default("UTC"),
  /** The file with the key that everything offsite is encrypted under. */
  FLEETHOLD_OFFSITE_KEY_FILE: path,
  /** A folder with ssh_key and known_hosts, s3_access_key and s3_secret_key, or rest_user and rest_password. */
  FLEETHOLD_OFFSITE_CREDENTIALS: path.optional(),
  /** The same for FLEETHOLD_OFFSITE_KEYS. */
  FLEETHOLD_OFFSITE_KEYS_CREDENTIALS: path.optional(),
  /** PEM file of the authorities whose certificates are trusted besides the public ones. */
  FLEETHOLD_OFFSITE_CACERT: path.optional(),
  /** Where the target `folder` is mounted. */
  FLEETHOLD_OFFSITE_FOLDER: path.default("/offsite"),
  /** Holds snapshot/, snapshot.lock and the backup service's notes; only read. */
  FLEETHOLD_OFFSITE_SNAPSHOT: path,
  FLEETHOLD_OFFSITE_STATUS: path,
  FLEETHOLD_OFFSITE_RETURNED: path,
  FLEETHOLD_OFFSITE_CACHE: path,
  /** Touched as long as all is well with the program itself. */
  FLEETHOLD_OFFSITE_LOOKED: path.optional(),
  FLEETHOLD_LOG_LEVEL: z.enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"]).default("info"),
};
type Name = keyof typeof settings;
export type Settings = { [N in Name]: z.output<(typeof settings)[N]> };

/** What a bare host has to say to fetch the copies back; the rest of the settings is about copying. */
const optionalOnBareHost = new Set<Name>([
  "FLEETHOLD_OFFSITE_SNAPSHOT",
  "FLEETHOLD_OFFSITE_STATUS",
  "FLEETHOLD_OFFSITE_RETURNED",
  "FLEETHOLD_OFFSITE_CACHE",
]);

/** What is wrong with the environment, each fault a sentence that names the variable. */
export class SettingsFault extends Error {
  override name = "SettingsFault";
}

/**
 * Reads the settings.
 * @param places  where the working folders are if the environment does not say, for commands on a bare host
 * @throws SettingsFault naming all faults together, unknown `FLEETHOLD_*` names among them
 */
export function readSettings(environment: Record<string, string>, places?: string): Settings {
  const known = Object.keys(settings) as Name[];
  const faults = Object.keys(environment)
    .filter((name) => name.startsWith("FLEETHOLD_") && !known.includes(name as Name))
    .map((name) => `${name} is not a setting of the offsite copy; did you mean ${nearest(name, known)}?`);
  const read: Partial<Record<Name, unknown>> = {};
  for (const name of known) {
    const value = environment[name] || (optionalOnBareHost.has(name) ? places : undefined);
    const parsed = settings[name].safeParse(value);
    if (parsed.success) read[name] = parsed.data;
    else if (!value) faults.push(`${name} is missing`);
    else faults.push(...parsed.error.issues.map(({ message }) => `${name} ${message}`));
  }
  if (faults.length > 0) throw new SettingsFault(`The settings have faults:\n  ${faults.join("\n  ")}`);
  return read as Settings;
}
