import { beforeAll, describe, expect, it } from "vitest";
import type { NewDelivery } from "../../server/deliveries/schema.ts";
import { newId } from "../../server/platform/id.ts";
import { type Caller, newOrder, useCompany } from "../harness/app.ts";
import { WorkingDay } from "./day.ts";

const company = useCompany();
let day: WorkingDay;
let elsewhere: Caller;
beforeAll(async () => {
  day = await WorkingDay.at(company);
  elsewhere = await company.as("dispatcher", [company.there]);
});

const somebody = (fields: Partial<NewDelivery["recipient"]>) => ({
  recipient: { ...newOrder(company.here).recipient, ...fields },
});

describe("an order's number", () => {
  it("is taken once at a site, and free at another", async () => {
    await day.order({ number: "#7001" });
    expect(await day.dispatcher.post("/api/deliveries", newOrder(company.here, { number: "#7001" })))
      .toMatchObject({ status: 409, body: { slug: "number-taken" } });
    expect((await elsewhere.post("/api/deliveries", newOrder(company.there, { number: "#7001" }))).status)
      .toBe(201);
    const { id } = await day.order();
    expect(await edit(day.dispatcher, id, 1, { number: "#7001" }))
      .toMatchObject({ status: 409, body: { slug: "number-taken" } });
  });
});

describe("an edit", () => {
  it("says which version it was made from, and loses to whoever was faster", async () => {
    const { id, version } = await day.order();
    const unsaid = await day.dispatcher.patch(`/api/deliveries/${id}`, { quantity: 2 });
    expect(unsaid).toMatchObject({ status: 428, body: { slug: "if-match-needed" } });
    const first = await edit(day.dispatcher, id, version, { quantity: 2 });
    expect(first.body).toMatchObject({ quantity: 2, version: version + 1 });
    expect(first.headers.get("etag")).toBe(`"${version + 1}"`);
    expect(await edit(day.dispatcher, id, version, { quantity: 3 }))
      .toMatchObject({ status: 412, body: { slug: "changed-meanwhile" } });
    expect((await day.look(id)).quantity).toBe(2);
  });

  it("of two at once is made by one of them", async () => {
    const { id, version } = await day.order();
    const answers = await Promise.all(
      [2, 3, 4].map((quantity) => edit(day.dispatcher, id, version, { quantity })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412, 412]);
  });

  it("changes what it names and leaves the rest", async () => {
    const before = await day.order({
      tags: ["fragile"],
      requires: ["photo"],
      cash: { amount: 990, currency: "EUR" },
    });
    const { body } = await edit(day.dispatcher, before.id, 1, {
      priority: "high",
      recipient: { note: "Ring twice." },
    });
    expect(body).toEqual({
      ...before,
      priority: "high",
      recipient: { ...before.recipient, note: "Ring twice." },
      version: 2,
      updatedAt: expect.any(String),
    });
  });

  it("of a closed order is refused until its last step is taken back", async () => {
    for (const state of ["completed", "returned", "cancelled"] as const) {
      const id = await day.orderThatIs(state);
      const { version } = await day.look(id);
      expect(await edit(day.dispatcher, id, version, { quantity: 9 }))
        .toMatchObject({ status: 409, body: { slug: "order-closed" } });
    }
  });

  it("of the recipient stands in the trail with old and new values, sealed", async () => {
    const { id } = await day.order();
    await edit(day.dispatcher, id, 1, { recipient: { phone: "+49 30 23125 777", street: "Lerchenstieg 4" } });
    const owner = await company.as("owner");
    const { body } = await owner.get(`/api/audit?act=delivery.edited&thing=${id}`);
    expect(body.items).toHaveLength(1);
    expect(body.items[0].detail.fields).toEqual(["recipient.phone", "recipient.street"]);
    expect(body.items[0].changed).toEqual({
      phone: { from: "+49 30 23125 101", to: "+49 30 23125 777" },
      street: { from: "Ahornallee 12", to: "Lerchenstieg 4" },
    });
    const { rows } = await (await company.superuser("data")).query(
      "select audit_entries::text from audit_entries",
    );
    expect(JSON.stringify(rows)).not.toMatch(/23125|Lerchenstieg|Ahornallee/);
  });

  it("is refused when the recipient would no longer be one", async () => {
    const { id } = await day.order();
    expect(await edit(day.dispatcher, id, 1, { recipient: { name: "" } }))
      .toMatchObject({ status: 422, body: { slug: "bad-input", faults: [{ path: "recipient.name" }] } });
  });
});

describe("a person who orders again", () => {
  it("is the same person by name and phone, or by name and e-mail", async () => {
    const first = await personOf(
      somebody({ name: "Jonas Löwe", phone: "+49 30 23125 300", email: "jonas@loewe.example" }),
    );
    expect(await personOf(somebody({ name: "löwe jonas", phone: "030 / 23125-300", email: null }))).toBe(
      first,
    );
    expect(await personOf(somebody({ name: "Jonas Löwe", phone: null, email: "JONAS@loewe.example" }))).toBe(
      first,
    );
  });

  it("is somebody else with another name, or another phone and e-mail", async () => {
    const first = await personOf(
      somebody({ name: "Ida Thiele", phone: "+49 30 23125 310", email: "ida@thiele.example" }),
    );
    expect(
      await personOf(
        somebody({ name: "Olga Thiele", phone: "+49 30 23125 310", email: "ida@thiele.example" }),
      ),
    )
      .not.toBe(first);
    expect(
      await personOf(somebody({ name: "Ida Thiele", phone: "+49 30 23125 311", email: "i@thiele.example" })),
    )
      .not.toBe(first);
    expect(await personOf(somebody({ name: "Ida Thiele", phone: null, email: null }))).not.toBe(first);
  });
});

describe("an order whose recipient is edited", () => {
  it("stays the same person's after a correction", async () => {
    const { id } = await day.order(
      somebody({ name: "Emil Oehme", phone: "+49 30 23125 320", email: "emil@oehme.example" }),
    );
    const before = await recipientOf(id);
    await edit(day.dispatcher, id, 1, { recipient: { name: "Emil Öhme", phone: "+49 30 23125 321" } });
    expect(await recipientOf(id)).toBe(before);
  });

  it("is somebody else's once name, phone and e-mail are others", async () => {
    const { id } = await day.order(
      somebody({ name: "Paul Quandt", phone: "+49 30 23125 330", email: "paul@quandt.example" }),
    );
    const other = { name: "Lena Wendlandt", phone: "+49 30 23125 331", email: "lena@wendlandt.example" };
    const lena = await personOf(somebody(other));
    const before = await recipientOf(id);
    const { body } = await edit(day.dispatcher, id, 1, { recipient: other });
    expect(body.recipient).toMatchObject(other);
    expect(await recipientOf(id)).toBe(lena);
    expect(lena).not.toBe(before);
    expect((await day.look(id)).recipient).toMatchObject(other);
  });

  it("stays with the person who signed for it, or of whom something was noted", async () => {
    const other = { name: "Karl Ahrens", phone: "+49 30 23125 341", email: "karl@ahrens.example" };
    const noted = await day.orderThatIs("arrived");
    await day.step(day.driver, noted, "failed", { note: "Nobody opens." });
    const signed = await day.orderThatIs("arrived");
    await day.driver.put(`/api/deliveries/${signed}/proofs/${newId()}`, { strokes: [[[1, 1]]] });
    for (const id of [noted, signed]) {
      const { version } = await day.look(id);
      expect(await edit(day.dispatcher, id, version, { recipient: other }))
        .toMatchObject({ status: 409, body: { slug: "recipient-fixed" } });
      expect((await day.look(id)).recipient.name).toBe("Mara Beispiel");
    }
  });
});

describe("many orders at once", () => {
  it("go to a driver as far as they can, and the rest say why not", async () => {
    const free = (await day.order()).id;
    const loaded = await day.orderThatIs("loaded");
    const onTheWay = await day.orderThatIs("in-transit");
    const done = await day.orderThatIs("completed");
    const foreign = (await elsewhere.post("/api/deliveries", newOrder(company.there))).body.id;
    const unknown = newId();
    const second = await company.as("driver");
    const { status, body } = await day.give(
      [free, loaded, onTheWay, done, foreign, unknown, free],
      second.driverId,
    );
    expect(status).toBe(200);
    expect(body.assigned.sort()).toEqual([free, loaded].sort());
    expect(new Map(body.refused.map(({ id, reason }: { id: string; reason: string }) => [id, reason])))
      .toEqual(
        new Map([
          [onTheWay, "It is already in transit"],
          [done, "It is already completed"],
          [foreign, "There is no such order"],
          [unknown, "There is no such order"],
        ]),
      );
    for (const id of [free, loaded]) {
      expect(await day.look(id)).toMatchObject({ state: "assigned", driverId: second.driverId });
    }
    expect(await day.look(onTheWay)).toMatchObject({ state: "in-transit", driverId: day.driver.driverId });
    const { body: trail } = await (await company.as("owner")).get(
      `/api/audit?act=assignment.refused&thing=${done}`,
    );
    expect(trail.items).toHaveLength(1);
  });

  it("given to the driver who has them already stay as they are", async () => {
    const id = await day.orderThatIs("accepted");
    const before = await day.look(id);
    expect((await day.give([id], day.driver.driverId)).body).toEqual({ assigned: [id], refused: [] });
    expect((await day.give([id], day.driver.driverId, true)).body).toEqual({ assigned: [id], refused: [] });
    expect(await day.look(id)).toEqual(before);
    const offered = await day.orderThatIs("offered");
    const { version } = await day.look(offered);
    await day.give([offered], day.driver.driverId, true);
    expect((await day.look(offered)).version).toBe(version);
    await day.give([offered], day.driver.driverId);
    expect((await day.look(offered)).state).toBe("assigned");
  });

  it("are not given to a driver of another site, or to one who has left", async () => {
    const { id } = await day.order();
    const distant = await company.as("driver", [company.there]);
    expect((await day.give([id], distant.driverId)).status).toBe(404);
    const owner = await company.as("owner");
    const acrossSites = await owner.put("/api/deliveries/assignments", {
      ids: [id],
      driverId: distant.driverId,
    });
    expect(acrossSites.body.refused).toEqual([{ id, reason: "The driver belongs to another site" }]);
    const left = await company.as("driver");
    await day.dispatcher.patch(`/api/drivers/${left.driverId}`, { active: false }, { "If-Match": '"1"' });
    expect(await day.give([id], left.driverId))
      .toMatchObject({ status: 409, body: { slug: "driver-inactive" } });
    expect((await day.look(id)).state).toBe("unassigned");
  });

  it("given by two dispatchers at once end with one driver each", async () => {
    const ids = await Promise.all(Array.from({ length: 12 }, async () => (await day.order()).id as string));
    const second = await company.as("driver");
    const answers = await Promise.all([
      day.give(ids, day.driver.driverId),
      day.give(ids.toReversed(), second.driverId),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    const drivers = await Promise.all(ids.map(async (id) => (await day.look(id)).driverId));
    expect(new Set(drivers).size).toBe(1);
  });
});

describe("another site's dispatcher", () => {
  it("finds none of our orders, whatever they try", async () => {
    const id = await day.orderThatIs("arrived");
    const { steps: [step] } = await day.look(id);
    const paths = `/api/deliveries/${id}`;
    const answers = await Promise.all([
      elsewhere.get(paths),
      edit(elsewhere, id, 1, { quantity: 7 }),
      day.step(elsewhere, id, "completed"),
      day.undo(elsewhere, id, step.id),
      elsewhere.put(`${paths}/proofs/${newId()}`, { strokes: [[[1, 1]]] }),
      elsewhere.post(`${paths}/tracking-link`),
      elsewhere.post("/api/deliveries", newOrder(company.here)),
    ]);
    expect(answers.map(({ status }) => status)).toEqual(Array(answers.length).fill(404));
    const { body } = await elsewhere.get(`/api/deliveries?site=${company.here}`);
    expect(body.items).toEqual([]);
    expect((await elsewhere.get(`/api/deliveries/summary?site=${company.here}`)).body.total).toBe(0);
    expect((await day.look(id)).state).toBe("arrived");
  });
});

function edit(caller: Caller, id: string, version: number, fields: Record<string, unknown>) {
  return caller.patch(`/api/deliveries/${id}`, fields, { "If-Match": `"${version}"` });
}

async function personOf(overrides: Partial<NewDelivery>): Promise<string> {
  return await recipientOf((await day.order(overrides)).id);
}

async function recipientOf(id: string): Promise<string> {
  const row = await company.services.db.selectFrom("deliveries").select("recipientId").where("id", "=", id)
    .executeTakeFirstOrThrow();
  return row.recipientId;
}
