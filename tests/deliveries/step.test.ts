import { beforeAll, describe, expect, it } from "vitest";
import { settled } from "../../server/sites/open_work.ts";
import { open } from "../../server/deliveries/state.ts";
import { deliveredTo, failures, type State, states } from "../../server/deliveries/schema.ts";
import { newId } from "../../server/platform/id.ts";
import { useCompany } from "../harness/app.ts";
import { outcomeOf, WorkingDay } from "./day.ts";

const company = useCompany();
let day: WorkingDay;
beforeAll(async () => {
  day = await WorkingDay.at(company);
});

/** What a dispatcher may do next, written down a second time on purpose. */
const onward: Record<State, State[]> = {
  unassigned: ["cancelled"],
  offered: ["accepted", "unassigned", "cancelled"],
  assigned: ["accepted", "unassigned", "cancelled"],
  accepted: ["loaded", "in-transit", "unassigned", "cancelled"],
  loaded: ["in-transit", "unassigned", "cancelled"],
  "in-transit": ["arrived", "failed", "cancelled"],
  arrived: ["completed", "failed"],
  completed: [],
  failed: ["returned", "unassigned"],
  returned: ["unassigned"],
  cancelled: ["unassigned"],
};

describe("an order that is", () => {
  it.each(states)("%s goes on only as the table of states says", async (from) => {
    for (const to of states) {
      const id = await day.orderThatIs(from);
      const before = await day.look(id);
      const { status, body } = await day.step(day.dispatcher, id, to);
      if (onward[from].includes(to)) {
        expect(status, `${from} → ${to}: ${JSON.stringify(body)}`).toBe(200);
        expect(body.state).toBe(to);
        expect(body.steps.at(-1)).toMatchObject({ from, to, outcome: outcomeOf(to) });
        expect(body.version).toBe(before.version + 1);
        expect(body.driverId).toBe(to === "unassigned" ? null : before.driverId);
      } else {
        expect({ status, slug: body.slug }, `${from} → ${to}`).toEqual({ status: 409, slug: "step-refused" });
        for (const allowed of onward[from]) expect(body.next).toContain(allowed.replace("-", " "));
        expect(await day.look(id)).toEqual(before);
      }
    }
  });

  it("closed asks nothing more of its site, and every other does", () => {
    expect(states.filter((state) => !open.includes(state))).toEqual(
      expect.arrayContaining([...settled]),
    );
    expect(open.length + settled.length).toBe(states.length);
  });

  it("anything lists the same next steps that the API allows", async () => {
    for (const state of states) {
      expect((await day.look(await day.orderThatIs(state))).onward).toEqual(onward[state]);
    }
  });
});

describe("a driver", () => {
  it("neither cancels an order nor gives it back once it is theirs", async () => {
    for (const from of ["assigned", "accepted", "loaded"] as const) {
      const id = await day.orderThatIs(from);
      for (const to of ["cancelled", "unassigned"] as const) {
        expect(await day.step(day.driver, id, to)).toMatchObject({
          status: 409,
          body: { slug: "step-refused" },
        });
      }
      expect((await day.look(id)).state).toBe(from);
    }
  });

  it("may decline what was offered, send that again, and take it back", async () => {
    const id = await day.orderThatIs("offered");
    const stepId = newId();
    const declined = await day.step(day.driver, id, "unassigned", { id: stepId });
    expect(declined).toMatchObject({ status: 200, body: { state: "unassigned", driverId: null } });
    expect((await day.driver.get("/api/driver/stops?day=2026-11-23")).body.items).not
      .toContainEqual(expect.objectContaining({ id }));
    const again = await day.step(day.driver, id, "unassigned", { id: stepId });
    expect(again).toMatchObject({ status: 200, body: { state: "unassigned" } });
    const back = await day.undo(day.driver, id, stepId);
    expect(back).toMatchObject({ status: 200, body: { state: "offered", driverId: day.driver.driverId } });
  });

  it("moves only their own orders", async () => {
    const other = await company.as("driver");
    const id = await day.orderThatIs("accepted");
    expect((await day.step(other, id, "in-transit")).status).toBe(404);
    const { body } = await other.get("/api/driver/stops?day=2026-11-23");
    expect(body.items).toEqual([]);
    const { id: nobodys } = await day.order();
    expect((await day.step(other, nobodys, "accepted")).status).toBe(404);
    expect((await other.get(`/api/deliveries/${id}`)).status).toBe(403);
  });
});

describe("an outcome", () => {
  it.each(deliveredTo)("%s says how an order was completed, and never why it failed", async (outcome) => {
    const id = await day.orderThatIs("arrived");
    expect(await day.step(day.driver, id, "failed", { outcome })).toMatchObject({
      status: 409,
      body: { slug: "outcome-needed" },
    });
    expect(await day.step(day.driver, id, "completed", { outcome })).toMatchObject({
      status: 200,
      body: { outcome },
    });
  });

  it.each(failures)("%s says why an order failed, and never that it was completed", async (outcome) => {
    const id = await day.orderThatIs("arrived");
    expect(await day.step(day.driver, id, "completed", { outcome })).toMatchObject({
      status: 409,
      body: { slug: "outcome-needed" },
    });
    expect(await day.step(day.driver, id, "failed", { outcome })).toMatchObject({
      status: 200,
      body: { outcome },
    });
  });

  it("is needed at the end and refused before", async () => {
    const id = await day.orderThatIs("arrived");
    for (const to of ["completed", "failed"] as const) {
      expect((await day.step(day.driver, id, to, { outcome: null })).body.slug).toBe("outcome-needed");
    }
    const early = await day.orderThatIs("accepted");
    expect((await day.step(day.driver, early, "in-transit", { outcome: "mailbox" })).body.slug)
      .toBe("outcome-needed");
  });

  it("of a failed order stays when the goods come back, and goes when it is tried again", async () => {
    const id = await day.orderThatIs("returned");
    expect((await day.look(id)).outcome).toBe("nobody-home");
    const retried = await day.step(day.dispatcher, id, "unassigned");
    expect(retried.body.outcome).toBeNull();
    const back = await day.undo(day.dispatcher, id, retried.body.undoable);
    expect(back.body).toMatchObject({ state: "returned", outcome: "nobody-home" });
  });
});

describe("what an order asks for", () => {
  it.each(
    [
      ["a note", ["note"], { note: "Left at reception." }],
      ["a name", ["name"], { receivedBy: "Ines Muster" }],
      ["a note and a name", ["note", "name"], { note: "At the gate.", receivedBy: "Ines Muster" }],
    ] as const,
  )("%s must be there before it is completed", async (_, requires, given) => {
    const id = await day.orderThatIs("arrived", { requires: [...requires] });
    const refused = await day.step(day.driver, id, "completed");
    expect(refused).toMatchObject({ status: 409, body: { slug: "proof-missing" } });
    for (const requirement of requires) expect(refused.body.title).toContain(requirement);
    const done = await day.step(day.driver, id, "completed", given);
    expect(done.status).toBe(200);
    expect(done.body.steps.at(-1)).toMatchObject(given);
  });

  it("a signature can be given from the moment the order is accepted, twenty proofs at most", async () => {
    const strokes = { strokes: [[[10, 10], [400, 300]]] };
    const early = await day.orderThatIs("assigned");
    expect(await day.driver.put(`/api/deliveries/${early}/proofs/${newId()}`, strokes))
      .toMatchObject({ status: 409, body: { slug: "proof-refused" } });
    const id = await day.orderThatIs("arrived", { requires: ["signature"] });
    for (let proof = 0; proof < 20; proof++) {
      const answer = await day.driver.put(`/api/deliveries/${id}/proofs/${newId()}`, strokes);
      expect(answer.status).toBe(200);
    }
    expect((await day.driver.put(`/api/deliveries/${id}/proofs/${newId()}`, strokes)).body.slug)
      .toBe("proof-refused");
    expect((await day.step(day.driver, id, "completed")).body.proofs).toHaveLength(20);
  });

  it("is not asked for when the order fails", async () => {
    const id = await day.orderThatIs("arrived", { requires: ["signature", "photo", "note", "name"] });
    expect((await day.step(day.driver, id, "failed")).status).toBe(200);
  });
});

describe("a step", () => {
  it("sent twice is taken once, however late the second one comes", async () => {
    const id = await day.orderThatIs("assigned");
    const step = { id: newId(), to: "accepted", happenedAt: new Date().toISOString() };
    const first = await day.driver.post(`/api/deliveries/${id}/steps`, step);
    await day.step(day.driver, id, "in-transit");
    const second = await day.driver.post(`/api/deliveries/${id}/steps`, step);
    expect([first.status, second.status]).toEqual([200, 200]);
    expect(second.body.state).toBe("in-transit");
    expect(second.body.steps.filter((taken: { id: string }) => taken.id === step.id)).toHaveLength(1);
  });

  it("sent twice at the same moment is taken once", async () => {
    const id = await day.orderThatIs("assigned");
    const step = { id: newId(), to: "accepted", happenedAt: new Date().toISOString() };
    const answers = await Promise.all(
      [1, 2, 3, 4].map(() => day.driver.post(`/api/deliveries/${id}/steps`, step)),
    );
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect((await day.look(id)).steps).toHaveLength(2);
  });

  it("keeps its id to itself", async () => {
    const [one, two] = [await day.orderThatIs("assigned"), await day.orderThatIs("assigned")];
    const step = { id: newId(), to: "accepted", happenedAt: new Date().toISOString() };
    await day.driver.post(`/api/deliveries/${one}/steps`, step);
    expect(await day.driver.post(`/api/deliveries/${two}/steps`, step))
      .toMatchObject({ status: 409, body: { slug: "step-id-used" } });
    expect((await day.look(two)).state).toBe("assigned");
  });

  it("says when it happened, up to seven days ago and hardly in the future", async () => {
    const id = await day.orderThatIs("assigned");
    const at = (ms: number) => ({ happenedAt: new Date(Date.now() + ms).toISOString() });
    for (const wrong of [-7 * 86_400_000 - 60_000, 6 * 60_000]) {
      expect(await day.step(day.driver, id, "accepted", at(wrong)))
        .toMatchObject({ status: 422, body: { faults: [{ path: "happenedAt" }] } });
    }
    const late = at(-6 * 86_400_000);
    const { body } = await day.step(day.driver, id, "accepted", late);
    expect(body.steps.at(-1)).toMatchObject(late);
    expect(Date.now() - Date.parse(body.steps.at(-1).receivedAt)).toBeLessThan(60_000);
  });

  it("of two drivers' phones that disagree is taken from whoever comes first", async () => {
    const id = await day.orderThatIs("arrived");
    const answers = await Promise.all([
      day.step(day.driver, id, "completed"),
      day.step(day.dispatcher, id, "failed"),
    ]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
  });
});

describe("a mistaken swipe", () => {
  it("is taken back by the driver within fifteen minutes", async () => {
    const id = await day.orderThatIs("arrived");
    const { body: { undoable } } = await day.step(day.driver, id, "completed");
    const { status, body } = await day.undo(day.driver, id, undoable);
    expect(status).toBe(200);
    expect(body).toMatchObject({ state: "arrived", outcome: null });
    expect(body.steps.at(-1)).toMatchObject({ id: undoable, undone: true });
    expect((await day.undo(day.driver, id, undoable)).status).toBe(200);
  });

  it("is the dispatcher's to take back after that, or when somebody else took the step", async () => {
    const id = await day.orderThatIs("arrived");
    const { body: { undoable } } = await day.step(day.driver, id, "completed");
    await (await company.superuser("data")).query(
      "update delivery_steps set received_at = now() - interval '16 minutes' where id = $1",
      [undoable],
    );
    expect((await day.driver.get("/api/driver/stops?day=2026-11-23")).body.items)
      .toContainEqual(expect.objectContaining({ id, undoable: null }));
    expect(await day.undo(day.driver, id, undoable)).toMatchObject({
      status: 409,
      body: { slug: "undo-refused" },
    });
    expect((await day.undo(day.dispatcher, id, undoable)).body.state).toBe("arrived");

    const byDispatcher = await day.orderThatIs("accepted");
    const { undoable: theirs } = await day.look(byDispatcher);
    expect((await day.undo(day.driver, byDispatcher, theirs)).status).toBe(409);
    expect((await day.undo(day.dispatcher, byDispatcher, theirs)).status).toBe(200);
  });

  it("is only ever the last step, and never an assignment", async () => {
    const id = await day.orderThatIs("in-transit");
    const { steps: [assigned, accepted] } = await day.look(id);
    expect(await day.undo(day.dispatcher, id, accepted.id)).toMatchObject({
      status: 409,
      body: { slug: "undo-refused" },
    });
    const given = await day.orderThatIs("assigned");
    expect((await day.look(given)).undoable).toBeNull();
    const { steps: [giving] } = await day.look(given);
    expect((await day.undo(day.dispatcher, given, giving.id)).body.slug).toBe("undo-refused");
    expect((await day.undo(day.dispatcher, given, assigned.id)).status).toBe(404);
  });

  it("of taking an order off its driver gives it to the same driver again", async () => {
    const id = await day.orderThatIs("accepted");
    await day.give([id], null);
    const { undoable } = await day.look(id);
    const { body } = await day.undo(day.dispatcher, id, undoable);
    expect(body).toMatchObject({ state: "accepted", driverId: day.driver.driverId });
  });
});
