import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePorts } from "../../scripts/embedded/ports.ts";
import { codeOf } from "../access/person.ts";
import { end, launch, type Launched, startInstallation } from "../harness/launcher.ts";

const owner = { email: "olive@kestrel.example", password: "a harbour full of lanterns" };

let running: Launched | undefined;
let directory: string;
/** An empty web UI: no page is opened here. */
let web: string;
let url: string;
/** The owner's session, which the set-up begins. */
let cookie: string;

beforeAll(async () => {
  directory = await Deno.makeTempDir({ prefix: "fleethold-operator-" });
  web = await Deno.makeTempDir({ prefix: "fleethold-web-" });
  const port = freePorts(1)[0]!;
  url = `http://127.0.0.1:${port}`;
  running = await startInstallation(["--port", String(port), "--data", directory], {
    FLEETHOLD_WEB_DIR: web,
  });
  await setUp(running.said.out.match(/\/setup#(\S+)/)![1]!);
});

afterAll(async () => {
  if (running) await end(running, "SIGTERM");
  for (const path of [directory, web]) await Deno.remove(path, { recursive: true });
});

describe("the operator's command", () => {
  it("explains itself, and says what was probably meant", async () => {
    expect((await run("help")).out).toContain("Exit codes");
    const unknown = await run("statsu");
    expect(unknown).toMatchObject({ code: 2, err: expect.stringContaining("did you mean status?") });
    expect(await run("status", "--data", "/nowhere/at/all")).toMatchObject({ code: 2 });
  });

  it("tells whether everything runs and what it holds", async () => {
    const { code, out } = await run("status", "--json");
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      running: true,
      well: true,
      url,
      processes: { launcher: running!.process.pid, serve: expect.any(Number), keys: expect.any(Number) },
      health: { status: "ok" },
      schema: { upToDate: true },
      holds: { orders: 0, accounts: 1 },
    });
    expect((await run("status")).out).toMatch(/^state +running, all well$/m);
  });

  it("shows the log of a part", async () => {
    expect((await run("logs", "serve")).out).toMatch(/info +listening/);
    expect(await run("logs", "nothing")).toMatchObject({ code: 2 });
  });

  it("does nothing that matters without a yes", async () => {
    expect(await run("end-sessions", owner.email)).toMatchObject({ code: 1 });
    expect(await api("/api/session")).toMatchObject({ status: 200 });
  });

  it("lets the last owner back in by a new link, and refuses an address that nobody has", async () => {
    const { code, out } = await run("new-link", owner.email.toUpperCase(), "--yes");
    expect(code).toBe(0);
    const token = new URL(out.trim()).hash.slice(1);
    const view = await api("/api/invitation", { headers: { authorization: `Invitation ${token}` } });
    expect(view).toMatchObject({ status: 200, body: { email: owner.email, role: "owner" } });

    const unknown = await run("new-link", "nobody@kestrel.example", "--yes");
    expect(unknown).toMatchObject({ code: 1, out: "", err: expect.stringContaining("Nobody signs in with") });
  });

  it("stands in the audit trail with what it did, and signs somebody out everywhere", async () => {
    const { body } = await api("/api/audit?act=operator.");
    expect(body.items).toMatchObject([{
      act: "operator.link-made",
      actorId: null,
      detail: { via: "operator" },
    }]);
    expect(await run("end-sessions", owner.email, "--yes")).toMatchObject({ code: 0 });
    expect(await api("/api/session")).toMatchObject({ status: 401 });
  });

  it("migrates an installation whether it runs or not", async () => {
    expect(await run("migrate")).toMatchObject({ code: 0, err: expect.stringContaining("nothing to do") });
    await end(running!, "SIGTERM");
    running = undefined;
    expect(await run("status")).toMatchObject({ code: 5 });
    expect(await run("new-link", owner.email, "--yes")).toMatchObject({ code: 5 });
    const migrated = await run("migrate");
    expect(migrated).toMatchObject({ code: 0, err: expect.stringContaining("nothing to do") });
    expect(migrated.err).toContain("stopping the clusters");
  });
});

async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const { exit, said } = launch("scripts/fleethold.ts", ["--data", directory, ...args]);
  return { code: await exit, ...said };
}

async function setUp(token: string): Promise<void> {
  const headers = { authorization: `Setup ${token}` };
  const { body: enrolment } = await api("/api/setup/totp", { headers, json: { email: owner.email } });
  const place = { timeZone: "Europe/Berlin", street: null, postcode: null, city: null, position: null };
  const answer = await api("/api/setup", {
    headers,
    json: {
      company: { name: "Kestrel Couriers", timeZone: "Europe/Berlin", holidays: "DE" },
      owner: { ...owner, name: "Olive Harrow", ticket: enrolment.ticket, code: codeOf(enrolment.secret) },
      site: { name: "Harbour depot", ...place },
    },
  });
  expect(answer).toMatchObject({ status: 201 });
  cookie = answer.cookie;
}

async function api(
  path: string,
  { headers = {}, json }: { headers?: Record<string, string>; json?: unknown } = {},
) {
  const response = await fetch(`${url}${path}`, {
    method: json === undefined ? "GET" : "POST",
    headers: { "Content-Type": "application/json", "Sec-Fetch-Site": "same-origin", cookie, ...headers },
    body: json === undefined ? undefined : JSON.stringify(json),
  });
  const cookies = response.headers.getSetCookie().map((text) => text.split(";")[0]!).join("; ");
  return { status: response.status, body: await response.json(), cookie: cookies };
}
