import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  Backups,
  missing,
  programsOf,
  rest,
  sftp,
  targets,
  type TestTarget,
  until,
} from "./offsite_targets.ts";

let backups: Backups;
let lacking: string;
let server: TestTarget;
let host: TestTarget;

beforeAll(async () => {
  lacking = await missing(...programsOf.rest, ...programsOf.sftp);
  if (lacking) return;
  backups = await Backups.make(500_000);
  server = await rest(backups.directory, ["--append-only"]);
  host = await sftp(backups.directory);
}, 60_000);

afterAll(async () => {
  await server?.stop();
  await host?.stop();
  await backups?.remove();
});

describe("what is wrong is said in a sentence with the next step", () => {
  const told = async (target: TestTarget, more: Record<string, string> = {}) => {
    const { code, err } = await backups.run(target, ["copy"], more);
    expect(code).toBe(6);
    expect((await backups.status()).failure).toBe(err.trim());
    return err;
  };

  it("a password that the server does not take", async ({ skip }) => {
    if (lacking) skip(`not installed: ${lacking}`);
    await withFile(join(server.credentials, "rest_password"), "wrong", async () => {
      const said = await told(server);
      expect(said).toContain("refused the credentials");
      expect(said).not.toContain("wrong");
    });
  }, 60_000);

  it("a file of credentials that is missing", async ({ skip }) => {
    if (lacking) skip(`not installed: ${lacking}`);
    await withFile(join(server.credentials, "rest_password"), "", async () => {
      expect(await told(server)).toContain("lack the file rest_password");
    });
  });

  it("a certificate that nobody here trusts", async ({ skip }) => {
    if (lacking) skip(`not installed: ${lacking}`);
    expect(await told(server, { FLEETHOLD_OFFSITE_CACERT: "" })).toContain("is not trusted");
  }, 120_000);

  it("another offsite key than the copies were made with", async ({ skip }) => {
    if (lacking) skip(`not installed: ${lacking}`);
    expect((await backups.run(server, ["copy"])).err).toContain(
      "does not let the sidecar delete copies of the keys",
    );
    await backups.go();
    await withFile(join(backups.directory, "offsite_key"), "another", async () => {
      expect(await told(server)).toContain("were encrypted under another key");
    });
  }, 120_000);

  it("a host key that is not known, or another than the known one", async ({ skip }) => {
    if (lacking) skip(`not installed: ${lacking}`);
    const path = join(host.credentials, "known_hosts");
    const known = await Deno.readTextFile(path);
    await withFile(path, "# none\n", async () => {
      expect(await told(host)).toContain("The host key of sftp://");
    });
    const other = await Deno.readTextFile(join(host.credentials, "ssh_key.pub"));
    await withFile(
      path,
      known.replace(/ssh-ed25519 \S+/, other.split(" ").slice(0, 2).join(" ")),
      async () => {
        expect(await told(host)).toContain("another host key than the one that is known");
      },
    );
  }, 60_000);

  it("a key that the SFTP server does not know", async ({ skip }) => {
    if (lacking) skip(`not installed: ${lacking}`);
    await withFile(join(host.credentials, "ssh_key.pub"), "# nobody\n", async () => {
      expect(await told(host)).toContain("refused the credentials");
    });
  }, 60_000);

  it("copies that are gone, which are not begun anew by themselves", async ({ skip }) => {
    if (lacking) skip(`not installed: ${lacking}`);
    const folder = await targets.folder(backups.directory);
    expect((await backups.run(folder, ["copy"])).code).toBe(0);
    await folder.stop();
    await backups.go();
    expect(await told(folder)).toMatch(/^The copies at the folder .* are gone/);
    expect([...Deno.readDirSync(folder.files)]).toEqual([]);
    expect((await backups.run(folder, ["anew"])).code).toBe(0);
    expect((await backups.run(folder, ["copy"])).code).toBe(0);
  }, 120_000);
});

describe("a server that is away for a while", () => {
  it("costs nothing here, is told, and gets everything once it is back", async ({ skip }) => {
    if (lacking) skip(`not installed: ${lacking}`);
    await server.stop();
    const more = {
      FLEETHOLD_OFFSITE_EVERY: "10s",
      FLEETHOLD_OFFSITE_CACHE: join(backups.directory, "cache-served"),
      FLEETHOLD_OFFSITE_LOOKED: join(backups.directory, "status/looked"),
    };
    const child = backups.start(server, ["serve"], more);
    try {
      await until("the outage is told", async () => {
        const status = await backups.status();
        return status.failureKind === "unreachable" && status.next !== null;
      }, 130);
      const { next, failure } = await backups.status();
      expect(failure).toContain("cannot be reached");
      // Never tighter than a minute.
      expect(Date.parse(next!) - Date.now()).toBeGreaterThan(40_000);
      await server.start();
      await backups.go();
      await until("it has caught up", async () => {
        const { lastCopyAt } = await backups.status();
        return lastCopyAt !== null && Date.parse(lastCopyAt) > Date.parse(next!);
      }, 150);
    } finally {
      child.kill("SIGTERM");
      expect((await child.output()).code).toBe(0);
    }
    expect(await Deno.stat(join(backups.directory, "status/looked"))).toBeTruthy();
    const into = join(backups.directory, "fetched");
    expect((await backups.run(server, ["fetch", "--into", into])).code).toBe(0);
    expect(await backups.differences(into)).toBe("");
  }, 360_000);
});

/** The file holds something else meanwhile; nothing: it is not there. */
async function withFile(path: string, text: string, work: () => Promise<void>): Promise<void> {
  const before = await Deno.readTextFile(path);
  if (text) await Deno.writeTextFile(path, text);
  else await Deno.remove(path);
  try {
    await work();
  } finally {
    await Deno.writeTextFile(path, before, { mode: 0o600 });
  }
}
