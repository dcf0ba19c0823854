import { expect, it } from "vitest";
import { newId } from "../../server/platform/id.ts";
import { newOrder, useCompany } from "../harness/app.ts";

const company = useCompany();

it("an order is made, found, assigned, driven, proven, completed, and all of it stands in the trail", async () => {
  const dispatcher = await company.as("dispatcher"), driver = await company.as("driver");
  const made = await dispatcher.post(
    "/api/deliveries",
    newOrder(company.here, { number: "#1042", requires: ["signature"] }),
  );
  expect(made.status, JSON.stringify(made.body)).toBe(201);
  const id = made.body.id;

  const found = await dispatcher.get("/api/deliveries?q=beispiel%20ahorn");
  expect(found.body.items.map((item: { id: string }) => item.id)).toEqual([id]);

  const given = await dispatcher.put("/api/deliveries/assignments", { ids: [id], driverId: driver.driverId });
  expect(given.body).toEqual({ assigned: [id], refused: [] });

  const stops = await driver.get("/api/driver/stops?day=2026-11-23");
  expect(stops.status, JSON.stringify(stops.body)).toBe(200);
  expect(stops.body.items[0]).toMatchObject({ id, onward: ["accepted"] });

  const step = (to: string, more = {}) =>
    driver.post(`/api/deliveries/${id}/steps`, {
      id: newId(),
      to,
      happenedAt: new Date().toISOString(),
      ...more,
    });
  for (const to of ["accepted", "loaded", "in-transit", "arrived"]) expect((await step(to)).status).toBe(200);
  expect(await step("completed", { outcome: "recipient" })).toMatchObject({
    status: 409,
    body: { slug: "proof-missing" },
  });
  const signature = { strokes: [[[0, 0], [500, 500]]] };
  expect((await driver.put(`/api/deliveries/${id}/proofs/${newId()}`, signature)).status).toBe(200);
  const done = await step("completed", { outcome: "recipient" });
  expect(done.body).toMatchObject({ state: "completed", outcome: "recipient" });

  const trail = await company.services.db.selectFrom("auditEntries").select("act").orderBy("id").execute();
  expect(trail.map((entry) => entry.act)).toEqual(expect.arrayContaining([
    "delivery.created",
    "delivery.read",
    "delivery.assigned",
    "delivery.accepted",
    "request.refused",
    "delivery.proof-added",
    "delivery.completed",
  ]));
});
