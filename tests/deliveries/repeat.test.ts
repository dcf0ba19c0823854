import { beforeAll, describe, expect, it } from "vitest";
import { newId } from "../../server/platform/id.ts";
import { type Caller, newOrder, useCompany } from "../harness/app.ts";

const company = useCompany();
let dispatcher: Caller;
beforeAll(async () => {
  dispatcher = await company.as("dispatcher");
});

describe("a request sent again with the same key", () => {
  it("gets the same answer, and the order is made once", async () => {
    const key = { "Idempotency-Key": newId() };
    const order = newOrder(company.here, { number: "#8001" });
    const first = await dispatcher.post("/api/deliveries", order, key);
    await dispatcher.patch(`/api/deliveries/${first.body.id}`, { quantity: 5 }, { "If-Match": '"1"' });
    const second = await dispatcher.post("/api/deliveries", order, key);
    expect(first.status).toBe(201);
    expect([second.status, second.body]).toEqual([first.status, first.body]);
    expect(second.headers.get("etag")).toBe(first.headers.get("etag"));
    expect(await numbersLike("#8001")).toBe(1);
  });

  it("is refused when it asks for something else", async () => {
    const key = { "Idempotency-Key": newId() };
    const { body } = await dispatcher.post(
      "/api/deliveries",
      newOrder(company.here, { number: "#8010" }),
      key,
    );
    const another = await dispatcher.post(
      "/api/deliveries",
      newOrder(company.here, { number: "#8011" }),
      key,
    );
    expect(another).toMatchObject({ status: 422, body: { slug: "idempotency-key-reused" } });
    const elsewhere = await dispatcher.patch(`/api/deliveries/${body.id}`, { quantity: 2 }, {
      "If-Match": '"1"',
      ...key,
    });
    expect(elsewhere).toMatchObject({ status: 422, body: { slug: "idempotency-key-reused" } });
    expect(await numbersLike("#8011")).toBe(0);
  });

  it("at the same moment runs once", async () => {
    const key = { "Idempotency-Key": newId() };
    const order = newOrder(company.here, { number: "#8020" });
    const answers = await Promise.all(
      [1, 2, 3, 4, 5].map(() => dispatcher.post("/api/deliveries", order, key)),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(5).fill(201));
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
    expect(await numbersLike("#8020")).toBe(1);
    const made = await company.services.db.selectFrom("auditEntries").select("detail")
      .where("act", "=", "delivery.created").execute();
    expect(made.filter(({ detail }) => detail.delivery === answers[0]!.body.id)).toHaveLength(1);
  });

  it("after a refusal is tried anew, since nothing was done", async () => {
    const key = { "Idempotency-Key": newId() };
    const order = newOrder(company.here, { number: "#8030" });
    const { body } = await dispatcher.post("/api/deliveries", order);
    expect((await dispatcher.post("/api/deliveries", order, key)).body.slug).toBe("number-taken");
    await dispatcher.patch(`/api/deliveries/${body.id}`, { number: "#8031" }, { "If-Match": '"1"' });
    expect((await dispatcher.post("/api/deliveries", order, key)).status).toBe(201);
  });

  it("by somebody else is somebody else's request", async () => {
    const key = { "Idempotency-Key": newId() };
    const colleague = await company.as("dispatcher");
    expect(
      (await dispatcher.post("/api/deliveries", newOrder(company.here, { number: "#8040" }), key)).status,
    ).toBe(201);
    expect((await colleague.post("/api/deliveries", newOrder(company.here, { number: "#8041" }), key)).status)
      .toBe(201);
  });

  it("leaves nothing of the person in the clear where answers are kept", async () => {
    await dispatcher.post("/api/deliveries", newOrder(company.here), { "Idempotency-Key": newId() });
    const { rows } = await (await company.superuser("data")).query(
      "select idempotency_keys::text from idempotency_keys",
    );
    expect(rows.length).toBeGreaterThan(0);
    expect(JSON.stringify(rows)).not.toMatch(/Beispiel|Ahornallee/);
  });

  it("with a key that is none is told so", async () => {
    const answer = await dispatcher.post("/api/deliveries", newOrder(company.here), {
      "Idempotency-Key": "short",
    });
    expect(answer).toMatchObject({ status: 422, body: { faults: [{ path: "Idempotency-Key" }] } });
  });
});

async function numbersLike(number: string): Promise<number> {
  const rows = await company.services.db.selectFrom("deliveries").select("id").where("number", "=", number)
    .execute();
  return rows.length;
}
