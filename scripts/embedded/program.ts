import { join } from "node:path";
import type { Running } from "./lock.ts";
import type { LogFile } from "./log_file.ts";
import { permissionFlags, type Place, type Program } from "./permissions.ts";
import { sendSignal } from "./processes.ts";
import { exitCodes, Refusal } from "./refusal.ts";
import { secretNames } from "./secrets.ts";
import type { Ending, Part } from "./supervision.ts";

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
  ports: { api: number; work: number; data: number; keys: number };
}

/** The installation as its launcher runs it now, for programs that are started beside it. */
export function runningAs(directory: string, { url, dataPort, keysPort }: Running): Installation {
  // Nobody starts a second worker or serves the web UI beside the launcher.
  return {
    directory,
    web: "",
    ports: { api: Number(new URL(url).port), work: 0, data: dataPort, keys: keysPort },
  };
}

/** The address that people open. */
export function publicUrl({ ports }: Installation): string {
  return `http://127.0.0.1:${ports.api}`;
}

/** A program of server/main.ts as a child: supervised, or run once. */
export class ServerProgram implements Part {
  #child: Deno.ChildProcess | undefined;

  constructor(readonly name: Program, readonly installation: Installation, readonly log: LogFile) {}

  async start(): Promise<{ ended: Promise<Ending> }> {
    // stdin is kept open and never written to: the program ends when it reads its end, that is when we are gone.
    // A group of its own keeps Ctrl-C in the terminal from reaching it before we can stop things in order.
    const child = this.#command(["--end-with-stdin"], {
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
      detached: true,
    }).spawn();
    this.#child = child;
    const drained = Promise.all([this.log.drain(child.stdout), this.log.drain(child.stderr)]);
    let isEnded = false;
    const ended = child.status.then(async ({ code, signal }) => {
      isEnded = true;
      await drained;
      this.#child = undefined;
      return signal ? `killed by ${signal}` : `exit ${code}: ${this.#lastWords()}`;
    });
    while (!isEnded) {
      if (await this.#answers()) return { ended };
      await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 50))]);
    }
    throw new Refusal(`${this.name} did not start (${await ended})`, `read ${this.log.path}`);
  }

  async stop(patienceMs = 10_000): Promise<void> {
    const child = this.#child;
    if (!child) return;
    sendSignal(child.pid, patienceMs > 0 ? "SIGTERM" : "SIGKILL");
    const impatience = setTimeout(() => sendSignal(child.pid, "SIGKILL"), patienceMs);
    await child.status;
    clearTimeout(impatience);
  }

  /**
   * Runs the program to its end and returns what it wrote to standard output.
   *
   * @param args what the program takes, after its name
   * @throws {Refusal} when it refuses, in its own words; when it fails, with its last words
   */
  async runOnce(...args: string[]): Promise<string> {
    const { success, stdout, stderr } = await this.#command(args, { stdin: "null" }).output();
    if (!success) {
      const refused = new TextDecoder().decode(stderr).match(/^error: (.+)\nhint: (.+)\n$/);
      if (refused) throw new Refusal(refused[1]!, refused[2]!, exitCodes.refused);
      this.log.write(stdout);
      this.log.write(stderr);
      throw new Refusal(`${this.name} failed: ${this.#lastWords()}`, `read ${this.log.path}`);
    }
    return new TextDecoder().decode(stdout);
  }

  async #answers(): Promise<boolean> {
    const { api, work } = this.installation.ports;
    const address = this.name === "work" ? `127.0.0.1:${work}/healthz` : `127.0.0.1:${api}/readyz`;
    try {
      const response = await fetch(`http://${address}`, { signal: AbortSignal.timeout(5_000) });
      await response.body?.cancel();
      return response.ok;
    } catch {
      return false;
    }
  }

  /** The last message in its log: Deno's line about an uncaught error, the message of a JSON line, or the line as it is. */
  #lastWords(): string {
    const lines = this.log.lastLines(30).split("\n");
    const line = lines.findLast((line) => line.startsWith("error: ")) ?? lines.at(-1)!;
    try {
      const { msg, err } = JSON.parse(line) as { msg?: string; err?: { message?: string } };
      return [msg, err?.message].filter(Boolean).join(": ");
    } catch {
      return line;
    }
  }

  #command(args: string[], options: Deno.CommandOptions): Deno.Command {
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

function places(program: Program, { directory, web, ports }: Installation): Record<Place, string> {
  const secrets = Object.fromEntries(secretNames.map((name) => [name, join(directory, "secrets", name)]));
  return {
    ...secrets as Record<(typeof secretNames)[number], string>,
    listen: `127.0.0.1:${program === "work" ? ports.work : ports.api}`,
    data: `127.0.0.1:${ports.data}`,
    keys: `127.0.0.1:${ports.keys}`,
    server: home,
    migrations: join(checkout, "migrations"),
    modules: join(checkout, "node_modules"),
    web,
  };
}

function environment(program: Program, installation: Installation): Record<string, string> {
  const place = places(program, installation);
  const role = program === "migrate" ? "migrator" : "app";
  return {
    ...passedOn(),
    HOME: home,
    DENO_DIR: denoDirectory(),
    NO_COLOR: "1",
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
      }
      : {}),
    ...(program === "work" ? { FLEETHOLD_WORK_LISTEN: place.listen } : {}),
  };
}

/** Of our own environment: which certificate authorities are trusted, and how much is logged. */
function passedOn(): Record<string, string> {
  const names = ["DENO_CERT", "DENO_TLS_CA_STORE", "SSL_CERT_FILE", "FLEETHOLD_LOG_LEVEL"];
  return Object.fromEntries(names.flatMap((name) => {
    const value = Deno.env.get(name);
    return value === undefined ? [] : [[name, value]];
  }));
}

/** Deno's cache, which it would otherwise look for below HOME. */
function denoDirectory(): string {
  const { stdout } = new Deno.Command(Deno.execPath(), { args: ["info", "--json"], cwd: home }).outputSync();
  return (JSON.parse(new TextDecoder().decode(stdout)) as { denoDir: string }).denoDir;
}
