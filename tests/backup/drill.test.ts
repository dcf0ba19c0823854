import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { drill, DrillFailed } from "../../backup/drill.ts";
import type { Mark } from "../../backup/live.ts";
import { newId } from "../../server/platform/id.ts";
import { mountSmall, pause, Site, until, type Workshop } from "./site.ts";

let site: Site, workshop: Workshop;
beforeAll(async () => {
  site = await Site.start();
  workshop = site.workshop();
  await workshop.do("full");
  await workshop.do("full", "keys");
  await site.write(500);
  await site.sql("insert into accounts (id, person_id, role, sealed) values ($1, $2, 'manager', '\\x00')", [
    newId(),
    newId(),
  ]);
  await site.sql(
    "insert into audit_entries (act, actor, detail) select 'test', null, '{}' from generate_series(1, 20)",
  );
});
afterAll(() => site?.end());

describe("a drill", () => {
  it("finds a quiet moment among fifty changes a second, and everything as it was then", async () => {
    const writers = write(50);
    onTestFinished(() => writers.stop());
    const [{ drill: figures }] = await Promise.all([workshop.do("drill"), answer({ opened: true })]);
    expect(writers.count()).toBeGreaterThan(100);
    expect(figures).toMatchObject({ differing: [], trailSame: true, sealedOpened: true, trailEntries: 20 });
    expect(figures!.rows).toBeGreaterThan(500);
    expect(workshop.steps).toEqual([
      "marking",
      "restoring",
      "replaying",
      "checking",
      "comparing",
      "checking",
      "clearing",
    ]);
    expect(await copies()).toEqual([]);
  });

  it("fails by naming each thing that differs: rows, the trail, an index, a value that does not open", async () => {
    await site.sql("create function twist(n bigint) returns bigint immutable language sql as 'select n'");
    await site.sql("create index journal_twisted on journal (twist(n))");
    await site.sql(
      "create or replace function twist(n bigint) returns bigint immutable language sql as 'select -n'",
    );
    const mark = (await markNow())!;
    mark.census.rows["public.journal"]! += 1;
    mark.census.rows["public.vanished"] = 3;
    mark.census.trail!.sum = "1";
    const [failure] = await Promise.all([
      order(mark).catch((error) => error),
      answer({ opened: false, reason: "damaged" }),
    ]);
    expect(failure).toBeInstanceOf(DrillFailed);
    const rows = mark.census.rows["public.journal"]!;
    for (
      const fault of [
        "The restored copy is not sound: ",
        "journal_twisted",
        `public.journal has ${rows - 1} rows and should have ${rows}`,
        "public.vanished has no rows and should have 3",
        "the audit trail differs from the live one at the same moment",
        "a sealed value does not open with the present keys",
      ]
    ) expect(failure.message).toContain(fault);
    expect(await copies()).toEqual([]);
    await site.sql("drop function twist cascade");
    await site.archived(await site.write(1));
  });

  it("compares nothing where no quiet moment came, and says nothing of somebody whose key is gone", async () => {
    const [figures] = await Promise.all([order(null), answer({ opened: null, reason: "key-gone" })]);
    expect(figures).toMatchObject({ differing: null, trailSame: null, sealedOpened: null });
  });

  it("notices that the log does not reach its mark", async () => {
    const mark = (await markNow())!;
    await expect(order({ ...mark, name: "never marked" })).rejects.toThrow(
      "recovery ended before configured recovery target was reached",
    );
    expect(await copies()).toEqual([]);
  });

  it("is refused where there is too little room for it, before it begins", async (context) => {
    const whyNot = await mountSmall(site, site.parts.places.scratch, 100);
    context.skip(whyNot !== undefined, whyNot);
    await expect(order(null)).rejects.toThrow(
      /^A drill needs 1\.1 GB and 0\.1 GB are free where throw-away copies go; free some space$/,
    );
  });
});

/** Marks now, with the log up to it in the repository. */
async function markNow(): Promise<Mark | null> {
  const mark = await site.parts.data.mark(`test-${crypto.randomUUID()}`);
  const { segment } = await site.parts.data.position();
  await site.parts.data.switchSegment();
  await site.archived(segment);
  return mark;
}

async function order(mark: Mark | null) {
  const { places } = site.parts;
  return await drill(site.parts, {
    cluster: "data",
    repository: places.repository("data"),
    streamed: places.streamed("data"),
    mark,
    step: () => {},
    signal: new AbortController().signal,
  });
}

/** Answers one sample as the worker does, who alone holds the keys. */
async function answer(
  { opened, reason = null }: { opened: boolean | null; reason?: string | null },
): Promise<void> {
  await until("a sample waits for the worker", async () =>
    (await site.sql(
      "update backup_samples set opened = $1, reason = $2 where place like 'accounts/%' returning id",
      [opened, reason],
    )).length > 0, 200_000);
}

/** Throw-away clusters that are still there. */
async function copies(): Promise<string[]> {
  return await Array.fromAsync(Deno.readDir(join(site.parts.places.scratch)), ({ name }) => name);
}

/** So many changes a second. */
function write(rate: number) {
  let count = 0, isEnding = false;
  const working = (async () => {
    const client = await site.clusters.data!.connect("fleethold");
    for (const began = performance.now(); !isEnding;) {
      await client.query("insert into journal values ($1, 'at work')", [1_000_000 + count++]);
      await pause(Math.max(0, began + count * 1_000 / rate - performance.now()));
    }
    await client.end();
  })();
  return {
    count: () => count,
    async stop() {
      isEnding = true;
      await working;
    },
  };
}
