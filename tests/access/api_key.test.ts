import { beforeAll, describe, expect, it } from "vitest";
import { sql } from "kysely";
import { type Caller, newOrder, useCompany } from "../harness/app.ts";
import { entriesOf } from "./person.ts";

const company = useCompany();
let owner: Caller;
beforeAll(async () => owner = await company.as("owner"));

interface Given {
  rights?: string[];
  siteIds?: string[];
  perMinute?: number;
}

const wanted = (given: Given = {}) => ({
  name: "Web shop",
  rights: ["orders.read", "orders.write"],
  siteIds: [company.here],
  days: 90,
  ...given,
});

/** A program with a key of its own. */
async function program(given: Given = {}) {
  const made = await owner.post("/api/keys", wanted(given));
  expect(made.status).toBe(201);
  const { token, key } = made.body;
  return {
    token: token as string,
    id: key.id as string,
    ...company.caller({ authorization: `Bearer ${token}` }),
  };
}

const aged = (id: string, column: "expires_at" | "ended_at", days: number) =>
  sql`update api_keys set ${sql.raw(column)} = now() - make_interval(days => ${days}::int)
    where account_id = ${id}`.execute(company.superDb);

describe("an API key", () => {
  it("lets a program do what the key allows, at the key's sites, under the key's name", async () => {
    const shop = await program();
    const order = await shop.post("/api/deliveries", newOrder(company.here));
    expect(order.status).toBe(201);
    expect((await shop.get(`/api/deliveries/${order.body.id}`)).status).toBe(200);
    const { items } = (await owner.get("/api/audit?act=delivery.created")).body;
    expect([items[0].actorId, items[0].actorName]).toEqual([shop.id, "Web shop"]);
    const theirs = (await owner.post("/api/deliveries", newOrder(company.there))).body.id;
    expect((await shop.get(`/api/deliveries/${theirs}`)).status).toBe(404);
    expect((await shop.post("/api/deliveries", newOrder(company.there))).status).toBe(404);
  });

  it("does nothing that it was not given, whatever its role could", async () => {
    const reader = await program({ rights: ["orders.read"] });
    const refused = await reader.post("/api/deliveries", newOrder(company.here));
    expect([refused.status, refused.body.title]).toEqual([403, "This API key does not allow this"]);
    for (const path of ["/api/session", "/api/company", "/api/accounts", "/api/keys", "/api/live"]) {
      expect([path, (await reader.get(path)).status]).toEqual([path, 403]);
    }
  });

  it("makes an act happen once with an Idempotency-Key, as for people", async () => {
    const shop = await program();
    const again = { "Idempotency-Key": "order-4711-from-the-shop" };
    const order = newOrder(company.here);
    const first = await shop.post("/api/deliveries", order, again);
    expect((await shop.post("/api/deliveries", order, again)).body.id).toBe(first.body.id);
  });

  it("is shown once, and stored as a hash only", async () => {
    const { token, id } = await program();
    expect(token).toMatch(/^fleethold_[\w-]{43}$/);
    const { items } = (await owner.get("/api/keys")).body;
    const listed = items.find((key: { id: string }) => key.id === id);
    expect(listed).toMatchObject({
      name: "Web shop",
      start: token.slice(0, 16),
      rights: ["orders.read", "orders.write"],
      siteIds: [company.here],
      perMinute: 600,
      createdBy: owner.accountId,
      lastUsedAt: null,
      state: "active",
    });
    expect(JSON.stringify(items)).not.toContain(token);
    const { rows } = await sql<{ row: string }>`select api_keys::text as row from api_keys`.execute(
      company.superDb,
    );
    expect(rows.map(({ row }) => row).join()).not.toContain(token.slice(16));
    expect((await entriesOf(company, "api-key.created"))[0]).toMatchObject({
      actor: owner.accountId,
      detail: { account: id, rights: ["orders.read", "orders.write"] },
    });
  });

  it("tells when it was last used", async () => {
    const shop = await program();
    await shop.get("/api/deliveries");
    const { items } = (await owner.get("/api/keys")).body;
    const { lastUsedAt } = items.find((key: { id: string }) => key.id === shop.id);
    expect(Math.abs(Date.now() - Date.parse(lastUsedAt))).toBeLessThan(60_000);
  });

  it("is refused once it is ended, and cannot be ended twice", async () => {
    const shop = await program();
    expect((await owner.delete(`/api/keys/${shop.id}`)).status).toBe(204);
    const refused = await shop.get("/api/deliveries");
    expect([refused.status, refused.body.slug]).toEqual([401, "key-not-valid"]);
    expect((await owner.delete(`/api/keys/${shop.id}`)).status).toBe(404);
    expect((await entriesOf(company, "api-key.ended"))[0]!.detail).toMatchObject({ account: shop.id });
  });

  it("is refused once it has run out, and leaves the list 90 days later", async () => {
    const shop = await program();
    await aged(shop.id, "expires_at", 1);
    expect((await shop.get("/api/deliveries")).body.slug).toBe("key-not-valid");
    const listed = async () =>
      (await owner.get("/api/keys")).body.items.find((key: { id: string }) => key.id === shop.id);
    expect((await listed()).state).toBe("expired");
    await aged(shop.id, "expires_at", 91);
    expect(await listed()).toBeUndefined();
  });

  it("wins over a session that comes with it, so that nobody does more by it than it may", async () => {
    const { token } = await program({ rights: ["orders.read"] });
    const both = company.caller({ cookie: owner.cookie, authorization: `Bearer ${token}` });
    expect((await both.get("/api/company")).status).toBe(403);
    const mistyped = company.caller({ cookie: owner.cookie, authorization: `Bearer ${token}x` });
    expect((await mistyped.get("/api/company")).status).toBe(401);
  });

  it("may ask so often in a minute, then is told to wait; other keys go on", async () => {
    const [busy, other] = [await program({ perMinute: 5 }), await program({ perMinute: 5 })];
    const answers = await Promise.all(Array.from({ length: 12 }, () => busy.get("/api/deliveries")));
    const refused = answers.filter(({ status }) => status === 429);
    // The minute may turn over in the midst of it.
    expect(refused.length).toBeGreaterThanOrEqual(2);
    expect(answers.length - refused.length).toBeGreaterThanOrEqual(5);
    expect(refused[0]!.body.title).toBe("This API key may ask 5 times a minute");
    const wait = Number(refused[0]!.headers.get("Retry-After"));
    expect(wait).toBeGreaterThanOrEqual(1);
    expect(wait).toBeLessThanOrEqual(60);
    expect((await other.get("/api/deliveries")).status).toBe(200);
    await sql`update api_key_calls set minute = minute - interval '1 minute' where account_id = ${busy.id}`
      .execute(company.superDb);
    expect((await busy.get("/api/deliveries")).status).toBe(200);
  });
});

describe("making a key", () => {
  it("is an owner's; admins and auditors see the list", async () => {
    for (const role of ["admin", "auditor"] as const) {
      const caller = await company.as(role);
      expect((await caller.get("/api/keys")).status).toBe(200);
      expect((await caller.post("/api/keys", wanted())).status).toBe(403);
      expect((await caller.delete(`/api/keys/${(await program()).id}`)).status).toBe(403);
    }
    expect((await (await company.as("dispatcher")).get("/api/keys")).status).toBe(403);
  });

  it("asks for a fresh second factor", async () => {
    const stale = await company.as("owner");
    await sql`update sessions set proven_at = now() - interval '6 minutes'
      where account_id = ${stale.accountId}`.execute(company.superDb);
    expect((await stale.post("/api/keys", wanted())).body.slug).toBe("fresh-proof-needed");
  });

  it.each<[string, object, string]>([
    ["no right", { rights: [] }, "rights"],
    ["a right that no program is given", { rights: ["accounts.write"] }, "rights.0"],
    ["no site", { siteIds: [] }, "siteIds"],
    ["a site that does not exist", { siteIds: ["01890a5d-ac96-774b-bcce-b302099a8057"] }, "siteIds"],
    ["no end", { days: undefined }, "days"],
    ["more than a year", { days: 400 }, "days"],
    ["no name", { name: " " }, "name"],
    ["too many requests", { perMinute: 100_000 }, "perMinute"],
  ])("is refused with %s", async (_, given, path) => {
    const refused = await owner.post("/api/keys", { ...wanted(), ...given });
    expect([refused.status, refused.body.faults[0].path]).toEqual([422, path]);
  });

  it("makes nobody who stands among the people, can be invited, or can be edited", async () => {
    const { id } = await program();
    const { items } = (await owner.get("/api/accounts?limit=200")).body;
    expect(items.map((account: { id: string }) => account.id)).not.toContain(id);
    expect((await owner.patch(`/api/accounts/${id}`, { name: "Me" }, { "If-Match": '"1"' })).status).toBe(
      404,
    );
    expect((await owner.post(`/api/accounts/${id}/invitation`)).status).toBe(403);
  });
});
