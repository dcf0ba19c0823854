import { afterAll, beforeAll, expect, it } from "vitest";
import { planRestore, putBack, restore } from "../../backup/restore.ts";
import { noteTimeline } from "../../backup/live_timeline.ts";
import { nameMoment } from "../../backup/recoverable.ts";
import { Site, type Workshop } from "./site.ts";

/** A restore to the past and its undoing, as an operator does them one after the other on the same data. */
let site: Site, workshop: Workshop;
beforeAll(async () => {
  site = await Site.start();
  workshop = site.workshop();
  await workshop.do("full");
});
afterAll(() => site?.end());

const journal = async () =>
  (await site.sql<{ n: string }>("select n from journal order by n")).map(({ n }) => Number(n));

async function whileStopped(act: () => Promise<unknown>): Promise<void> {
  await site.stopCluster("data");
  await act();
  await site.startCluster("data");
  // What the service does in every round.
  await workshop.standing.data.lookAtLog();
}
/** To a named moment, whose time nobody has to wait for here, or to the latest one. */
const restoreTo = (name?: string) =>
  whileStopped(async () => {
    const plan = await planRestore(site.parts, "data", "latest");
    await restore(site.parts, name ? { ...plan, until: { type: "name", name } } : plan, () => {});
  });
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

it("after a restore that was undone, the latest moment is that of the data people went on with", async () => {
  await site.write(5);
  await nameMoment(site.parts, "before the mistake");
  await site.archived(await site.write(5));

  await restoreTo("before the mistake");
  expect(await journal()).toEqual(range(1, 5));
  // Written on the restored branch, and on the live one once that was undone: both are in the archive from then on.
  await site.archived(await site.write(1, 900));
  // As the service does first of all after a restore.
  const { label } = await workshop.do("full");
  await site.archived(await site.write(1, 901));

  await whileStopped(() => putBack(site.parts, "data"));
  expect(await journal()).toEqual(range(1, 10));
  await site.archived(await site.write(3));
  expect([...await site.restored()].sort((a, b) => a - b)).toEqual(range(1, 13));

  expect((await workshop.labels()).at(-1)).toBe(label);

  // A backup of it, and what came after, too.
  await workshop.do("full");
  await site.archived(await site.write(2));
  expect([...await site.restored()].sort((a, b) => a - b)).toEqual(range(1, 15));
  const { drill } = await workshop.do("drill");
  expect(drill).toBeDefined();
});

it("a restore whose undoing is undone goes on where the restored data was", async () => {
  await nameMoment(site.parts, "before another one");
  await site.archived(await site.write(5));
  await restoreTo("before another one");
  await site.archived(await site.write(1, 800));
  await whileStopped(() => putBack(site.parts, "data"));
  await whileStopped(() => putBack(site.parts, "data"));
  expect(await journal()).toEqual([...range(1, 15), 800]);
  await site.archived(await site.write(1, 801));
  expect([...await site.restored()].sort((a, b) => a - b)).toEqual([...range(1, 15), 800, 801]);
});

it("a cluster that is lost right after a restore comes back as it was then", async () => {
  await site.write(1, 810);
  await restoreTo();
  const segment = await site.write(1, 820);
  await site.archived(segment);
  await site.loseCluster();
  await site.bringBack();
  expect(await journal()).toEqual([...range(1, 15), 800, 801, 810, 820]);
});

it("where no backup leads to the latest moment, it is refused rather than another branch taken for it", async () => {
  const { files, places } = site.parts;
  const { systemId } = await site.parts.data.position();
  // A branch whose beginning never reached the repository.
  await noteTimeline(files, places.repository("data"), { systemId, timeline: 99 });
  await expect(site.restored()).rejects.toThrow("No backup leads to where the cluster was last");
});
