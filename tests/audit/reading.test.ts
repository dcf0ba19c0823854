import { type RawBuilder, sql } from "kysely";
import { beforeAll, describe, expect, it } from "vitest";
import { allAbout, newest } from "../../server/audit/queries.ts";
import type { AuditEntry, AuditQuery } from "../../server/audit/schema.ts";
import { type Caller, newOrder, useCompany } from "../harness/app.ts";

const company = useCompany();
let auditor: Caller, dispatcher: Caller, owner: Caller;
beforeAll(async () => {
  owner = await company.as("owner");
  auditor = await company.as("auditor");
  dispatcher = await company.as("dispatcher");
});

const read = async (query: string, caller = auditor): Promise<AuditEntry[]> => {
  const { status, body } = await caller.get(`/api/audit?${query}`);
  expect(status).toBe(200);
  return body.items;
};
const order = async (number: string) =>
  (await dispatcher.post("/api/deliveries", newOrder(company.here, { number }))).body;

describe("reading the trail", () => {
  it("tells who did what to which order, newest first, by their names", async () => {
    const driver = await company.as("driver");
    const { id } = await order("A-1001");
    await dispatcher.put("/api/deliveries/assignments", { ids: [id], driverId: driver.driverId });
    const [last, first] = await read(`thing=${id}&act=delivery.`);
    expect([last!.act, first!.act]).toEqual(["delivery.assigned", "delivery.created"]);
    expect(last!).toMatchObject({
      actorId: dispatcher.accountId,
      actorName: "Test dispatcher",
      detail: { delivery: id, driver: driver.driverId, site: company.here, to: "assigned" },
      names: { [id]: "A-1001", [driver.driverId!]: "Test driver", [company.here]: "Harbour depot" },
    });
  });

  it("shows old and new values of personal fields while the person's key exists, and the entry even after", async () => {
    const { body: driver } = await owner.post("/api/drivers", { name: "Ottilie Rabe", siteId: company.here });
    await owner.patch(`/api/drivers/${driver.id}`, { name: "Ottilie Specht" }, { "If-Match": '"1"' });
    const [entry] = await read(`thing=${driver.id}&act=driver.edited`);
    expect(entry!.changed).toEqual({ name: { from: "Ottilie Rabe", to: "Ottilie Specht" } });
    expect(entry!.detail).not.toHaveProperty("sealed");

    const keys = await company.superuser("keys"), data = await company.superuser("data");
    const { rows: [row] } = await data.query("select person_id from drivers where id = $1", [driver.id]);
    await keys.query("delete from subject_keys where subject = $1", [row.person_id]);
    company.forgetKeys();
    const [erased] = await read(`thing=${driver.id}&act=driver.edited`);
    expect(erased).toMatchObject({ id: entry!.id, changed: null, names: { [driver.id]: null } });
  });

  it("finds acts by their beginning, by who acted, and by time", async () => {
    // Our clock tells milliseconds and the trail finer: moments that are to be told apart lie apart.
    const now = async () => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      const moment = new Date().toISOString();
      await new Promise((resolve) => setTimeout(resolve, 5));
      return moment;
    };
    const from = await now();
    await order("A-1002");
    const to = await now();
    await order("A-1003");
    const acts = new Set((await read("act=delivery.&limit=200")).map(({ act }) => act));
    expect([...acts].every((act) => act.startsWith("delivery."))).toBe(true);
    expect(await read("act=delivery")).toEqual([]);
    expect(
      (await read(`actor=${dispatcher.accountId}`)).every((entry) => entry.actorId === dispatcher.accountId),
    ).toBe(
      true,
    );
    const between = await read(`act=delivery.created&from=${from}&to=${to}`);
    expect(between.map(({ names, detail }) => names[detail.delivery as string])).toEqual(["A-1002"]);
  });

  it("finds a thing that stands in a list of things, and one written in capitals", async () => {
    const { id } = await order("A-1004");
    await dispatcher.get("/api/deliveries");
    const looks = await read(`thing=${id.toUpperCase()}&act=delivery.read&actor=${dispatcher.accountId}`);
    expect(looks.length).toBeGreaterThan(0);
    expect(looks[0]!.detail.things).toContain(id);
  });

  it("a long trail comes page by page, each entry once", async () => {
    await company.change((change) => {
      for (let n = 0; n < 250; n++) change.record("company.edited", { fields: [`field ${n}`] });
      return Promise.resolve();
    });
    const ids: string[] = [];
    let next: string | null = null;
    do {
      const page: string = next ? `&cursor=${next}` : "";
      const { body } = await auditor.get(`/api/audit?act=company.edited&limit=40${page}`);
      ids.push(...body.items.map((entry: AuditEntry) => entry.id));
      next = body.next;
    } while (next);
    expect(ids).toHaveLength(250);
    expect(ids).toEqual([...new Set(ids)].sort((a, b) => Number(b) - Number(a)));
  });

  it("is itself in the trail, with what was asked for, once for each reading", async () => {
    const { id } = await order("A-1005");
    const curious = await company.as("auditor");
    await read(`thing=${id}&act=delivery.`, curious);
    const readings = await read(`thing=${id}&act=audit.read`);
    expect(readings).toHaveLength(1);
    expect(readings[0]).toMatchObject({
      actorId: curious.accountId,
      detail: { thing: id, act: "delivery.", entries: 1 },
    });
  });

  it("lists every kind of act there is, once and in order", async () => {
    const { body } = await auditor.get("/api/audit/acts");
    expect(body.items).toEqual([...new Set(body.items)].sort());
    expect(body.items).toEqual(expect.arrayContaining(["audit.read", "company.set-up", "delivery.created"]));
  });

  it("is for owners and auditors only, and an auditor changes nothing", async () => {
    for (const role of ["admin", "dispatcher", "driver", "privacy-officer"] as const) {
      const caller = await company.as(role);
      expect((await caller.get("/api/audit")).status).toBe(403);
      expect((await caller.get("/api/audit/acts")).status).toBe(403);
    }
    expect((await owner.get("/api/audit")).status).toBe(200);
    expect((await auditor.post("/api/deliveries", newOrder(company.here))).status).toBe(403);
    expect((await auditor.post("/api/drivers", { name: "A", siteId: company.here })).status).toBe(403);
    expect((await company.caller().get("/api/audit")).status).toBe(401);
  });

  it.each([
    "cursor=bm9uc2Vuc2U",
    `cursor=${btoa('["2026-02-30T00:00:00Z",1]')}`,
    `cursor=${btoa('["2026-02-03T00:00:00+23:00",1]')}`,
    `cursor=${btoa('["2026-02-03T00:00:00Z",1e300]')}`,
    "thing=1",
    "from=yesterday",
    "act=a%25",
    "limit=0",
    "unknown=1",
  ])("refuses what it does not understand: %s", async (query) => {
    const { status, body } = await auditor.get(`/api/audit?${query}`);
    expect([status, body.slug]).toEqual([422, "bad-input"]);
  });

  it("understands the time of every place on earth", async () => {
    await read(
      `from=${encodeURIComponent("2026-01-01T00:00:00+14:00")}&to=${
        encodeURIComponent("2026-01-02T00:00:00-12:00")
      }`,
    );
  });
});

describe("a trail grown long", () => {
  const explain = async (query: RawBuilder<unknown>): Promise<string> => {
    const { rows } = await sql<Record<string, string>>`explain ${query}`.execute(company.services.db);
    return rows.map((row) => Object.values(row)[0]).join("\n");
  };
  let late: string;
  beforeAll(async () => {
    const superuser = await company.superuser("data");
    await superuser.query(
      `insert into audit_entries (act, actor, detail)
       select 'delivery.created', gen_random_uuid(),
         jsonb_build_object('delivery', gen_random_uuid(), 'site', $1::text, 'bySession', gen_random_uuid())
       from generate_series(1, 30000)`,
      [company.here],
    );
    late = (await order("A-2001")).id;
    await superuser.query("analyze audit_entries");
  });

  it("is searched for a thing by the index, not entry by entry", async () => {
    expect(await explain(allAbout({ limit: 50 }, late))).toContain("audit_entries_things");
    expect((await read(`thing=${late}&act=delivery.created`)).map(({ names }) => names[late])).toEqual([
      "A-2001",
    ]);
    expect(await read(`thing=${company.here}&limit=200`)).toHaveLength(200);
  });

  it.each<[string, Partial<AuditQuery>, string]>([
    ["of everybody", {}, "audit_entries_at"],
    ["of one kind of act", { act: "company.set-up" }, "audit_entries_act"],
    ["of acts that begin alike", { act: "company." }, "audit_entries_act"],
    ["of one account", { actor: crypto.randomUUID() }, "audit_entries_actor"],
  ])("opens at its newest page without being read to its end: %s", async (_, narrowed, index) => {
    const plan = await explain(newest({ limit: 50, ...narrowed }));
    expect(plan).toContain(index);
    expect(plan).not.toContain("Seq Scan");
  });
});
