import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  Backups,
  killAll,
  missing,
  programsOf,
  type TargetName,
  targets,
  type TestTarget,
  until,
} from "./offsite_targets.ts";

/** Copies, changes, is killed, goes on, gives back and is damaged: the same at every kind of target. */
describe.each(["folder", "sftp", "rest", "s3"] satisfies TargetName[])(
  "copies at a target of the kind %s",
  (name) => {
    let lacking: string;
    let backups: Backups;
    let target: TestTarget;

    beforeAll(async () => {
      lacking = await missing(...programsOf[name]);
      if (lacking) return;
      backups = await Backups.make();
      target = await targets[name](backups.directory);
    }, 120_000);

    afterAll(async () => {
      await target?.stop();
      await backups?.remove();
    });

    it("are made, also when the first attempt is killed in the middle", async ({ skip }) => {
      if (lacking) skip(`not installed: ${lacking}`);
      const child = backups.start(target, ["copy"], { FLEETHOLD_OFFSITE_RATE: "500" });
      const packs = () => count(target.files, /[0-9a-f]{60}/);
      // A key and the first pack: it is on its way, and no copy is there yet.
      await until("something arrives", async () => await packs() >= 2, 100);
      await killAll(child);
      const { code, err } = await backups.run(target, ["copy"]);
      expect(err).toBe("");
      expect(code).toBe(0);
      expect(await backups.status()).toMatchObject({
        kind: name,
        failure: null,
        lastCopyAt: expect.any(String),
        lastFullVerifiedAt: expect.any(String),
        oldestKeysAt: expect.any(String),
        copies: 1,
      });
      expect((await backups.runs()).map(({ kind, outcome }) => `${kind} ${outcome}`)).toEqual([
        "offsite-verification done",
        "offsite-copy done",
      ]);
    }, 240_000);

    it("cost next to nothing while nothing is new, and what is new costs what it is", async ({ skip }) => {
      if (lacking) skip(`not installed: ${lacking}`);
      const before = await bytesOf(target.files);
      expect((await backups.run(target, ["copy"])).code).toBe(0);
      expect(await bytesOf(target.files) - before).toBeLessThan(1_000);
      await backups.go();
      expect((await backups.run(target, ["copy"])).code).toBe(0);
      const added = await bytesOf(target.files) - before;
      expect(added).toBeGreaterThan(120_000);
      expect(added).toBeLessThan(250_000);
    }, 120_000);

    it("come back as they were, byte by byte", async ({ skip }) => {
      if (lacking) skip(`not installed: ${lacking}`);
      const into = join(backups.directory, "fetched");
      const { code, out } = await backups.run(target, ["fetch", "--from", target.address, "--into", into]);
      expect(code).toBe(0);
      expect(JSON.parse(out)).toMatchObject({ into });
      expect(await backups.differences(into)).toBe("");
      const again = await backups.run(target, ["fetch", "--into", into]);
      expect(again.err).toContain("is not empty");
    }, 120_000);

    it("are found damaged when a single byte of them is another", async ({ skip }) => {
      if (lacking) skip(`not installed: ${lacking}`);
      await flipByte(target.files);
      await backups.remember({ verificationTriedAt: null, lastFullVerifiedAt: null });
      expect((await backups.run(target, ["copy"])).code).toBe(0);
      const { failure, lastFullVerifiedAt } = await backups.status();
      expect(failure).toContain("are damaged");
      expect(lastFullVerifiedAt).toBeNull();
      const run = (await backups.runs()).findLast(({ kind }) => kind === "offsite-verification")!;
      expect(run.outcome).toBe("failed");
      expect(run.figures.findings!.length).toBeGreaterThan(0);
    }, 120_000);
  },
);

/** The biggest file of the copies of the data is the one with the bundle. */
async function flipByte(folder: string): Promise<void> {
  const { stdout } = await new Deno.Command("find", {
    args: [folder, "-type", "f", "-path", "*fleethold-data*", "-printf", "%s %p\n"],
  }).output();
  const files = new TextDecoder().decode(stdout).trim().split("\n").map((line) =>
    line.split(" ") as [string, string]
  );
  const [, path] = files.toSorted((a, b) => Number(b[0]) - Number(a[0]))[0]!;
  await Deno.chmod(path, 0o600);
  const bytes = await Deno.readFile(path);
  bytes[100_000]! ^= 1;
  await Deno.writeFile(path, bytes);
}

async function bytesOf(folder: string): Promise<number> {
  const { stdout } = await new Deno.Command("find", { args: [folder, "-type", "f", "-printf", "%s\n"] })
    .output();
  return new TextDecoder().decode(stdout).trim().split("\n").reduce((sum, size) => sum + Number(size), 0);
}

async function count(folder: string, name: RegExp): Promise<number> {
  const { stdout } = await new Deno.Command("find", { args: [folder, "-type", "f"] }).output();
  return new TextDecoder().decode(stdout).split("\n").filter((path) => name.test(path)).length;
}
