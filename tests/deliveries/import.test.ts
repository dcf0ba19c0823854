import { join } from "node:path";
import { beforeAll, describe, expect, inject, it } from "vitest";
import { system } from "../../server/audit/actor.ts";
import { change } from "../../server/audit/change.ts";
import { forgetOldImports } from "../../server/deliveries/import/import.ts";
import { runImport } from "../../server/deliveries/import/run.ts";
import type { ImportMode } from "../../server/deliveries/import/schema.ts";
import { newId } from "../../server/platform/id.ts";
import { type Caller, newOrder, useCompany } from "../harness/app.ts";
import { shopFile, type ShopOrder, shopOrder } from "./import_shop_file.ts";

const company = useCompany();
let dispatcher: Caller;
beforeAll(async () => {
  dispatcher = await company.as("dispatcher");
});

const csv = { "Content-Type": "text/csv" };
const upload = (bytes: Uint8Array, { site = company.here, name = "orders.csv", by = dispatcher } = {}) =>
  by.post(`/api/imports?site=${site}&name=${encodeURIComponent(name)}`, bytes, csv);

/** Uploads a file, starts its import and does the worker's part. */
async function importFile(bytes: Uint8Array, mode: ImportMode = "valid-rows", site = company.here) {
  const id = await started(bytes, mode, site);
  await runImport(company.services, { import: id });
  return (await dispatcher.get(`/api/imports/${id}`)).body;
}

async function started(bytes: Uint8Array, mode: ImportMode = "valid-rows", site = company.here) {
  const { status, body } = await upload(bytes, { site });
  expect(status, JSON.stringify(body)).toBe(201);
  const run = await dispatcher.post(`/api/imports/${body.id}/run`, { mode });
  expect([run.status, run.body.state], JSON.stringify(run.body)).toEqual([202, "waiting"]);
  return body.id as string;
}

const orderCalled = async (number: string) =>
  (await dispatcher.get(`/api/deliveries?q=${encodeURIComponent(number)}`)).body.items[0];

const entries = async (act: string) =>
  await company.services.db.selectFrom("auditEntries").selectAll().where("act", "=", act).orderBy("id")
    .execute();

/** Orders with numbers no other test uses. */
let numbered = 0;
const fresh = (count: number, overrides: Partial<ShopOrder> = {}) =>
  Array.from({ length: count }, () => shopOrder(++numbered, overrides));

describe("a shop's file", () => {
  it("is shown before anything is written: format, columns, the first orders, what is wrong", async () => {
    const orders = fresh(7);
    const { status, body } = await upload(
      shopFile([...orders, shopOrder(900, { name: "" }), shopOrder(901, { cancelled: true })]),
      { name: "orders_export.csv" },
    );
    expect(status).toBe(201);
    expect(body).toMatchObject({
      siteId: company.here,
      fileName: "orders_export.csv",
      encoding: "utf-8",
      delimiter: ",",
      rows: 9,
      orders: 7,
      faultCount: 1,
      leftOutCount: 1,
      options: { format: "shopify", mapping: { number: "Name", street: "Shipping Address1" } },
      faults: [
        { line: 9, column: "Shipping Name", reason: "name is missing", kind: "fault" },
        { line: 10, column: "Cancelled at", reason: "the order was cancelled in the shop", kind: "left-out" },
      ],
    });
    expect([body.sample.length, body.firstOrders.length]).toEqual([5, 5]);
    expect(body.firstOrders[0]).toMatchObject({
      number: orders[0]!.number,
      recipient: { name: orders[0]!.name },
    });
    expect(await orderCalled(orders[0]!.number)).toBeUndefined();
    expect((await dispatcher.get(`/api/imports/${body.id}/preview`)).body).toEqual(body);
  });

  it("becomes orders that are found by what is known of their recipients", async () => {
    const orders = fresh(3);
    const done = await importFile(shopFile(orders));
    expect(done).toMatchObject({ state: "done", done: 3, orders: 3, created: 3, updated: 0, unchanged: 0 });
    const { body } = await dispatcher.get(`/api/deliveries?q=${encodeURIComponent(orders[1]!.email)}`);
    expect(body.items).toMatchObject([{
      number: orders[1]!.number,
      siteId: company.here,
      state: "unassigned",
      day: "2026-11-24",
      quantity: 2,
      recipient: { name: orders[1]!.name, street: orders[1]!.street, postcode: "05017", country: "DE" },
    }]);
  });

  it("that is imported again changes nothing and leaves no word about any order", async () => {
    const file = shopFile(fresh(4));
    await importFile(file);
    const before = (await entries("delivery.created")).length + (await entries("delivery.edited")).length;
    expect(await importFile(file)).toMatchObject({ state: "done", created: 0, updated: 0, unchanged: 4 });
    expect((await entries("delivery.created")).length + (await entries("delivery.edited")).length).toBe(
      before,
    );
  });

  it("without days, imported again on another day, leaves the orders on theirs", async () => {
    const file = shopFile(fresh(1, { day: "" }));
    await importFile(file);
    await company.services.db.updateTable("deliveries").set({ day: "2026-01-15" })
      .where("number", "=", `#${1000 + numbered}`).execute();
    expect(await importFile(file)).toMatchObject({ unchanged: 1, updated: 0 });
  });

  it("in which an order was edited edits that order, and the trail says which fields", async () => {
    const [first, second] = fresh(2) as [ShopOrder, ShopOrder];
    await importFile(shopFile([first, second]));
    const moved = { ...first, street: "Planted-Birkenweg 3", quantity: 5 };
    expect(await importFile(shopFile([moved, second]))).toMatchObject({
      updated: 1,
      unchanged: 1,
      created: 0,
    });
    expect(await orderCalled(first.number)).toMatchObject({
      quantity: 5,
      version: 2,
      recipient: { street: "Planted-Birkenweg 3", name: first.name },
    });
    expect((await dispatcher.get("/api/deliveries?q=birkenweg")).body.items).toHaveLength(1);
    const [edited] = (await entries("delivery.edited")).slice(-1);
    expect(edited).toMatchObject({
      actor: dispatcher.accountId,
      detail: { fields: ["quantity", "recipient.street"], via: "import" },
    });
  });

  it("keeps what a dispatcher added to an order and the file says nothing about", async () => {
    const [order] = fresh(1, { note: "" }) as [ShopOrder];
    await importFile(shopFile([order]));
    const { id } = await orderCalled(order.number);
    await dispatcher.patch(
      `/api/deliveries/${id}`,
      { requires: ["photo"], recipient: { note: "Use the back door." } },
      { "If-Match": '"1"' },
    );
    expect(await importFile(shopFile([order]))).toMatchObject({ unchanged: 1, updated: 0 });
    expect(await orderCalled(order.number)).toMatchObject({
      requires: ["photo"],
      recipient: { note: "Use the back door." },
    });
  });

  it("cannot change an order that is under way, and says so", async () => {
    const [order] = fresh(1) as [ShopOrder];
    await importFile(shopFile([order]));
    await company.services.db.updateTable("deliveries").set({ state: "in-transit" })
      .where("number", "=", order.number).execute();
    const done = await importFile(shopFile([{ ...order, quantity: 9 }]));
    expect(done).toMatchObject({
      updated: 0,
      faultCount: 1,
      faults: [{ line: 2, column: null, reason: "the order is in transit already; it stays as it is" }],
    });
    expect(await orderCalled(order.number)).toMatchObject({ quantity: 2 });
    expect(await importFile(shopFile([order]))).toMatchObject({ unchanged: 1, faultCount: 0 });
  });
});

describe("all or nothing", () => {
  it("with one fault writes nothing and says how many there are", async () => {
    const orders = fresh(2);
    const refused = await importFile(shopFile([...orders, shopOrder(902, { street: "" })]), "all-or-nothing");
    expect(refused).toMatchObject({ state: "refused", created: 0, faultCount: 1 });
    expect(refused.reason).toContain("a fault");
    expect(await orderCalled(orders[0]!.number)).toBeUndefined();
  });

  it("is not stopped by orders the shop itself left out", async () => {
    const file = shopFile([...fresh(2), shopOrder(903, { cancelled: true })]);
    expect(await importFile(file, "all-or-nothing")).toMatchObject({
      state: "done",
      created: 2,
      leftOutCount: 1,
    });
  });
});

describe("an import that meets trouble", () => {
  it("two of the same file at the same moment make each order once", async () => {
    const file = shopFile(fresh(300));
    const ids = [await started(file), await started(file)];
    await Promise.all(ids.map((id) => runImport(company.services, { import: id })));
    const both = await Promise.all(ids.map(async (id) => (await dispatcher.get(`/api/imports/${id}`)).body));
    expect(both.map(({ state }) => state)).toEqual(["done", "done"]);
    expect(both.map(({ created }) => created).toSorted((a, b) => a - b)).toEqual([0, 300]);
    expect(both.map(({ unchanged }) => unchanged).toSorted((a, b) => a - b)).toEqual([0, 300]);
  });

  it("killed in the middle leaves nothing half done, and is complete when it runs again", async () => {
    const orders = fresh(2_500);
    const id = await started(shopFile(orders));
    const superuser = await company.superuser("data");
    const running = runImport(company.services, { import: id });
    const outcome = running.then(() => "done", () => "killed");
    await connectionWriting(superuser);
    expect(await outcome).toBe("killed");
    expect(await orderCalled(orders[0]!.number)).toBeUndefined();
    expect((await dispatcher.get(`/api/imports/${id}`)).body.state).toBe("running");

    await runImport(company.services, { import: id });
    expect((await dispatcher.get(`/api/imports/${id}`)).body).toMatchObject({
      state: "done",
      created: 2_500,
    });
    // The queue may hand out a job twice.
    await runImport(company.services, { import: id });
    expect((await dispatcher.get(`/api/imports/${id}`)).body).toMatchObject({ created: 2_500, unchanged: 0 });
  });

  /** Waits for the import to write orders and cuts its connection. */
  async function connectionWriting(superuser: Awaited<ReturnType<typeof company.superuser>>) {
    for (;;) {
      const { rowCount } = await superuser.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and usename = 'fleethold_app' and backend_xid is not null
           and query like '%insert into delivery_search%'`,
      );
      if (rowCount) return;
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }

  it("whose site was closed meanwhile fails, writes nothing and says why", async () => {
    const owner = await company.as("owner");
    const { body: site } = await owner.post("/api/sites", { name: "Short-lived", timeZone: "Europe/Berlin" });
    const { body } = await upload(shopFile(fresh(1)), { site: site.id, by: owner });
    await owner.post(`/api/imports/${body.id}/run`, { mode: "valid-rows" });
    await owner.patch(`/api/sites/${site.id}`, { active: false }, { "If-Match": '"1"' });
    await runImport(company.services, { import: body.id });
    expect((await owner.get(`/api/imports/${body.id}`)).body).toMatchObject({
      state: "failed",
      created: 0,
      reason: expect.stringContaining("site"),
    });
  });
});

describe("the mapping", () => {
  const file = new TextEncoder().encode("Ref,Who,Where,When\nA-1,Mara,Mill Lane 1,03/04/2026\n");
  const options = {
    format: "custom",
    mapping: { number: "Ref", name: "Who", street: "Where", day: "When" },
    dateOrder: "month-first",
    defaultDay: "2026-12-01",
  };

  it("chosen for a file is taken for the site's next file with the same header, and for no other site's", async () => {
    const owner = await company.as("owner");
    const { body } = await upload(file);
    expect(body.orders).toBe(0);
    const mapped = await dispatcher.put(`/api/imports/${body.id}/options`, options);
    expect(mapped.body).toMatchObject({
      orders: 1,
      options,
      firstOrders: [{ number: "A-1", day: "2026-03-04" }],
    });
    const again = await upload(file);
    expect(again.body).toMatchObject({ orders: 1, options: { ...options, defaultDay: null } });
    const elsewhere = await upload(file, { site: company.there, by: owner });
    expect(elsewhere.body.options.mapping).not.toEqual(options.mapping);
  });

  it("that names a column the file does not have is refused by its field", async () => {
    const { body } = await upload(file);
    const refused = await dispatcher.put(`/api/imports/${body.id}/options`, {
      ...options,
      mapping: { ...options.mapping, phone: "Telephone" },
    });
    expect([refused.status, refused.body.faults[0].path]).toEqual([422, "mapping.phone"]);
  });

  it("cannot be chosen once the import was started, nor can it be started or forgotten again", async () => {
    const { body } = await upload(shopFile(fresh(1)));
    await dispatcher.post(`/api/imports/${body.id}/run`, { mode: "valid-rows" });
    for (
      const late of [
        await dispatcher.put(`/api/imports/${body.id}/options`, options),
        await dispatcher.post(`/api/imports/${body.id}/run`, { mode: "valid-rows" }),
        await dispatcher.delete(`/api/imports/${body.id}`),
      ]
    ) expect([late.status, late.body.slug]).toEqual([409, "import-already-run"]);
  });
});

describe("a file that cannot be read", () => {
  const text = (text: string) => new TextEncoder().encode(text);
  it.each<[string, Uint8Array, number, string]>([
    ["empty", text(""), 422, "file-empty"],
    ["a header alone", text("Number,Name,Street\n"), 422, "file-header-only"],
    ["an Excel workbook", text("PK\x03\x04 and so on"), 422, "file-is-workbook"],
    ["a PDF document", text("%PDF-1.7"), 422, "file-is-pdf"],
    ["a saved web page", text("<!DOCTYPE html><title>Sign in</title>"), 422, "file-is-web-page"],
    ["a photo", new Uint8Array([0xff, 0xd8, 0xff, 0, 0, 1, 2, 3]), 422, "file-is-binary"],
    ["30 MB long", new Uint8Array(30 * 1024 * 1024).fill(97), 413, "too-large"],
  ])("because it is %s is refused with its own reason and the next step", async (_, bytes, status, slug) => {
    const refused = await upload(bytes);
    expect([refused.status, refused.body.slug]).toEqual([status, slug]);
    expect(refused.body.next).toBeTruthy();
  });

  it("a file of 200 MB is refused by its announced length, before it is read", async () => {
    const refused = await dispatcher.post(
      `/api/imports?site=${company.here}&name=big.csv`,
      new Uint8Array(8),
      { ...csv, "Content-Length": String(200 * 1024 * 1024) },
    );
    expect([refused.status, refused.body.title]).toEqual([413, "The request is larger than 25 MB"]);
  });

  it("in which no order is whole can be looked at but not imported", async () => {
    const { body } = await upload(shopFile([shopOrder(904, { name: "" })]));
    const refused = await dispatcher.post(`/api/imports/${body.id}/run`, { mode: "valid-rows" });
    expect([refused.status, refused.body.slug]).toEqual([409, "nothing-to-import"]);
  });
});

describe("who sees an import", () => {
  it("not a dispatcher of another site, whatever they ask of it", async () => {
    const stranger = await company.as("dispatcher", [company.there]);
    const { body: { id } } = await upload(shopFile(fresh(1)));
    const asked = [
      await stranger.get(`/api/imports/${id}`),
      await stranger.get(`/api/imports/${id}/preview`),
      await stranger.put(`/api/imports/${id}/options`, { format: "custom", mapping: {} }),
      await stranger.post(`/api/imports/${id}/run`, { mode: "valid-rows" }),
      await stranger.delete(`/api/imports/${id}`),
      await upload(shopFile(fresh(1)), { by: stranger }),
    ];
    expect(asked.map(({ status }) => status)).toEqual(Array(6).fill(404));
    const { body: { items } } = await stranger.get("/api/imports?limit=100");
    expect(items.filter(({ siteId }: { siteId: string }) => siteId !== company.there)).toEqual([]);
  });

  it("the dispatchers of its site, newest first, page by page", async () => {
    const colleague = await company.as("dispatcher");
    const seen: string[] = [];
    for (let path = "/api/imports?limit=5";;) {
      const { body } = await colleague.get(path);
      seen.push(...body.items.map(({ id }: { id: string }) => id));
      if (!body.next) break;
      path = `/api/imports?limit=5&cursor=${body.next}`;
    }
    expect(seen).toEqual(seen.toSorted().reverse());
    expect(seen.length).toBeGreaterThan(10);
  });

  it("neither drivers nor auditors", async () => {
    for (const role of ["driver", "auditor"] as const) {
      expect((await (await company.as(role)).get("/api/imports")).status).toBe(403);
    }
  });
});

describe("what is kept of a file", () => {
  it("nothing once it is forgotten, by hand or a day after nobody came back to it", async () => {
    const [byHand, byTime, kept] = [
      (await upload(shopFile(fresh(1)))).body.id,
      (await upload(shopFile(fresh(1)))).body.id,
      (await upload(shopFile(fresh(1)))).body.id,
    ];
    expect((await dispatcher.delete(`/api/imports/${byHand}`)).status).toBe(204);
    await company.services.db.updateTable("imports").set({ createdAt: new Date(Date.now() - 25 * 3_600_000) })
      .where("id", "=", byTime).execute();
    await change(company.services, system("job"), forgetOldImports);
    const statuses = await Promise.all(
      [byHand, byTime, kept].map((id) => dispatcher.get(`/api/imports/${id}`)),
    );
    expect(statuses.map(({ status }) => status)).toEqual([404, 404, 200]);
  });

  it("no file after the import has run", async () => {
    const { id } = await importFile(shopFile(fresh(1)));
    const row = await company.services.db.selectFrom("imports").select("fileSealed").where("id", "=", id)
      .executeTakeFirstOrThrow();
    expect(row.fileSealed).toBeNull();
  });

  it("no name, phone, e-mail, address or note in the clear in any table, even of a file without a header", async () => {
    await upload(
      new TextEncoder().encode("#1,Planted-Mila,Planted-Ahornallee 1\n#2,Planted-Bo,Planted-Weg 2\n"),
      { name: "Planted-Mila.csv" },
    );
    await dispatcher.post("/api/deliveries", newOrder(company.here, { number: `T-${newId()}` }));
    const superuser = await company.superuser("data");
    const { rows: tables } = await superuser.query<{ name: string }>(
      `select format('%I.%I', schemaname, tablename) as name from pg_tables
       where schemaname not in ('pg_catalog', 'information_schema')`,
    );
    for (const { name } of tables) {
      const { rows: [found] } = await superuser.query(
        // 506c616e746564 is "Planted" in a bytea that is not sealed.
        `select count(*)::int as rows from ${name} as stored
         where stored::text ~* 'planted|mila\\.\\d|\\+49 30 23125|506c616e746564'`,
      );
      expect([name, found.rows]).toEqual([name, 0]);
    }
  });

  it("nor in what PostgreSQL writes into its logs, even of an import that was cut off", async () => {
    for (const name of ["data.log", "keys.log"]) {
      expect(await Deno.readTextFile(join(inject("clusters").logs, name))).not.toContain("Planted");
    }
  });
});
