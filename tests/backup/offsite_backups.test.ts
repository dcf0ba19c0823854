import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { RestoredCopy } from "../../backup/restored_copy.ts";
import { takeSnapshot } from "../../backup/snapshot.ts";
import { Backups, missing, programsOf, targets } from "./offsite_targets.ts";
import { pause, Site } from "./site.ts";

let lacking: string;
let site: Site;
let backups: Backups;

beforeAll(async () => {
  lacking = await missing(...programsOf.folder);
  if (lacking) return;
  site = await Site.start();
  backups = await Backups.make();
  // What comes back is read by PostgreSQL's account.
  await Deno.chmod(backups.directory, 0o755);
});
afterAll(async () => {
  await site?.end();
  await backups?.remove();
});

it(
  "every backup in a copy restores with all rows, though backups and log went on while it was copied",
  async ({ skip }) => {
    if (lacking) skip(`not installed: ${lacking}`);
    const { places } = site.parts;
    const workshop = site.workshop();
    await workshop.do("full");
    await workshop.do("full", "keys");
    const target = await targets.folder(backups.directory);
    const copy = async () => {
      expect(await takeSnapshot(site.parts)).toBe(true);
      return await backups.run(target, ["copy"], { FLEETHOLD_OFFSITE_SNAPSHOT: places.repositories });
    };
    let isOver = false;
    const writing = (async () => {
      for (; !isOver; await pause(300)) await site.write(100);
    })();
    for (const kind of ["diff", "full", "diff"] as const) {
      const copying = copy();
      await workshop.do(kind);
      expect(await copying).toMatchObject({ code: 0, err: "" });
    }
    isOver = true;
    await writing;
    await site.archived(await site.write(1));
    const rows = await site.sql<{ n: string }>("select n from journal");
    expect((await copy()).code).toBe(0);

    const into = join(backups.directory, "fetched");
    expect((await backups.run(target, ["fetch", "--into", into])).code).toBe(0);
    const labels = await workshop.labels();
    expect(labels.length).toBeGreaterThanOrEqual(4);
    for (const label of labels) {
      const restored = await RestoredCopy.restore({
        use: "drill",
        cluster: "data",
        repository: join(into, "data"),
        streamed: undefined,
        into: join(places.scratch, "fetched"),
        until: { type: "latest" },
        label,
      }, site.parts);
      try {
        await restored.start();
        const client = await restored.connect();
        expect((await client.query("select n from journal")).rows).toHaveLength(rows.length);
        await client.end();
      } finally {
        await restored.discard();
      }
    }
  },
  400_000,
);
