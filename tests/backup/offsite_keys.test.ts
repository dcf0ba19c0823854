import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Backups, missing, programsOf, rest, targets, type TestTarget } from "./offsite_targets.ts";

let lacking: string;
let backups: Backups;
let folder: TestTarget;

beforeAll(async () => {
  lacking = await missing(...programsOf.folder);
  backups = await Backups.make(500_000);
  folder = await targets.folder(backups.directory);
});
afterAll(() => backups.remove());

const ago = (hours: number) => new Date(Date.now() - hours * 3_600_000);

/** A copy of the keys as it would have been made so many hours ago, of a file that no other copy has. */
async function copyKeysAt(target: TestTarget, hours: number): Promise<void> {
  const file = join(backups.directory, `erased-${hours}`);
  await Deno.writeFile(file, crypto.getRandomValues(new Uint8Array(50_000)));
  const time = ago(hours).toISOString().replace("T", " ").slice(0, 19);
  const { code, err } = await backups.restic(target, "keys", [
    ...["backup", "--host", "fleethold", "--tag", "copy", "--time", time, file],
  ]);
  if (code !== 0) throw new Error(err);
}

it(
  "copies of the keys older than 40 hours are gone from the target, with all that only they held",
  async ({ skip }) => {
    if (lacking) skip(`not installed: ${lacking}`);
    await backups.run(folder, ["copy"]);
    for (const hours of [100, 73, 41, 20]) await copyKeysAt(folder, hours);
    const before = await bytesOf(join(folder.files, "fleethold-keys"));
    await backups.pruneAnew();
    expect((await backups.run(folder, ["copy"])).code).toBe(0);
    const { keys } = JSON.parse((await backups.run(folder, ["list", "--json"])).out) as {
      keys: { time: string }[];
    };
    expect(keys).toHaveLength(2);
    const { oldestKeysAt } = await backups.status();
    expect(Date.parse(oldestKeysAt!)).toBeGreaterThan(ago(21).getTime());
    // Not only hidden: the bytes are gone.
    expect(before - await bytesOf(join(folder.files, "fleethold-keys"))).toBeGreaterThan(140_000);
  },
  120_000,
);

it("the last copy of the keys stays, however old it is", async ({ skip }) => {
  if (lacking) skip(`not installed: ${lacking}`);
  const own = { FLEETHOLD_OFFSITE_CACHE: join(backups.directory, "cache-old") };
  const target = await targets.folder(join(backups.directory, "old"));
  await backups.run(target, ["copy"], own);
  const { keys: [first] } = JSON.parse((await backups.run(target, ["list", "--json"], own)).out);
  await copyKeysAt(target, 90);
  await backups.restic(target, "keys", ["forget", first.id]);
  await backups.run(target, ["copy"], own);
  const { keys } = JSON.parse((await backups.run(target, ["list", "--json"], own)).out);
  expect(keys).toHaveLength(1);
  expect(Date.parse((await backups.status()).oldestKeysAt!)).toBeLessThan(ago(72).getTime());
}, 120_000);

it(
  "a target that does not let go of the keys is told, and another one for the keys heals it",
  async ({ skip }) => {
    const lackingToo = await missing(...programsOf.rest);
    if (lacking || lackingToo) skip(`not installed: ${lacking || lackingToo}`);
    const directory = join(backups.directory, "append-only");
    const appendOnly = await rest(directory);
    const open = await rest(directory, [], "open");
    const own = { FLEETHOLD_OFFSITE_CACHE: join(directory, "cache") };
    try {
      await backups.run(appendOnly, ["copy"], own);
      expect(await backups.status()).toMatchObject({
        refusesDeletion: true,
        lastCopyAt: expect.any(String),
        failureKind: "refused",
        failure: expect.stringContaining("set FLEETHOLD_OFFSITE_KEYS to a place where it may"),
      });
      // One certificate for both, as one authority of the company would have signed them.
      const authority = join(directory, "authority.pem");
      const certificates = [appendOnly, open].map(({ env }) =>
        Deno.readTextFileSync(env.FLEETHOLD_OFFSITE_CACERT!)
      );
      await Deno.writeTextFile(authority, certificates.join("\n"));
      const { code } = await backups.run(appendOnly, ["copy"], {
        ...own,
        FLEETHOLD_OFFSITE_CACERT: authority,
        FLEETHOLD_OFFSITE_KEYS: open.address,
        FLEETHOLD_OFFSITE_KEYS_CREDENTIALS: open.credentials,
      });
      expect(code).toBe(0);
      expect(await backups.status()).toMatchObject({ failure: null, refusesDeletion: true });
    } finally {
      await appendOnly.stop();
      await open.stop();
    }
  },
  180_000,
);

it("copies come back for a drill when asked, and go once the drill is done", async ({ skip }) => {
  if (lacking) skip(`not installed: ${lacking}`);
  const returned = join(backups.directory, "returned");
  // The first pass brought them back: it was due.
  const first = JSON.parse(await Deno.readTextFile(join(returned, "returned.json")));
  const finish = async (at: string) => {
    await Deno.writeTextFile(join(backups.repositories, "returned.done"), JSON.stringify({ at }));
    await backups.run(folder, ["copy"]);
  };
  await finish(first.at);
  expect([...Deno.readDirSync(returned)]).toEqual([]);

  await Deno.writeTextFile(join(backups.repositories, "return.request"), new Date().toISOString());
  await backups.go();
  await backups.run(folder, ["copy"]);
  const second = JSON.parse(await Deno.readTextFile(join(returned, "returned.json")));
  expect(second.at > first.at).toBe(true);
  expect(await backups.differences(returned)).toBe("");
  // What the drill is not done with stays, and the same request is answered once.
  await backups.run(folder, ["copy"]);
  expect(JSON.parse(await Deno.readTextFile(join(returned, "returned.json"))).at).toBe(second.at);
  await finish(second.at);
  expect([...Deno.readDirSync(returned)]).toEqual([]);
}, 180_000);

async function bytesOf(path: string): Promise<number> {
  const { stdout } = await new Deno.Command("find", { args: [path, "-type", "f", "-printf", "%s\n"] })
    .output();
  return new TextDecoder().decode(stdout).trim().split("\n").reduce((sum, size) => sum + Number(size), 0);
}
