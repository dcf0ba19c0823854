import { join } from "node:path";
import { readIfExists } from "../scripts/installation/files.ts";
import { Refusal } from "../scripts/installation/refusal.ts";
import { ssoProviders } from "../server/platform/config.ts";
import { nearest } from "../server/platform/nearest.ts";
import { handOver, takeBack } from "./hand_over.ts";
import { places } from "./places.ts";
import { type Credential, handovers, services } from "./services.ts";
import type { Settings } from "./settings.ts";

export type Credentials = Map<Credential, string>;

const known = services.flatMap((service) => handovers[service].credentials ?? []);

/**
 * Hands each file of the folder credentials/ to the one service that uses it, and takes back what is not there any more.
 *
 * @throws Refusal naming those that may not be read, or that do not go with the settings
 */
export async function handCredentials(settings: Settings, tell: (line: string) => void): Promise<void> {
  const given = await readCredentials(places.credentials, tell);
  checkCredentials(given, settings);
  for (const service of services) {
    for (const name of handovers[service].credentials ?? []) {
      const text = given.get(name);
      if (text === undefined) await takeBack(service, name);
      else await handOver(service, name, text);
    }
  }
}

/**
 * What the operator put into the folder. Files that are no credential are left alone, and said.
 * @throws Refusal naming those that may not be read
 */
export async function readCredentials(folder: string, tell: (line: string) => void): Promise<Credentials> {
  const given: Credentials = new Map();
  const closed: string[] = [];
  for (const name of await namesIn(folder, closed)) {
    const credential = known.find((one) => one === name);
    if (!credential) {
      // `ssh-keygen` leaves the public key beside the private one.
      if (/(^|\/)\.|\.pub$/.test(name)) continue;
      tell(`credentials/${name} is not used; did you mean ${nearest(name, known)}?`);
      continue;
    }
    try {
      const text = await readIfExists(join(folder, name));
      if (text?.trim()) given.set(credential, text);
    } catch (error) {
      if (!(error instanceof Deno.errors.PermissionDenied)) {
        throw new Refusal(
          `credentials/${name} cannot be read (${(error as Error).name})`,
          "it has to be a file",
        );
      }
      closed.push(`credentials/${name}`);
    }
  }
  if (closed.length === 0) return given;
  throw new Refusal(
    `What you gave may not be read: ${closed.join(", ")}`,
    `let group ${Deno.gid()} read it: chgrp -R ${Deno.gid()} credentials && chmod -R u=rwX,g=rX,o= credentials`,
  );
}

async function namesIn(folder: string, closed: string[], below = ""): Promise<string[]> {
  try {
    const entries = await Array.fromAsync(Deno.readDir(join(folder, below)));
    const names = await Promise.all(entries.map(async ({ name, isDirectory }) =>
      // What is for FLEETHOLD_OFFSITE_KEYS.
      isDirectory && below === "" && name === "keys"
        ? await namesIn(folder, closed, "keys/")
        : [`${below}${name}`]
    ));
    return names.flat().sort();
  } catch (error) {
    if (!(error instanceof Deno.errors.PermissionDenied)) throw error;
    closed.push(`the folder credentials/${below}`);
    return [];
  }
}

/** @throws Refusal naming every fault of the file of identity providers */
function checkProviders(text: string | undefined): void {
  const parsed = ssoProviders.optional().safeParse(text);
  if (parsed.success) return;
  const faults = parsed.error.issues.map(({ path, message }) => `\n  ${path.join(".")} ${message}`);
  throw new Refusal(
    `credentials/sso_providers cannot be used:${faults.join("")}`,
    "docs/single-sign-on.md shows what stands in it",
  );
}

/** A setting and the credential that goes with it, each of no use without the other; and how long it has to be. */
const belongTogether: [keyof Settings, Credential, string, number][] = [
  ["FLEETHOLD_SMTP_USER", "smtp_password", "the password of that user", 1],
  ["FLEETHOLD_ALERT_WEBHOOK", "alert_secret", "16 characters or more by which whoever is told knows us", 16],
];

/** @throws Refusal where one of a pair is missing */
export function checkCredentials(given: Credentials, settings: Settings): void {
  checkProviders(given.get("sso_providers"));
  for (const [setting, credential, what, least] of belongTogether) {
    const length = given.get(credential)?.trim().length ?? 0;
    if (settings[setting] && length < least) {
      throw new Refusal(
        `${setting} is set, and credentials/${credential} is ${length === 0 ? "not there" : "too short"}`,
        `put into that file ${what}`,
      );
    }
    if (length > 0 && !settings[setting]) {
      throw new Refusal(
        `credentials/${credential} is there, and ${setting} is not set`,
        "set it in .env, or remove the file",
      );
    }
  }
}
