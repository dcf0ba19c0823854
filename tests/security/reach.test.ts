import { beforeAll, describe, expect, it } from "vitest";
import { newId } from "../../server/platform/id.ts";
import { newOrder, useCompany } from "../harness/app.ts";
import { WorkingDay } from "../deliveries/day.ts";

const company = useCompany();
let day: WorkingDay;
beforeAll(async () => {
  day = await WorkingDay.at(company);
});

describe("a driver who had an order", () => {
  it("does not see it any more by sending an old step again once another driver has it", async () => {
    const other = await company.as("driver");
    const id = await day.orderThatIs("assigned");
    const accepted = newId();
    expect((await day.step(day.driver, id, "accepted", { id: accepted })).status).toBe(200);
    expect((await day.give([id], other.driverId)).body.assigned).toEqual([id]);
    expect((await day.step(day.driver, id, "accepted", { id: accepted })).status).toBe(404);
    expect((await day.undo(day.driver, id, accepted)).status).toBe(404);
  });

  it("does not see it by the step that somebody else took it away with", async () => {
    const id = await day.orderThatIs("accepted");
    const { body } = await day.step(day.dispatcher, id, "unassigned");
    expect((await day.step(day.driver, id, "unassigned", { id: body.steps.at(-1).id })).status).toBe(404);
  });
});

describe("taking a step back", () => {
  it("does not give the order to a driver who drives no longer", async () => {
    const leaving = await company.as("driver");
    const { id } = await day.order();
    await day.give([id], leaving.driverId);
    const { body } = await day.step(day.dispatcher, id, "unassigned");
    const { headers } = await day.dispatcher.get(`/api/drivers/${leaving.driverId}`);
    const left = await day.dispatcher.patch(`/api/drivers/${leaving.driverId}`, { active: false }, {
      "If-Match": headers.get("etag")!,
    });
    expect(left.status).toBe(200);
    expect((await day.undo(day.dispatcher, id, body.steps.at(-1).id)).body.slug).toBe("driver-inactive");
    expect((await day.look(id)).state).toBe("unassigned");
  });

  it("opens no work at a closed site, nor does taking the work up again", async () => {
    const owner = await company.as("owner");
    const { body: site } = await owner.post("/api/sites", { name: "Old quay", timeZone: "Europe/Berlin" });
    const { body: order } = await owner.post("/api/deliveries", newOrder(site.id));
    const { body } = await day.step(owner, order.id, "cancelled");
    await owner.patch(`/api/sites/${site.id}`, { active: false }, { "If-Match": `"${site.version}"` });
    expect((await day.undo(owner, order.id, body.steps.at(-1).id)).body.slug).toBe("site-closed");
    expect((await day.step(owner, order.id, "unassigned")).body.slug).toBe("site-closed");
  });
});

describe("a signature", () => {
  it("that is larger than any hand writes is refused", async () => {
    const id = await day.orderThatIs("arrived");
    const scribble = (strokes: number) =>
      Array.from({ length: strokes }, () => Array.from({ length: 2000 }, (): [number, number] => [1, 1]));
    const sign = (strokes: number) =>
      day.driver.put(`/api/deliveries/${id}/proofs/${newId()}`, { strokes: scribble(strokes) });
    expect((await sign(6)).body).toMatchObject({ slug: "bad-input", faults: [{ path: "strokes" }] });
    expect((await sign(5)).status).toBe(200);
  });
});
