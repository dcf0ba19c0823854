import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  Backups,
  missing,
  programsOf,
  rest,
  s3,
  sftp,
  type TargetName,
  type TestTarget,
} from "./offsite_targets.ts";

let backups: Backups;

beforeAll(async () => {
  backups = await Backups.make(1_000_000);
});
afterAll(() => backups.remove());

describe.each([["rest", rest], ["s3", s3]] as const)(
  "whoever has broken into this host, with copies at %s",
  (name, start) => {
    let lacking: string;
    let target: TestTarget;
    const own = { FLEETHOLD_OFFSITE_CACHE: "" };

    beforeAll(async () => {
      lacking = await missing(...programsOf[name]);
      if (lacking) return;
      target = await start(backups.directory);
      own.FLEETHOLD_OFFSITE_CACHE = join(backups.directory, `cache-${name}`);
    }, 60_000);
    afterAll(() => target?.stop());

    it("cannot delete a copy with what lies here", async ({ skip }) => {
      if (lacking) skip(`not installed: ${lacking}`);
      await backups.run(target, ["copy"], own);
      expect(await backups.status()).toMatchObject({
        refusesDeletion: true,
        deletionTriedAt: expect.any(String),
      });

      const copies = JSON.parse((await backups.run(target, ["list", "--json"], own)).out);
      const attempt = await backups.restic(target, "data", ["forget", "--prune", copies.data[0].id]);
      expect(attempt.err).toMatch(/403|Access Denied/);
      const after = JSON.parse((await backups.run(target, ["list", "--json"], own)).out);
      expect(after.data).toEqual(copies.data);

      const into = join(backups.directory, `fetched/${name}`);
      expect((await backups.run(target, ["fetch", "--into", into], own)).code).toBe(0);
      expect(await backups.differences(into)).toBe("");
    }, 180_000);
  },
);

/** What it is, what it needs, and what becomes of an object that the sidecar tries to destroy there. */
const unprotected: [string, TargetName, (directory: string) => Promise<TestTarget>, string][] = [
  ["a plain SFTP account", "sftp", sftp, "deleted"],
  [
    "an SFTP account that may not remove but still write over",
    "sftp",
    (directory) => sftp(join(directory, "limited"), "internal-sftp -P remove,rmdir"),
    "overwritten",
  ],
  ["a REST server that is not append-only", "rest", (directory) => rest(directory, [], "open"), "deleted"],
];

describe("a target that protects nothing is told as one", () => {
  it.for(unprotected)("%s", { timeout: 240_000 }, async ([, name, start, fate], { skip }) => {
    const lacking = await missing(...programsOf[name]);
    if (lacking) skip(`not installed: ${lacking}`);
    const target = await start(backups.directory);
    const own = { FLEETHOLD_OFFSITE_CACHE: join(backups.directory, `cache-${crypto.randomUUID()}`) };
    try {
      await backups.run(target, ["copy"], own);
      expect((await backups.status()).refusesDeletion).toBe(false);
      const { code, out } = await backups.run(target, ["check-target"], own);
      expect(code).toBe(6);
      expect(out).toContain(`wrong: what was copied can be ${fate} with the sidecar's own credentials`);
    } finally {
      await target.stop();
    }
  });
});
