import { afterAll, beforeAll, expect, it } from "vitest";
import { Site } from "./site.ts";

let site: Site;
beforeAll(async () => {
  site = await Site.start();
});
afterAll(() => site?.end());

it("of keys only the last backup is kept, so that an erased key is in none a day later", async () => {
  const workshop = site.workshop();
  const made = [];
  for (let day = 0; day < 3; day++) made.push((await workshop.do("full", "keys")).label!);
  expect(await workshop.labels("keys")).toEqual(made.slice(2));
  // What the older ones went on from went with them.
  const [oldest] = [
    ...(await site.parts.pgBackRest.archived(site.parts.places.repository("keys"), "keys")).keys(),
  ]
    .sort();
  const { backup } = await site.parts.pgBackRest.info(site.parts.pgBackRest.live("keys"));
  expect(oldest).toBe(backup[0]!.archive.start);
});
