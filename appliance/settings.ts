import { isIP } from "node:net";
import { z } from "zod";
import { parseHours } from "../backup/offsite/hours.ts";
import { parseTarget } from "../backup/offsite/target.ts";
import { nearest } from "../server/platform/nearest.ts";
import { TimeZone } from "../server/platform/schema.ts";
import { SsoHosts } from "../server/platform/sso_hosts.ts";
import { isPublicName } from "../server/platform/public_name.ts";

/**
 * What an operator may set in `.env`, all of it optional: read and checked by `init` before anything else starts.
 * `.env.example` explains each; a test holds the two and compose.yaml together.
 */

/** A DNS name, an IPv4 address, or an IPv6 address in brackets as it stands in a URL. */
const host = z.string().trim().toLowerCase().refine(isHost, {
  error:
    "must be a name or an address as it stands in the browser's address bar, such as fleethold.example.org, 192.168.1.20 or [fd00::20], without https:// and without a port",
});

const port = z.coerce.number({ error: "must be a port from 1 to 65535" }).int().min(1).max(65_535, {
  error: "must be a port from 1 to 65535",
});

/** Hours, for a certificate's lifetime: `90d`, `12h`, `3m` (for tests). */
const duration = z.string().regex(/^\d+[dhm]$/, { error: "must be a number with d, h or m, such as 90d" })
  .transform((text) =>
    Number(text.slice(0, -1)) * { d: 86_400, h: 3_600, m: 60 }[text.at(-1) as "d" | "h" | "m"]
  );

/** Whole days between two bounds. */
const days = (least: number, most: number) =>
  z.string().regex(/^\d+d$/, { error: `must be a number of days from ${least}d to ${most}d` })
    .refine((text) => parseInt(text) >= least && parseInt(text) <= most, {
      error: `must be from ${least}d to ${most}d`,
    });

const weekday = z.enum(["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"], {
  error: "must be a day of the week, such as sunday",
});

const target = z.string().superRefine((text, context) => {
  const parsed = parseTarget(text);
  if (typeof parsed === "string") context.addIssue(parsed);
});

/** As alert_hosts.sh lets the worker reach it. */
const mailServer = z.string().regex(/^[a-z\d][a-z\d.-]*:\d{1,5}$/i, {
  error: "must be a host and a port, such as smtp.example.org:587",
});
const webhook = z.url({ protocol: /^https$/, error: "must be a URL that begins with https://" })
  .refine((text) => /^https:\/\/[a-z\d][a-z\d.-]*(:\d{1,5})?([/?]|$)/i.test(text), {
    error: "must hold no user or password, and no address in brackets",
  });

const mailAddress = z.email({ error: "must be an e-mail address" });
const mailAddresses = z.string().transform((text) => text.split(",").map((one) => one.trim()))
  .refine((all) => all.length <= 20 && all.every((one) => mailAddress.safeParse(one).success), {
    error: "must be an e-mail address, or up to 20 with commas between them",
  });

/** This machine itself is another one for a container. */
const ssoHosts = SsoHosts.refine(
  (hosts) => hosts.every(({ host }) => !/^(localhost|127\..*|\[::1\])$/.test(host)),
  { error: "must not name localhost, which is the container itself; name this host as others reach it" },
);

const memory = z.string().regex(/^\d+[mg]$/, { error: "must be a number with m or g, such as 1g" });

const settings = {
  FLEETHOLD_HOST: host.default("localhost"),
  FLEETHOLD_HOST_ALIASES: z.string().default("").transform((text) => text.split(/[\s,]+/).filter(Boolean))
    .pipe(z.array(host)),
  FLEETHOLD_HTTPS_PORT: port.default(443),
  FLEETHOLD_HTTP_PORT: port.default(80),
  FLEETHOLD_ACME_MAIL: z.email({ error: "must be an e-mail address" }).optional(),
  FLEETHOLD_ACME_SERVER: z.url({ protocol: /^https$/, error: "must be a URL that begins with https://" })
    .optional(),
  FLEETHOLD_CERTIFICATE_LIFETIME: duration.default(90 * 86_400),
  FLEETHOLD_CLIENT_RATE: z.coerce.number().int().min(10, { error: "must be 10 or more" }).default(1_000),
  FLEETHOLD_DB_MEMORY: memory.default("1g"),
  FLEETHOLD_SYNCHRONOUS_LOG: z.enum(["on", "off"], { error: "must be on or off" }).default("off"),
  FLEETHOLD_BACKUP_TIME: z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, {
    error: "must be a time of day, such as 02:00",
  }).default("02:00"),
  FLEETHOLD_BACKUP_DAY: weekday.default("sunday"),
  FLEETHOLD_BACKUP_DIFFERENTIAL: z.enum(["12h", "24h"], { error: "must be 12h or 24h" }).default("12h"),
  FLEETHOLD_BACKUP_RETENTION: days(7, 3_650).default("35d"),
  FLEETHOLD_DRILL_EVERY: days(1, 31).default("7d"),
  FLEETHOLD_OFFSITE: target.optional(),
  FLEETHOLD_OFFSITE_KEYS: target.optional(),
  FLEETHOLD_OFFSITE_EVERY: z.string().regex(/^\d+[smh]$/, {
    error: "must be a number with s, m or h, such as 5m",
  }).optional(),
  FLEETHOLD_OFFSITE_RATE: z.coerce.number({ error: "must be a number of kB a second" }).int().min(16, {
    error: "must be 16 kB a second or more",
  }).optional(),
  FLEETHOLD_OFFSITE_HOURS: z.string().refine((text) => parseHours(text) !== undefined, {
    error: "must be two hours of the day, such as 20-6",
  }).optional(),
  FLEETHOLD_OFFSITE_TIME_ZONE: TimeZone.optional(),
  FLEETHOLD_OFFSITE_FOLDER: z.string().startsWith("/", { error: "must be an absolute path on this host" })
    .optional(),
  FLEETHOLD_SMTP: mailServer.optional(),
  FLEETHOLD_SMTP_USER: z.string().optional(),
  FLEETHOLD_SMTP_TLS: z.enum(["starttls", "tls"], { error: "must be starttls or tls" }).optional(),
  FLEETHOLD_MAIL_FROM: mailAddress.optional(),
  FLEETHOLD_ALERT_MAIL: mailAddresses.optional(),
  FLEETHOLD_ALERT_WEBHOOK: webhook.optional(),
  FLEETHOLD_SSO_HOSTS: ssoHosts.optional(),
  FLEETHOLD_LOG_LEVEL: z.enum(["trace", "debug", "info", "warn", "error"]).default("info"),
  FLEETHOLD_BUILD_CA: z.string().optional(),
};
type Name = keyof typeof settings;
export type Settings = { [N in Name]: z.output<(typeof settings)[N]> };

/** Every setting there is, for whoever checks that the documentation is complete. */
export const settingNames = Object.keys(settings) as Name[];

/** What is of no use without another one. */
const belongTogether: [Name, Name][] = [
  ["FLEETHOLD_ACME_SERVER", "FLEETHOLD_ACME_MAIL"],
  ["FLEETHOLD_OFFSITE_KEYS", "FLEETHOLD_OFFSITE"],
  ["FLEETHOLD_OFFSITE_EVERY", "FLEETHOLD_OFFSITE"],
  ["FLEETHOLD_OFFSITE_RATE", "FLEETHOLD_OFFSITE"],
  ["FLEETHOLD_OFFSITE_HOURS", "FLEETHOLD_OFFSITE"],
  ["FLEETHOLD_OFFSITE_TIME_ZONE", "FLEETHOLD_OFFSITE_HOURS"],
  ["FLEETHOLD_OFFSITE_FOLDER", "FLEETHOLD_OFFSITE"],
  ["FLEETHOLD_ALERT_MAIL", "FLEETHOLD_SMTP"],
  ["FLEETHOLD_ALERT_MAIL", "FLEETHOLD_MAIL_FROM"],
  ["FLEETHOLD_SMTP", "FLEETHOLD_MAIL_FROM"],
  ["FLEETHOLD_MAIL_FROM", "FLEETHOLD_SMTP"],
  ["FLEETHOLD_SMTP_TLS", "FLEETHOLD_SMTP"],
  ["FLEETHOLD_SMTP_USER", "FLEETHOLD_SMTP"],
];

/** What is wrong with the settings, each fault a sentence that names the variable. */
export class SettingsFault extends Error {
  override name = "SettingsFault";
  constructor(readonly faults: string[]) {
    super(
      `.env has ${faults.length === 1 ? "a fault" : `${faults.length} faults`}:\n  ${faults.join("\n  ")}`,
    );
  }
}

/**
 * Reads the operator's settings from an environment.
 *
 * @throws SettingsFault naming all faults together; an unknown `FLEETHOLD_…` comes with what was probably meant
 */
export function readSettings(environment: Record<string, string>): Settings {
  const faults = Object.keys(environment)
    .filter((name) => name.startsWith("FLEETHOLD_") && !Object.hasOwn(settings, name))
    .map((name) => `${name} is not a setting; did you mean ${nearest(name, settingNames)}?`);
  const read: Partial<Record<Name, unknown>> = {};
  for (const name of settingNames) {
    const parsed = settings[name].safeParse(environment[name] || undefined);
    if (parsed.success) read[name] = parsed.data;
    else faults.push(...parsed.error.issues.map(({ message }) => `${name} ${message}`));
  }
  const known = read as Settings;
  if (known.FLEETHOLD_ACME_MAIL && !isPublicName(known.FLEETHOLD_HOST)) {
    faults.push(
      `FLEETHOLD_ACME_MAIL is set, but no public authority certifies ${known.FLEETHOLD_HOST}; set FLEETHOLD_HOST to a public name, or leave FLEETHOLD_ACME_MAIL out to use the built-in authority`,
    );
  }
  for (const [name, other] of belongTogether) {
    if (environment[name] && !environment[other]) faults.push(`${name} does nothing without ${other}`);
  }
  if (known.FLEETHOLD_OFFSITE === "folder" && !known.FLEETHOLD_OFFSITE_FOLDER) {
    faults.push(
      "FLEETHOLD_OFFSITE is folder, and FLEETHOLD_OFFSITE_FOLDER does not say which one; set it to where the other disk or share is mounted",
    );
  }
  if (known.FLEETHOLD_HTTP_PORT === known.FLEETHOLD_HTTPS_PORT) {
    faults.push("FLEETHOLD_HTTP_PORT and FLEETHOLD_HTTPS_PORT are the same; each needs a port of its own");
  }
  if (faults.length > 0) throw new SettingsFault(faults);
  return known;
}

/** Where people reach the appliance, host and port as in a URL. */
export function addressOf({ FLEETHOLD_HOST, FLEETHOLD_HTTPS_PORT }: Settings): string {
  return new URL(`https://${FLEETHOLD_HOST}:${FLEETHOLD_HTTPS_PORT}`).host;
}

/** The public name first, then every other name and address that is certified and led to it. */
export function hostsOf({ FLEETHOLD_HOST, FLEETHOLD_HOST_ALIASES }: Settings): [string, ...string[]] {
  // On the machine itself people type any of the three.
  const own = FLEETHOLD_HOST === "localhost" ? ["127.0.0.1", "[::1]"] : [];
  return [...new Set([FLEETHOLD_HOST, ...FLEETHOLD_HOST_ALIASES, ...own])] as [string, ...string[]];
}

function isHost(text: string): boolean {
  if (text.startsWith("[")) return text.endsWith("]") && isIP(text.slice(1, -1)) === 6;
  // Only digits and dots: meant as an address, so it has to be one.
  if (/^[\d.]+$/.test(text)) return isIP(text) === 4;
  return text.length <= 253 &&
    /^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/.test(text);
}
