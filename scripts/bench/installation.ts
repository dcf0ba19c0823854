import { join } from "node:path";
import { generateHOTP } from "@oslojs/otp";
import { readSecret } from "../../server/access/totp.ts";
import { freePorts } from "../embedded/ports.ts";
import { sendSignal } from "../embedded/processes.ts";
import { checkout } from "../embedded/program.ts";
import { say } from "../installation/terminal.ts";

/** A real installation started for one measurement: both clusters with fsync on, the API and the worker. */
export interface Launched {
  directory: string;
  url: string;
  /** The launcher's own process; its children are the clusters and the programs. */
  pid: number;
  /** What it said on standard output until it was ready. */
  said: string;
  /** Ends everything and removes what it wrote, unless it is to be kept, as the logs of what failed are. */
  end(options?: { keep?: boolean }): Promise<void>;
}

/** An installation with a company set up in it, and its owner signed in. */
export interface Installation extends Launched {
  siteId: string;
  /** The cookie header of the owner's session. */
  cookie: string;
  /** Calls the API as the signed-in owner; throws with the problem when it refuses. */
  call<T>(method: string, path: string, body?: unknown | Uint8Array): Promise<T>;
}

export interface LaunchOptions {
  /** A directory that is kept; undefined: one of its own, removed at the end. */
  data?: string | undefined;
  /** Whether the web UI is built and served, or a blank page. */
  webUi?: boolean;
  demo?: boolean;
}

/** Starts a fresh installation the way anybody does, in a directory of its own, and sets up a company in it. */
export async function startInstallation(): Promise<Installation> {
  const launched = await launch();
  return { ...launched, ...await setUp(launched.url, await setupToken(launched.directory)) };
}

/** Starts an installation the way anybody does and waits until it is ready. */
export async function launch({ data, webUi = false, demo = false }: LaunchOptions = {}): Promise<Launched> {
  const temporary = await Deno.makeTempDir({ prefix: "fleethold-bench-" });
  await Deno.chmod(temporary, 0o755);
  const directory = data ?? join(temporary, "data");
  const blank = join(temporary, "web");
  await Deno.mkdir(blank);
  await Deno.writeTextFile(join(blank, "index.html"), "<!doctype html><title>Fleethold</title>");
  const launcher = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "scripts/start.ts",
      "--data",
      directory,
      "--port",
      String(freePorts(1)[0]),
      ...(demo ? ["--demo"] : []),
    ],
    cwd: checkout,
    env: webUi ? {} : { FLEETHOLD_WEB_DIR: blank },
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const end = async ({ keep = false } = {}) => {
    sendSignal(launcher.pid, "SIGINT");
    await launcher.status;
    if (keep) say(`the logs are in ${join(directory, "logs")}`);
    else await Deno.remove(temporary, { recursive: true });
  };
  try {
    const said = await untilReady(launcher.stdout);
    return { directory, url: /^ready (\S+)/m.exec(said)![1]!, pid: launcher.pid, said, end };
  } catch (error) {
    await end({ keep: true });
    throw error;
  }
}

/** What the token of the set-up link is; it works once. */
export const setupToken = (directory: string): Promise<string> =>
  Deno.readTextFile(join(directory, "secrets", "setup_token"));

/** Reads on after it is ready, so that the launcher never waits for a reader. */
async function untilReady(stdout: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<string> {
  let said = "";
  const reader = stdout.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { value, done } = await reader.read();
    if (done) throw new Error("The installation did not start; what it said stands above");
    said += value;
    if (!/^ready \S+\n/m.test(said)) continue;
    void (async () => {
      while (!(await reader.read()).done);
    })();
    return said;
  }
}

/**
 * Sets up a company where there is none yet.
 *
 * @param client what to ask by, where the installation's certificate has to be trusted first
 */
export async function setUp(
  url: string,
  token: string,
  client?: Deno.HttpClient,
): Promise<Pick<Installation, "siteId" | "call" | "cookie">> {
  const caller =
    (headers: Record<string, string>) => async <T>(method: string, path: string, body?: unknown) => {
      const response = await ask(url, method, path, headers, body, client);
      return (response.status === 204 ? undefined : await response.json()) as T;
    };
  const authorization = { Authorization: `Setup ${token}` };
  const email = "owner@kestrel.example";
  const enrolment = await caller(authorization)<{ secret: string; ticket: string }>(
    "POST",
    "/api/setup/totp",
    { email },
  );
  const step = BigInt(Math.floor(Date.now() / 30_000));
  const timeZone = "Europe/Berlin";
  const signedIn = await ask(url, "POST", "/api/setup", authorization, {
    company: { name: "Kestrel Couriers", timeZone, holidays: "DE" },
    owner: {
      name: "Mara Beispiel",
      email,
      password: "a parcel for every patient door",
      ticket: enrolment.ticket,
      code: generateHOTP(readSecret(enrolment.secret), step, 6),
    },
    site: { name: "Harbour depot", timeZone },
  }, client);
  const cookie = signedIn.headers.getSetCookie().map((line) => line.split(";")[0]).join("; ");
  await signedIn.body?.cancel();
  const call = caller({ cookie });
  const { items: [site] } = await call<{ items: { id: string }[] }>("GET", "/api/sites");
  return { siteId: site!.id, call, cookie };
}

/** Asks an installation's API, in JSON or with a CSV file; throws with the problem when it refuses. */
export async function ask(
  url: string,
  method: string,
  path: string,
  headers: Record<string, string>,
  body?: unknown,
  client?: Deno.HttpClient,
) {
  const bytes = body instanceof Uint8Array;
  const response = await fetch(`${url}${path}`, {
    method,
    headers: {
      "Sec-Fetch-Site": "same-origin",
      ...(body !== undefined && { "Content-Type": bytes ? "text/csv" : "application/json" }),
      ...headers,
    },
    ...(client && { client }),
    body: body === undefined ? undefined : bytes ? body as Uint8Array<ArrayBuffer> : JSON.stringify(body),
  });
  if (response.ok) return response;
  throw new Error(`${method} ${path} answered ${response.status}: ${await response.text()}`);
}
