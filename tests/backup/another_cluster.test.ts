import { afterAll, beforeAll, expect, it } from "vitest";
import { createLog } from "../../server/platform/log.ts";
import { Site, until } from "./site.ts";

/** One major of PostgreSQL is installed here; another cluster of the same one takes the same way as one of another. */
let site: Site;
beforeAll(async () => {
  site = await Site.start();
});
afterAll(() => site?.end());

it("another cluster in the same place is backed up whole, told, and the backups of the one before stay", async () => {
  const said: string[] = [];
  const parts = site.assemble(createLog("warn", "test", { write: (line: string) => void said.push(line) }));
  site.ending(() => Promise.all([parts.data.close(), parts.keys.close()]));
  const workshop = site.workshop({ parts });
  const receiver = site.receiver();
  receiver.start();
  await until("the log is received", () => receiver.failure === null);
  const before = (await workshop.do("full")).label!;
  await workshop.do("full", "keys");
  // A long log, so that the new one's segments have names that the old one's had.
  for (let count = 0; count < 6; count++) await site.archived(await site.write(10));

  await site.stopCluster("data");
  await Deno.rename(site.filesOf("data"), `${site.folder}/before`);
  await site.startCluster("data");
  await site.migrate();
  const { label } = await workshop.do("diff");
  expect(label).toMatch(/F$/);
  expect(await workshop.labels()).toEqual([before, label]);
  expect(said.join("")).toContain("this is another cluster than was backed up before; the old backups stay");

  const written = await site.write(25);
  await site.archived(written);
  await workshop.standing.data.lookAtRepository();
  await workshop.standing.data.lookAtLog();
  const { log, backups } = await workshop.standing.data.published();
  expect([log.gap, backups.length]).toEqual([null, 2]);
  expect(workshop.standing.data.gapSinceBackup).toBeNull();
  expect((await workshop.do("verification", null)).findings).toEqual([]);

  // Each is restored with its own log, although their segments' names are the same.
  await until("the log is received", () => receiver.failure === null);
  expect((await site.restored({ streamed: true })).size).toBe(25);
  expect((await site.restored({ streamed: true, label: before })).size).toBe(60);

  // What is missing of the new log is missed, although the old one has a segment of that name.
  await site.archived(await site.write(1));
  await Deno.remove(await site.fileOf(written));
  await workshop.standing.data.lookAtLog();
  expect(workshop.standing.data.gapSinceBackup).toBe(written);
  expect((await workshop.do("diff")).label).toMatch(/D$/);
});
