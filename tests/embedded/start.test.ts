import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { childrenOf, isAlive } from "../../scripts/embedded/processes.ts";
import { freePorts } from "../../scripts/embedded/ports.ts";
import {
  end,
  eventually,
  launch as launchScript,
  type Launched,
  startInstallation,
} from "../harness/launcher.ts";

/** How each part is told apart in the list of processes. */
const signs: Record<string, string> = {
  serve: "server/main.ts serve",
  work: "server/main.ts work",
  outbound: "server/main.ts outbound",
  "data cluster": "/data/pgdata",
  "keys cluster": "/keys/pgdata",
  backup: "backup/main.ts run",
};

/** The launcher under trial; a test that ends it leaves undefined, and the next one gets a new one. */
let running: Launched | undefined;
let directory: string;
let web: string;
let port: number;

beforeAll(async () => {
  directory = await Deno.makeTempDir({ prefix: "fleethold-start-" });
  web = await Deno.makeTempDir({ prefix: "fleethold-web-" });
  await Deno.writeTextFile(join(web, "index.html"), "<!doctype html><title>Fleethold</title>");
  [port] = freePorts(1) as [number];
});

beforeEach(async () => {
  running ??= await startAndWait();
});

afterAll(async () => {
  if (running) await end(running, "SIGTERM");
  for (const path of [directory, web]) await Deno.remove(path, { recursive: true });
});

describe("the embedded start", () => {
  it("prints one ready line and a set-up link that works once", () => {
    const { said } = running!;
    expect(said.out.match(/^ready .*$/gm)).toEqual([`ready http://127.0.0.1:${port}`]);
    expect(said.out).toMatch(
      new RegExp(`^set-up: http://127.0.0.1:${port}/setup#[\\w-]{43} \\(works once\\)$`, "m"),
    );
  });

  it("keeps its secrets from everybody else on the machine", async () => {
    expect((await Deno.stat(join(directory, "secrets"))).mode! & 0o777).toBe(0o700);
    for await (const { name } of Deno.readDir(join(directory, "secrets"))) {
      expect((await Deno.stat(join(directory, "secrets", name))).mode! & 0o777, name).toBe(0o600);
    }
  });

  it("refuses a second start on the same data and says where the first one answers", async () => {
    const second = launch();
    expect(await second.exit).toBe(1);
    expect(second.said.err).toContain(
      `process ${running!.process.pid} serves it at http://127.0.0.1:${port}`,
    );
  });

  it("refuses a port that another program uses", async () => {
    const elsewhere = await Deno.makeTempDir();
    const refused = launch("--data", elsewhere);
    expect(await refused.exit).toBe(1);
    expect(refused.said.err).toContain(`Port ${port} is in use`);
    await Deno.remove(elsewhere, { recursive: true });
  });

  it.each(Object.keys(signs))("survives that %s is killed", async (part) => {
    const launcher = running!;
    const victim = (await childrenOf(launcher.process.pid)).find(({ command }) =>
      command.includes(signs[part]!)
    )!;
    Deno.kill(victim.pid, "SIGKILL");
    await eventually(() => launcher.said.err.includes(`${part.split(" ")[0]} ended (killed by SIGKILL)`));
    await eventually(async () =>
      (await childrenOf(launcher.process.pid)).some(({ command }) => command.includes(signs[part]!))
    );
    await eventually(() => answers("/healthz"));
    await eventually(() => answers("/readyz"));
  });

  it("stops everything on Ctrl-C and continues where it was when it is started again", async () => {
    // The worker follows the death of a cluster and may be on its way back.
    await eventually(async () => {
      const commands = (await childrenOf(running!.process.pid)).map(({ command }) => command);
      return Object.values(signs).every((sign) => commands.some((command) => command.includes(sign)));
    });
    const children = await childrenOf(running!.process.pid);
    const token = await Deno.readTextFile(join(directory, "secrets/setup_token"));
    expect(await end(running!, "SIGINT")).toBe(0);
    running = undefined;
    expect(children.filter(({ pid }) => isAlive(pid))).toEqual([]);
    running = await startAndWait();
    expect(running.said.out).toContain(token);
  });

  it("starts again after the launcher itself was killed, and nothing of the first one is left", async () => {
    const children = await childrenOf(running!.process.pid);
    await end(running!, "SIGKILL");
    running = undefined;
    running = await startAndWait();
    expect(children.filter(({ pid }) => isAlive(pid))).toEqual([]);
  });

  it("refuses to start when the key to the stored data is gone", async () => {
    await end(running!, "SIGTERM");
    running = undefined;
    const key = join(directory, "secrets/master_key");
    await Deno.rename(key, `${key}.lost`);
    const refused = launch();
    expect(await refused.exit).toBe(4);
    expect(refused.said.err).toContain(`${key} is missing`);
    await Deno.rename(`${key}.lost`, key);
  });

  it.each(["creating the data cluster", "bringing the databases"])(
    "completes a first start that was killed while %s",
    async (moment) => {
      const fresh = await Deno.makeTempDir({ prefix: "fleethold-start-" });
      const flags = ["--data", fresh, "--port", String(freePorts(1)[0])];
      const killed = launch(...flags);
      await eventually(() => killed.said.err.includes(moment));
      await end(killed, "SIGKILL");
      const second = launch(...flags);
      await eventually(() => second.said.out.includes("ready "));
      expect(await end(second, "SIGINT")).toBe(0);
      await Deno.remove(fresh, { recursive: true });
    },
  );

  it("explains itself, and refuses what it does not know", async () => {
    const help = launch("--help");
    expect(await help.exit).toBe(0);
    expect(help.said.out).toContain("Exit codes");
    const unknown = launch("--prot");
    expect(await unknown.exit).toBe(2);
    expect(unknown.said.err).toContain("--prot");
    expect(await launch("--port", "70000").exit).toBe(2);
  });
});

const launch = (...flags: string[]) =>
  launchScript("scripts/start.ts", [...usual(), ...flags], { FLEETHOLD_WEB_DIR: web });
const startAndWait = () => startInstallation(usual(), { FLEETHOLD_WEB_DIR: web });
const usual = () => ["--port", String(port), "--data", directory];

async function answers(path: string): Promise<boolean> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}${path}`);
    await response.body?.cancel();
    return response.status === 200;
  } catch {
    return false;
  }
}
