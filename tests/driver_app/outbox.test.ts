import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Deed, Outbox } from "../../web/driver_app/outbox.ts";

interface Sent {
  method: string;
  path: string;
  key: string;
}
let sent: Sent[] = [];
let answers: (() => Response)[] = [];

const ok = () => Response.json({ id: "order" });
const noNetwork = (): Response => {
  throw new TypeError("Failed to fetch");
};
const refused = () => new Response(JSON.stringify({ slug: "step-refused", title: "No" }), { status: 409 });

const step = (id: string, orderId: string): Deed => ({
  kind: "step",
  id,
  orderId,
  happenedAt: "2026-11-23T08:00:00Z",
  position: Promise.resolve(null),
  step: {
    id,
    to: "accepted",
    happenedAt: "2026-11-23T08:00:00Z",
    outcome: null,
    note: null,
    receivedBy: null,
  },
});

beforeEach(() => {
  vi.useFakeTimers();
  sent = [];
  answers = [];
  vi.stubGlobal(
    "fetch",
    (path: string, { method, headers }: { method: string; headers: Record<string, string> }) => {
      sent.push({ method, path, key: headers["Idempotency-Key"]! });
      return Promise.resolve().then(answers.shift() ?? ok);
    },
  );
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("what a phone has still to send", () => {
  it("goes in the order it was done, and each order's answer comes back", async () => {
    const outbox = new Outbox();
    const received: unknown[] = [];
    outbox.add(step("1", "a"), step("2", "a"));
    outbox.start((answer) => received.push(answer));
    await vi.runAllTimersAsync();
    expect(sent.map(({ key }) => key)).toEqual(["1", "2"]);
    expect(received).toHaveLength(2);
    expect(outbox.unsent()).toEqual([]);
  });

  it("is sent again under the same key until the network is back", async () => {
    const outbox = new Outbox();
    answers = Array.from({ length: 7 }, () => noNetwork);
    outbox.start(() => {});
    outbox.add(step("1", "a"));
    await vi.advanceTimersByTimeAsync(1_600);
    expect(outbox.unsent()[0]).toMatchObject({ tries: 1, refusal: null });
    await vi.runAllTimersAsync();
    expect(outbox.unsent()).toEqual([]);
    expect(new Set(sent.map(({ key }) => key))).toEqual(new Set(["1"]));
  });

  it("stays when the server refuses it, holds back its own order and no other", async () => {
    const outbox = new Outbox();
    answers = [refused];
    outbox.add(step("1", "a"), step("2", "a"), step("3", "b"));
    outbox.start(() => {});
    await vi.runAllTimersAsync();
    expect(sent.map(({ key }) => key)).toEqual(["1", "3"]);
    expect(outbox.unsent().map(({ deed, refusal }) => [deed.id, refusal?.slug])).toEqual([
      ["1", "step-refused"],
      ["2", undefined],
    ]);
    outbox.discard("a");
    expect(outbox.unsent()).toEqual([]);
  });

  it("is forgotten when taken back before it left, and undone when it may have arrived", async () => {
    const outbox = new Outbox();
    answers = Array.from({ length: 3 }, () => noNetwork);
    outbox.add(step("1", "a"), step("2", "b"));
    outbox.start(() => {});
    await vi.advanceTimersByTimeAsync(1_600);
    outbox.takeBack("b", "2", "undo-2");
    expect(outbox.unsent().map(({ deed }) => deed.id)).toEqual(["1"]);
    outbox.takeBack("a", "1", "undo-1");
    await vi.runAllTimersAsync();
    expect(sent.at(-1)).toEqual({ method: "DELETE", path: "/api/deliveries/a/steps/1", key: "undo-1" });
  });

  it("waits while nobody is there to receive the answer", async () => {
    const outbox = new Outbox();
    outbox.add(step("1", "a"));
    await vi.runAllTimersAsync();
    expect(sent).toEqual([]);
  });
});
