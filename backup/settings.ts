import { join } from "node:path";
import { z } from "zod";
import { nearest } from "../server/platform/nearest.ts";

/**
 * What the backup service is told by its environment, read once. In the appliance its containers' compose file says it,
 * in the embedded start the launcher.
 */

const weekdays = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] as const;
export type Weekday = (typeof weekdays)[number];

const days = (least: number, most: number) =>
  z.string().regex(/^\d+d$/, { error: "must be a number of days such as 35d" })
    .transform((text) => Number(text.slice(0, -1)))
    .pipe(
      z.number().min(least, { error: `must be ${least}d or more` }).max(most, {
        error: `must be ${most}d or less`,
      }),
    );

const path = z.string().startsWith("/", { error: "must be an absolute path" });
const secret = z.string().trim().min(1, "must not be empty");

const settings = {
  FLEETHOLD_DATA_URL: z.string(),
  FLEETHOLD_KEYS_URL: z.string(),
  FLEETHOLD_DATA_PASSWORD: secret,
  FLEETHOLD_KEYS_PASSWORD: secret,
  FLEETHOLD_DATA_RECEIVER_PASSWORD: secret,
  FLEETHOLD_KEYS_RECEIVER_PASSWORD: secret,
  FLEETHOLD_DATA_CIPHER: secret,
  FLEETHOLD_KEYS_CIPHER: secret,
  FLEETHOLD_INSTALLATION_ID: secret.optional(),
  /** Holds repository, streamed, state and scratch. */
  FLEETHOLD_BACKUP_DIR: path,
  /** For configurations, sockets and locks; its content need not last. */
  FLEETHOLD_BACKUP_RUN_DIR: path,
  /** The clusters' hosts, asked by pgBackRest's own TLS; unset: both clusters lie on this machine. */
  FLEETHOLD_DATA_HOST: z.string().optional(),
  FLEETHOLD_KEYS_HOST: z.string().optional(),
  /** Where either cluster's files are, on its host; with `{cluster}` in it for its name. */
  FLEETHOLD_CLUSTER_FILES: path,
  /** Chain and key, and whom to trust, for pgBackRest's TLS. */
  FLEETHOLD_TLS_PEM: path.optional(),
  FLEETHOLD_AUTHORITY: path.optional(),
  FLEETHOLD_POSTGRES_BIN: path,
  /** `uid:gid` that PostgreSQL's and pgBackRest's programs run as; unset: as this process. */
  FLEETHOLD_POSTGRES_ACCOUNT: z.string().regex(/^\d+:\d+$/).transform((text) => {
    const [uid, gid] = text.split(":").map(Number) as [number, number];
    return { uid, gid };
  }).optional(),
  FLEETHOLD_BACKUP_TIME: z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, {
    error: "must be a time of day such as 02:00",
  }).default("02:00"),
  FLEETHOLD_BACKUP_DAY: z.enum(weekdays).default("sunday"),
  FLEETHOLD_BACKUP_DIFFERENTIAL: z.enum(["12h", "24h"]).default("12h"),
  FLEETHOLD_BACKUP_RETENTION: days(7, 3_650).default(35),
  FLEETHOLD_DRILL_EVERY: days(1, 31).default(7),
  /** What the offsite sidecar tells, and what it brought back for a drill. */
  FLEETHOLD_OFFSITE_STATUS: path.optional(),
  FLEETHOLD_OFFSITE_RETURNED: path.optional(),
  FLEETHOLD_PROBE_LISTEN: z.string().regex(/^[^\s:]+:\d{1,5}$/, { error: "must be HOST:PORT" }).optional(),
  FLEETHOLD_LOG_LEVEL: z.enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"]).default("info"),
};
type Name = keyof typeof settings;
export type Settings = { [N in Name]: z.output<(typeof settings)[N]> };

const secrets = new Set<Name>([
  "FLEETHOLD_DATA_PASSWORD",
  "FLEETHOLD_KEYS_PASSWORD",
  "FLEETHOLD_DATA_RECEIVER_PASSWORD",
  "FLEETHOLD_KEYS_RECEIVER_PASSWORD",
  "FLEETHOLD_DATA_CIPHER",
  "FLEETHOLD_KEYS_CIPHER",
  "FLEETHOLD_INSTALLATION_ID",
]);

/** What is wrong with the environment, each fault a sentence that names the variable. */
export class SettingsFault extends Error {
  override name = "SettingsFault";
}

/**
 * Reads the settings; of a secret its file's content.
 * @throws SettingsFault naming all faults together
 */
export function readSettings(
  environment: Record<string, string>,
  readFile: (path: string) => string,
): Settings {
  const faults: string[] = [];
  const known = new Set(
    Object.keys(settings).flatMap((name) => secrets.has(name as Name) ? [name, `${name}_FILE`] : [name]),
  );
  for (const name of Object.keys(environment)) {
    if (!name.startsWith("FLEETHOLD_") || known.has(name)) continue;
    faults.push(`${name} is not a setting of the backup service; did you mean ${nearest(name, known)}?`);
  }
  const read: Partial<Record<Name, unknown>> = {};
  for (const name of Object.keys(settings) as Name[]) {
    let value: string | undefined = environment[name];
    const file = environment[`${name}_FILE`];
    if (secrets.has(name) && file !== undefined) {
      try {
        value = readFile(file);
      } catch (error) {
        faults.push(`${name}_FILE: cannot read ${file} (${(error as Error).name})`);
        continue;
      }
    }
    const parsed = settings[name].safeParse(value || undefined);
    if (parsed.success) read[name] = parsed.data;
    else if (!value) faults.push(`${name} is missing`);
    else faults.push(...parsed.error.issues.map(({ message }) => `${name} ${message}`));
  }
  if (faults.length > 0) throw new SettingsFault(`The settings have faults:\n  ${faults.join("\n  ")}`);
  return read as Settings;
}

export const clusterNames = ["data", "keys"] as const;
export type ClusterName = (typeof clusterNames)[number];

/** Where the service keeps what. */
export class Places {
  constructor(
    private readonly settings: Pick<Settings, "FLEETHOLD_BACKUP_DIR" | "FLEETHOLD_BACKUP_RUN_DIR">,
  ) {}

  /** Both pgBackRest repositories, one folder a cluster, and the snapshot of them for the offsite sidecar. */
  get repositories(): string {
    return join(this.settings.FLEETHOLD_BACKUP_DIR, "repository");
  }
  repository(cluster: ClusterName): string {
    return join(this.repositories, cluster);
  }
  /** The log as it is written, one folder a timeline. */
  streamed(cluster: ClusterName): string {
    return join(this.settings.FLEETHOLD_BACKUP_DIR, "streamed", cluster);
  }
  /** The service's own memory: what it did, and what every file of the repository should be. */
  get state(): string {
    return join(this.settings.FLEETHOLD_BACKUP_DIR, "state");
  }
  /** Throw-away clusters. */
  get scratch(): string {
    return join(this.settings.FLEETHOLD_BACKUP_DIR, "scratch");
  }
  get run(): string {
    return this.settings.FLEETHOLD_BACKUP_RUN_DIR;
  }
}
