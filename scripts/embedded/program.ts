import { join, resolve } from "node:path";
import { ChildProgram } from "./child_program.ts";
import type { Running } from "./lock.ts";
import type { LogFile } from "./log_file.ts";
import { permissionFlags, type Place, type Program } from "../installation/permissions.ts";
import { tellingPlaces, tellingSettings } from "./telling.ts";
import { type EmbeddedSecret, embeddedSecrets } from "./secret_names.ts";

/** The checkout this code runs from. */
export const checkout = join(import.meta.dirname!, "../..");

/**
 * Working directory and HOME of the programs. graphile-worker looks for a configuration file from the one up to the
 * other; with both the same it stays within what the programs may read anyway.
 */
const home = join(checkout, "server");

/** One embedded installation: what its programs need to know to find each other. */
export interface Installation {
  directory: string;
  /** The built web UI. */
  web: string;
  /** TCP ports on 127.0.0.1, the same for the life of the launcher so that everybody just reconnects. */
  ports: { api: number; work: number; outbound: number; data: number; keys: number };
}

/** The installation as its launcher runs it now, for programs that are started beside it. */
export function runningAs(directory: string, { url, dataPort, keysPort }: Running): Installation {
  // Nobody starts a second worker or serves the web UI beside the launcher.
  return {
    directory,
    web: "",
    ports: { api: Number(new URL(url).port), work: 0, outbound: 0, data: dataPort, keys: keysPort },
  };
}

/** The address that people open. */
export function publicUrl({ ports }: Installation): string {
  return `http://127.0.0.1:${ports.api}`;
}

/** A program of server/main.ts as a child: supervised, or run once. */
export class ServerProgram extends ChildProgram {
  constructor(override readonly name: Program, readonly installation: Installation, log: LogFile) {
    const { api, work, outbound } = installation.ports;
    const probes: Partial<Record<Program, string>> = {
      work: `127.0.0.1:${work}/healthz`,
      outbound: `127.0.0.1:${outbound}/healthz`,
    };
    super(name, log, probes[name] ?? `127.0.0.1:${api}/readyz`);
  }

  protected override command(args: string[], options: Deno.CommandOptions): Deno.Command {
    return new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        ...permissionFlags(this.name, places(this.name, this.installation)),
        join(home, "main.ts"),
        this.name,
        ...args,
      ],
      cwd: home,
      clearEnv: true,
      env: environment(this.name, this.installation),
      ...options,
    });
  }
}

/** Everything a program may need, as the embedded start has it: no certificates and no proxy. */
function places(program: Program, { directory, web, ports }: Installation) {
  const secrets = Object.fromEntries(embeddedSecrets.map((name) => [name, join(directory, "secrets", name)]));
  return {
    ...secrets as Record<EmbeddedSecret, string>,
    listen: `127.0.0.1:${program === "work" || program === "outbound" ? ports[program] : ports.api}`,
    outbound: `127.0.0.1:${ports.outbound}`,
    ...ssoProviders(),
    data: `127.0.0.1:${ports.data}`,
    keys: `127.0.0.1:${ports.keys}`,
    server: home,
    migrations: join(checkout, "migrations"),
    modules: join(checkout, "node_modules"),
    web,
    ...(program === "work" ? tellingPlaces(tellingSettings(Deno.env.toObject())) : {}),
  } satisfies Partial<Record<Place, string>>;
}

/** The file of identity providers, as it is from where the operator typed the command. */
function ssoProviders(): { sso_providers?: string } {
  const file = Deno.env.get("FLEETHOLD_SSO_PROVIDERS_FILE");
  // A comma would end one path and begin another in Deno's flags.
  if (!file || file.includes(",")) return {};
  return { sso_providers: resolve(Deno.env.get("INIT_CWD") ?? Deno.cwd(), file) };
}

function environment(program: Program, installation: Installation): Record<string, string> {
  const place = places(program, installation);
  const role = program === "migrate" ? "migrator" : "app";
  const common = { ...passedOn(), HOME: home, DENO_DIR: denoDirectory(), NO_COLOR: "1" };
  if (program === "outbound") {
    const hosts = Deno.env.get("FLEETHOLD_SSO_HOSTS");
    return {
      ...common,
      FLEETHOLD_OUTBOUND_TOKEN_FILE: place.outbound_token,
      FLEETHOLD_LISTEN: place.listen,
      ...(hosts !== undefined && { FLEETHOLD_SSO_HOSTS: hosts }),
    };
  }
  return {
    ...common,
    FLEETHOLD_DATA_URL: `postgres://fleethold_${role}@${place.data}/fleethold`,
    FLEETHOLD_DATA_PASSWORD_FILE: place[`data_${role}_password`],
    FLEETHOLD_KEYS_URL: `postgres://fleethold_${role}@${place.keys}/fleethold`,
    FLEETHOLD_KEYS_PASSWORD_FILE: place[`keys_${role}_password`],
    ...(program === "migrate" ? {} : {
      FLEETHOLD_MASTER_KEY_FILE: place.master_key,
      FLEETHOLD_SEARCH_KEY_FILE: place.search_key,
      FLEETHOLD_PEPPER_FILE: place.pepper,
      FLEETHOLD_PUBLIC_URL: publicUrl(installation),
    }),
    ...(program === "serve"
      ? {
        FLEETHOLD_SETUP_TOKEN_FILE: place.setup_token,
        FLEETHOLD_LISTEN: place.listen,
        FLEETHOLD_WEB_DIR: place.web,
        FLEETHOLD_OUTBOUND_URL: `http://${place.outbound}`,
        ...(place.sso_providers !== undefined && { FLEETHOLD_SSO_PROVIDERS_FILE: place.sso_providers }),
        FLEETHOLD_OUTBOUND_TOKEN_FILE: place.outbound_token,
      }
      : {}),
    ...(program === "work"
      ? { ...tellingSettings(Deno.env.toObject()), FLEETHOLD_PROBE_LISTEN: place.listen }
      : {}),
  };
}

/** Of our own environment: which certificate authorities are trusted, and how much is logged. */
export function passedOn(): Record<string, string> {
  const names = ["DENO_CERT", "DENO_TLS_CA_STORE", "SSL_CERT_FILE", "FLEETHOLD_LOG_LEVEL"];
  return Object.fromEntries(names.flatMap((name) => {
    const value = Deno.env.get(name);
    return value === undefined ? [] : [[name, value]];
  }));
}

/** Deno's cache, which it would otherwise look for below HOME. */
export function denoDirectory(): string {
  const { stdout } = new Deno.Command(Deno.execPath(), { args: ["info", "--json"], cwd: home }).outputSync();
  return (JSON.parse(new TextDecoder().decode(stdout)) as { denoDir: string }).denoDir;
}
