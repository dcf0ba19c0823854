import { freePorts } from "../embedded/ports.ts";
import { checkout } from "../embedded/program.ts";
import { say } from "../installation/terminal.ts";

/** What identifies a running appliance, in plain values, so that another process can go on with it. */
export interface ApplianceFacts {
  /** The name that Compose gives its containers and volumes. */
  project: string;
  httpsPort: number;
  httpPort: number;
  settings: Record<string, string>;
  /** Further compose files, laid over compose.yaml. */
  overrides: string[];
}

/** The real bundle, built from this checkout and run by Docker Compose under a project name of its own. */
export class Appliance {
  #client: Deno.HttpClient | undefined;

  constructor(readonly facts: ApplianceFacts) {}

  /**
   * Builds the images and starts everything, on free ports and with volumes of its own.
   *
   * @param settings as in .env
   * @param overrides further compose files
   * @param services what is started, with all it waits for; everything, unless some are named
   */
  static async start(
    project: string,
    { settings = {}, overrides = [], services = [] }: {
      settings?: Record<string, string>;
      overrides?: string[];
      services?: string[];
    } = {},
  ): Promise<Appliance> {
    const [httpsPort, httpPort] = freePorts(2) as [number, number];
    const appliance = new Appliance({ project, httpsPort, httpPort, settings, overrides });
    await appliance.compose("down", "--volumes", "--remove-orphans");
    say("building the appliance's images");
    await appliance.compose("build", ...services);
    say("starting the appliance");
    await appliance.compose("up", "--wait", "--wait-timeout", "180", ...services);
    return appliance;
  }

  /** Where people reach it. */
  get url(): string {
    return `https://localhost:${this.facts.httpsPort}`;
  }

  /** Runs `docker compose` and answers what it printed; throws with what it said when it fails. */
  async compose(...args: string[]): Promise<string> {
    return await docker(["compose", "--project-name", this.facts.project, ...args], this.environment());
  }

  /** Runs the operator's command, `scripts/fleethold`, without a terminal. */
  async operator(...args: string[]): Promise<{ code: number; out: string; err: string }> {
    const { code, stdout, stderr } = await new Deno.Command("scripts/fleethold", {
      args,
      cwd: checkout,
      env: this.environment(),
      stdin: "null",
    }).output();
    return { code, out: new TextDecoder().decode(stdout), err: new TextDecoder().decode(stderr) };
  }

  /** The container of a service, running or not. */
  async container(service: string): Promise<string> {
    return (await this.compose("ps", "--all", "--quiet", service)).trim();
  }

  /** Runs a command in a service's container and answers what it printed. */
  async exec(service: string, ...command: string[]): Promise<string> {
    return await this.compose("exec", "--no-TTY", service, ...command);
  }

  /** What a container is, as `docker inspect` tells. */
  // deno-lint-ignore no-explicit-any -- as wide as Docker's own description
  async inspect(service: string): Promise<any> {
    return JSON.parse(await docker(["inspect", await this.container(service)]))[0];
  }

  /** The token of the set-up link, as `init` prints it. */
  async setupToken(): Promise<string> {
    return (await this.compose("logs", "--no-log-prefix", "init")).match(/\/setup#(\S+)/)![1]!;
  }

  /** The built-in authority's certificate, PEM, as anybody downloads it. */
  async root(): Promise<string> {
    const answer = await fetch(`http://localhost:${this.facts.httpPort}/ca/fleethold-ca.crt`);
    return await answer.text();
  }

  /** A client that trusts this appliance's own authority, and nothing else of this kind. */
  async client(): Promise<Deno.HttpClient> {
    return this.#client ??= Deno.createHttpClient({ caCerts: [await this.root()] });
  }

  /** Asks for a path as a browser would that trusts the authority. */
  async fetch(path: string, init: RequestInit = {}): Promise<Response> {
    return await fetch(`${this.url}${path}`, { redirect: "manual", ...init, client: await this.client() });
  }

  /** Kills a service's main process, as the kernel would when memory is short; Docker then starts it again. */
  async killProcess(service: string): Promise<void> {
    const { State: { Pid } } = await this.inspect(service);
    Deno.kill(Pid, "SIGKILL");
  }

  /** Ends it and removes its volumes. */
  async end(): Promise<void> {
    this.#client?.close();
    await this.compose("down", "--volumes", "--remove-orphans", "--timeout", "5");
  }

  /** The environment of `docker compose`, and of scripts/fleethold. */
  environment(): Record<string, string> {
    return {
      FLEETHOLD_HTTPS_PORT: String(this.facts.httpsPort),
      FLEETHOLD_HTTP_PORT: String(this.facts.httpPort),
      // A machine whose way out is inspected says so by this variable, and builds then have to know it too.
      FLEETHOLD_BUILD_CA: Deno.env.get("FLEETHOLD_BUILD_CA") ?? Deno.env.get("SSL_CERT_FILE") ?? "",
      COMPOSE_PROJECT_NAME: this.facts.project,
      COMPOSE_FILE: ["compose.yaml", ...this.facts.overrides].join(":"),
      ...this.facts.settings,
    };
  }
}

/** Whether a Docker engine with Compose answers here; otherwise why not, in words. */
export async function missingDocker(): Promise<string | undefined> {
  try {
    await docker(["version", "--format", "{{.Server.Version}}"]);
    await docker(["compose", "version"]);
  } catch (error) {
    return error instanceof Deno.errors.NotFound
      ? "docker is not installed"
      : "no Docker engine with Compose answers";
  }
}

/** Runs docker and answers its standard output. */
export async function docker(args: string[], env: Record<string, string> = {}): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command("docker", {
    args,
    env,
    cwd: checkout,
    stdin: "null",
  })
    .output();
  if (success) return new TextDecoder().decode(stdout);
  throw new Error(`docker ${args.join(" ")}: ${new TextDecoder().decode(stderr).slice(-2_000)}`);
}
