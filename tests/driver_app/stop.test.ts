import { afterEach, describe, expect, it, vi } from "vitest";
import { states } from "../../server/deliveries/schema.ts";
import { onwardFor } from "../../server/deliveries/state.ts";
import type { Deed } from "../../web/driver_app/outbox.ts";
import { asIfSent, mapLink, nextOf, punctuality, type Stop, way } from "../../web/driver_app/stop.ts";

const place = {
  name: "Robin Sample",
  phone: "+44 20 7946 0123",
  email: null,
  street: "Mill Lane 5",
  unit: null,
  postcode: "12345",
  city: "Exampleton",
  country: "DE",
  note: null,
  position: null,
};

const stop = (over: Partial<Stop> = {}): Stop => ({
  id: "019aaf00-0000-7000-8000-000000000001",
  siteId: "019aaf00-0000-7000-8000-000000000002",
  number: "#1",
  kind: "delivery",
  state: "arrived",
  outcome: null,
  driverId: "019aaf00-0000-7000-8000-000000000003",
  day: "2026-11-23",
  window: null,
  serviceMinutes: 5,
  priority: "normal",
  quantity: 1,
  weightKg: null,
  volumeL: null,
  cash: null,
  tags: [],
  requires: [],
  reference: null,
  recipient: place,
  version: 1,
  createdAt: "2026-11-23T05:00:00Z",
  updatedAt: "2026-11-23T05:00:00Z",
  driverName: null,
  steps: [],
  proofs: [],
  onward: ["completed", "failed"],
  undoable: null,
  ...over,
});

const completing = (of: Stop): Deed => ({
  kind: "step",
  id: "step-1",
  orderId: of.id,
  happenedAt: "2026-11-23T08:00:00Z",
  position: Promise.resolve(null),
  step: {
    id: "step-1",
    to: "completed",
    happenedAt: "2026-11-23T08:00:00Z",
    outcome: "mailbox",
    note: null,
    receivedBy: null,
  },
});

afterEach(() => vi.useRealTimers());

describe("a stop on the phone", () => {
  it("offers the same steps without a network as the server would", () => {
    for (const state of states) expect([state, way[state]]).toEqual([state, onwardFor(state, true)]);
  });

  it("shows what was done before the server has it, and can be taken back", () => {
    const done = asIfSent(stop(), [completing(stop())]);
    expect(done).toMatchObject({ state: "completed", outcome: "mailbox", undoable: "step-1", onward: [] });
    const undo: Deed = { kind: "undo", id: "u", orderId: done.id, stepId: "step-1", happenedAt: "" };
    expect(asIfSent(stop(), [completing(stop()), undo])).toMatchObject({ state: "arrived", outcome: null });
  });

  it("counts a step once when the server has it already", () => {
    const known = asIfSent(stop(), [completing(stop())]);
    expect(asIfSent(known, [completing(known)])).toBe(known);
  });

  it("comes next when it has been begun, whatever was planned before it", () => {
    const planned = stop({ id: "a", state: "loaded" });
    const begun = stop({ id: "b", state: "in-transit" });
    expect(nextOf([stop({ id: "c", state: "completed" }), planned, begun])?.id).toBe("b");
    expect(nextOf([planned])?.id).toBe("a");
    expect(nextOf([stop({ state: "failed" })])).toBeUndefined();
  });

  it("warns half an hour before its window closes, and says by how much it is late", () => {
    const window = { after: "2026-11-23T08:00:00Z", before: "2026-11-23T10:00:00Z", hard: false };
    const planned = stop({ state: "in-transit", window });
    expect(punctuality(planned, Date.parse("2026-11-23T09:00:00Z"))).toEqual({ is: "fine" });
    expect(punctuality(planned, Date.parse("2026-11-23T09:40:00Z"))).toEqual({ is: "soon", minutes: 20 });
    expect(punctuality(planned, Date.parse("2026-11-23T10:05:00Z"))).toEqual({ is: "late", minutes: 5 });
    expect(punctuality(stop({ window }), Date.parse("2026-11-23T12:00:00Z"))).toEqual({ is: "fine" });
  });

  it("hands the address, not the name, to the phone's own map app", () => {
    const android = mapLink(place, "Mozilla/5.0 (Linux; Android 16)");
    expect(android).toBe("geo:0,0?q=Mill%20Lane%205%2C%2012345%2C%20Exampleton%2C%20DE");
    const known = { ...place, position: { lat: 52.5, lon: 13.4 } };
    expect(mapLink(known, "Mozilla/5.0 (Linux; Android 16)")).toBe("geo:52.5,13.4?q=52.5,13.4");
    expect(mapLink(known, "Mozilla/5.0 (iPhone; CPU iPhone OS 26_0)")).toBe("maps:?daddr=52.5,13.4");
  });
});
