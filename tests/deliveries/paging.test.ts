import { beforeAll, describe, expect, it } from "vitest";
import { writeCursor } from "../../server/platform/http.ts";
import { newId } from "../../server/platform/id.ts";
import { type Caller, newOrder, useCompany } from "../harness/app.ts";

const company = useCompany();
let dispatcher: Caller;
let made = 100;

beforeAll(async () => {
  dispatcher = await company.as("dispatcher");
  for (let order = 0; order < 24; order++) await make(order);
});

describe("a list read page by page", () => {
  it.each(["window", "number", "newest"])(
    "by %s shows each order once, however many come in meanwhile",
    async (sort) => {
      const before = await idsOf(sort, 200);
      const seen: string[] = [];
      let cursor = "";
      do {
        const { status, body } = await dispatcher.get(
          `/api/deliveries?sort=${sort}&limit=5${cursor && `&cursor=${cursor}`}`,
        );
        expect(status, JSON.stringify(body)).toBe(200);
        expect(body.items.length).toBeLessThanOrEqual(5);
        seen.push(...body.items.map(({ id }: { id: string }) => id));
        cursor = body.next ?? "";
        // One that belongs before what has been seen, and one behind.
        await make(made++);
        await make(-made++);
      } while (cursor && seen.length < 200);
      expect(new Set(seen).size).toBe(seen.length);
      expect(seen.filter((id) => before.includes(id))).toEqual(before);
    },
  );

  it("puts work without a window after work with one, day by day", async () => {
    const { body } = await dispatcher.get("/api/deliveries?limit=200");
    const keys = body.items.map(({ day, window }: { day: string; window: { after: string } | null }) =>
      `${day} ${window?.after ?? "infinity"}`
    );
    expect(keys).toEqual(keys.toSorted());
  });

  it("refuses a cursor that is none of its own", async () => {
    const foreign = [
      "x",
      writeCursor([]),
      writeCursor(["2026-11-23", "1", newId()]),
      writeCursor(["0000-01-01", "infinity", newId()]),
      writeCursor(["2026-11-23", "2026-11-23T10:00:00+20:00", newId()]),
    ];
    for (const cursor of foreign) {
      expect(await dispatcher.get(`/api/deliveries?cursor=${cursor}`))
        .toMatchObject({ status: 422, body: { slug: "bad-input", faults: [{ path: "cursor" }] } });
    }
    const nul = writeCursor(["\0", newId()]);
    expect((await dispatcher.get(`/api/deliveries?sort=number&cursor=${nul}`)).status).toBe(422);
  });
});

/** Numbers, days and windows scattered by `seed`; every third order has no window. */
async function make(seed: number): Promise<void> {
  const hour = 8 + Math.abs(seed * 7) % 10;
  const at = (hour: number) => `2026-11-23T${String(hour).padStart(2, "0")}:00:00Z`;
  const { status } = await dispatcher.post(
    "/api/deliveries",
    newOrder(company.here, {
      number: `N${String(500 + seed * 11 % 97).padStart(4, "0")}-${seed}`,
      day: `2026-11-${20 + Math.abs(seed * 5) % 7}`,
      window: seed % 3 === 0 ? null : { after: at(hour), before: at(hour + 2), hard: false },
    }),
  );
  expect(status).toBe(201);
}

async function idsOf(sort: string, limit: number): Promise<string[]> {
  const { body } = await dispatcher.get(`/api/deliveries?sort=${sort}&limit=${limit}`);
  return body.items.map(({ id }: { id: string }) => id);
}
