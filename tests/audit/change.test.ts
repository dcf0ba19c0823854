import { sql } from "kysely";
import { expect, it } from "vitest";
import { newId } from "../../server/platform/id.ts";
import { useCompany } from "../harness/app.ts";

const company = useCompany();

async function counted() {
  const { rows: [row] } = await sql<{ entries: number; jobs: number; vehicles: number }>`
    select (select count(*) from audit_entries) as entries, (select count(*) from vehicles) as vehicles,
      (select count(*) from graphile_worker._private_jobs) as jobs`.execute(company.services.db);
  return row!;
}

const addVehicle = (change: Parameters<Parameters<typeof company.change>[0]>[0]) =>
  change.tx.insertInto("vehicles").values({
    id: newId(),
    siteId: company.here,
    name: "Van",
    plate: null,
    kind: "van",
    capacityKg: null,
    capacityUnits: null,
  }).execute();

it("a change that recorded nothing is rolled back", async () => {
  const before = await counted();
  await expect(company.change((change) => addVehicle(change))).rejects.toThrow("recorded nothing");
  expect(await counted()).toEqual(before);
});

it("the write, its entry and its job stand or fall together", async () => {
  const before = await counted();
  await expect(company.change(async (change) => {
    await addVehicle(change);
    change.record("vehicle.created", {});
    change.enqueue("search.rebuild", {});
    throw new Error("something goes wrong last");
  })).rejects.toThrow("wrong last");
  expect(await counted()).toEqual(before);
  await company.change(async (change) => {
    await addVehicle(change);
    change.record("vehicle.created", {});
    change.enqueue("search.rebuild", {});
  });
  expect(await counted()).toEqual({
    entries: before.entries + 1,
    jobs: before.jobs + 1,
    vehicles: before.vehicles + 1,
  });
});

it("a change that meets a deadlock is run again from the start", async () => {
  let runs = 0;
  await company.change(async (change) => {
    change.record("vehicle.tried", {});
    if (++runs === 1) {
      await sql`do $$ begin raise exception 'deadlock' using errcode = '40P01'; end $$`.execute(change.tx);
    }
  });
  expect(runs).toBe(2);
});
