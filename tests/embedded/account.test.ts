import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { ownedDirectory, unprivilegedAccount, writeAs } from "../../scripts/embedded/account.ts";

describe.skipIf(Deno.uid() !== 0)("a file that root has written into PostgreSQL's directory", () => {
  it("belongs to PostgreSQL's account and to nobody else", async () => {
    const { account, directory } = await place();
    const path = join(directory, "fleethold.conf");
    await writeAs(account, path, "port = 1\n");
    const { uid, mode } = await Deno.stat(path);
    expect([uid, mode! & 0o777]).toEqual([account.uid, 0o600]);
    expect(await Deno.readTextFile(path)).toBe("port = 1\n");
  });

  it("does not end up where a link leads that somebody who broke into PostgreSQL put there", async () => {
    const { account, directory, root } = await place();
    const treasure = join(root, "shadow");
    await Deno.writeTextFile(treasure, "root:*", { mode: 0o600 });
    await Deno.symlink(treasure, join(directory, "fleethold.conf"));
    await expect(writeAs(account, join(directory, "fleethold.conf"), "port = 1\n")).rejects.toThrow(
      "Cannot write",
    );
    expect(await Deno.readTextFile(treasure)).toBe("root:*");
    expect((await Deno.stat(treasure)).uid).toBe(0);
  });
});

async function place() {
  const root = await Deno.makeTempDir({ prefix: "fleethold-account-test-" });
  onTestFinished(() => Deno.remove(root, { recursive: true }));
  await Deno.chmod(root, 0o755);
  const account = (await unprivilegedAccount())!;
  const directory = join(root, "data");
  await ownedDirectory(directory, account);
  return { account, directory, root };
}
