import { resolve } from "node:path";
import type { Place } from "../installation/permissions.ts";

/** The settings of `work` by which people are told of what went wrong. */
const names = [
  "FLEETHOLD_SMTP",
  "FLEETHOLD_SMTP_TLS",
  "FLEETHOLD_SMTP_USER",
  "FLEETHOLD_SMTP_PASSWORD",
  "FLEETHOLD_SMTP_PASSWORD_FILE",
  "FLEETHOLD_SMTP_AUTHORITY",
  "FLEETHOLD_MAIL_FROM",
  "FLEETHOLD_ALERT_MAIL",
  "FLEETHOLD_ALERT_WEBHOOK",
  "FLEETHOLD_ALERT_SECRET",
  "FLEETHOLD_ALERT_SECRET_FILE",
] as const;
type TellingSettings = Partial<Record<(typeof names)[number], string>>;

/** Those of an environment that are set; paths as they are from where the operator typed the command. */
export function tellingSettings(environment: Record<string, string>): TellingSettings {
  // `deno task` changes into the checkout; INIT_CWD is where it was called.
  const from = environment.INIT_CWD ?? Deno.cwd();
  const isPath = (name: string) => name.endsWith("_FILE") || name.endsWith("_AUTHORITY");
  return Object.fromEntries(names.flatMap((name) => {
    const value = environment[name];
    return value ? [[name, isPath(name) ? resolve(from, value) : value]] : [];
  }));
}

/**
 * What the worker has to reach for them: the mail server, the webhook's host, and its secrets' files. Of what is
 * malformed nothing is allowed; the worker itself says what is wrong with it.
 */
export function tellingPlaces(settings: TellingSettings): Partial<Record<Place, string>> {
  const webhook = URL.parse(settings.FLEETHOLD_ALERT_WEBHOOK ?? "");
  const places: Partial<Record<Place, string | undefined>> = {
    smtp: settings.FLEETHOLD_SMTP,
    smtp_password: settings.FLEETHOLD_SMTP_PASSWORD_FILE,
    smtp_authority: settings.FLEETHOLD_SMTP_AUTHORITY,
    webhook: webhook?.hostname && `${webhook.hostname}:${webhook.port || portOf[webhook.protocol]}`,
    alert_secret: settings.FLEETHOLD_ALERT_SECRET_FILE,
  };
  // A comma would end one host or path and begin another in Deno's flags.
  return Object.fromEntries(
    Object.entries(places).filter((place): place is [string, string] =>
      !!place[1] && !place[1].includes(",")
    ),
  );
}

const portOf: Record<string, number> = { "http:": 80, "https:": 443 };
