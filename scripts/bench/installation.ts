import { join } from "node:path";
import { generateHOTP } from "@oslojs/otp";
import { readSecret } from "../../server/access/totp.ts";
import { freePorts } from "../embedded/ports.ts";
import { checkout } from "../embedded/program.ts";

/** A real installation started for one measurement: both clusters with fsync on, the API and the worker. */
export interface Installation {
  siteId: string;
  /** The launcher's own process; its children are the clusters and the programs. */
  pid: number;
  /** Calls the API as the signed-in owner; throws with the problem when it refuses. */
  call<T>(method: string, path: string, body?: unknown | Uint8Array): Promise<T>;
  /** Ends everything and removes what it wrote. */
  end(): Promise<void>;
}

/** Starts a fresh installation the way anybody does, in a directory of its own, and sets up a company in it. */
export async function startInstallation(): Promise<Installation> {
  const directory = await Deno.makeTempDir({ prefix: "fleethold-bench-" });
  await Deno.chmod(directory, 0o755);
  const web = join(directory, "web");
  await Deno.mkdir(web);
  await Deno.writeTextFile(join(web, "index.html"), "<!doctype html><title>Fleethold</title>");
  const launcher = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "scripts/start.ts",
      "--data",
      join(directory, "data"),
      "--port",
      String(freePorts(1)[0]),
    ],
    cwd: checkout,
    env: { FLEETHOLD_WEB_DIR: web },
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const end = async () => {
    launcher.kill("SIGINT");
    await launcher.status;
    await Deno.remove(directory, { recursive: true });
  };
  try {
    const [url, token] = await setUpLink(launcher.stdout);
    return { ...await setUp(url, token), pid: launcher.pid, end };
  } catch (error) {
    await end();
    throw error;
  }
}

/** The address and the token the launcher prints once all is ready. */
async function setUpLink(
  stdout: ReadableStream<Uint8Array<ArrayBuffer>>,
): Promise<[url: string, token: string]> {
  let said = "";
  for await (const text of stdout.pipeThrough(new TextDecoderStream())) {
    said += text;
    const link = /^set-up: (http\S+)\/setup#(\S+)/m.exec(said);
    if (link) return [link[1]!, link[2]!];
  }
  throw new Error("The installation did not start; what it said stands above");
}

async function setUp(url: string, token: string): Promise<Pick<Installation, "siteId" | "call">> {
  const caller =
    (headers: Record<string, string>) => async <T>(method: string, path: string, body?: unknown) => {
      const response = await ask(url, method, path, headers, body);
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
  });
  const cookie = signedIn.headers.getSetCookie().map((line) => line.split(";")[0]).join("; ");
  await signedIn.body?.cancel();
  const call = caller({ cookie });
  const { items: [site] } = await call<{ items: { id: string }[] }>("GET", "/api/sites");
  return { siteId: site!.id, call };
}

async function ask(
  url: string,
  method: string,
  path: string,
  headers: Record<string, string>,
  body?: unknown,
) {
  const bytes = body instanceof Uint8Array;
  const response = await fetch(`${url}${path}`, {
    method,
    headers: {
      "Sec-Fetch-Site": "same-origin",
      ...(body !== undefined && { "Content-Type": bytes ? "text/csv" : "application/json" }),
      ...headers,
    },
    body: body === undefined ? undefined : bytes ? body as Uint8Array<ArrayBuffer> : JSON.stringify(body),
  });
  if (response.ok) return response;
  throw new Error(`${method} ${path} answered ${response.status}: ${await response.text()}`);
}
