import { sql } from "kysely";
import { beforeAll, describe, expect, it } from "vitest";
import { visitor } from "../../server/audit/actor.ts";
import { Refusals } from "../../server/audit/refusal.ts";
import { newId } from "../../server/platform/id.ts";
import { type Caller, newOrder, useCompany } from "../harness/app.ts";

const company = useCompany();
let dispatcher: Caller;
beforeAll(async () => {
  dispatcher = await company.as("dispatcher");
});

const refusals = async (actor: string | null) =>
  await company.services.db.selectFrom("auditEntries").select("detail").where("act", "=", "request.refused")
    .where("actor", actor === null ? "is" : "=", actor).orderBy("id").execute();

describe("the trail tells", () => {
  it("who asked for another site's order, though the answer is that there is none", async () => {
    const elsewhere = await company.as("dispatcher", [company.there]);
    const { body: order } = await elsewhere.post("/api/deliveries", newOrder(company.there));
    expect((await dispatcher.get(`/api/deliveries/${order.id}`)).status).toBe(404);
    expect((await refusals(dispatcher.accountId)).at(-1)!.detail).toMatchObject({
      slug: "not-found",
      method: "GET",
      route: "/api/deliveries/:id",
      things: [order.id],
    });
  });

  it("who named another site in an input", async () => {
    const { status } = await dispatcher.post("/api/drivers", {
      name: "Ada Beckstein",
      siteId: company.there,
    });
    expect(status).toBe(404);
    expect((await refusals(dispatcher.accountId)).at(-1)!.detail).toMatchObject({
      slug: "not-found",
      route: "/api/drivers",
    });
  });

  it("of a flood by somebody unknown only its beginning, and how large it was", async () => {
    const told = new Refusals(company.services, 3_000);
    const entry = { act: "request.refused", detail: { slug: `flood-${newId()}`, things: [newId()] } };
    for (let time = 0; time < 70; time++) await told.record(visitor("request"), entry, "flood");
    const entries = async () =>
      (await refusals(null)).filter(({ detail }) => detail.slug === entry.detail.slug);
    expect(await entries()).toHaveLength(20);
    await expect.poll(async () => (await entries()).at(-1)!.detail.times, { timeout: 10_000 }).toBe(50);
    expect((await entries()).at(-1)!.detail.things).toBeUndefined();
    await told.record(visitor("request"), entry, "flood");
    expect(await entries()).toHaveLength(22);
  });

  it("no more of a page elsewhere that makes browsers send requests than of any flood", async () => {
    const stranger = company.caller({ "sec-fetch-site": "cross-site" });
    for (let time = 0; time < 40; time++) await stranger.post("/api/session", {});
    const { rows: [row] } = await sql<{ count: number }>`select count(*) from audit_entries
      where act = 'request.refused' and detail ->> 'slug' = 'cross-site'`.execute(company.services.db);
    expect(row!.count).toBe(20);
  });
});
