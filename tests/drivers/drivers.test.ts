import { beforeAll, describe, expect, it } from "vitest";
import { driverNames } from "../../server/drivers/driver.ts";
import { Reader } from "../../server/audit/reader.ts";
import { system } from "../../server/audit/actor.ts";
import { type Caller, newOrder, useCompany } from "../harness/app.ts";

const company = useCompany();
let owner: Caller, dispatcher: Caller, stranger: Caller;
beforeAll(async () => {
  owner = await company.as("owner");
  dispatcher = await company.as("dispatcher", [company.here]);
  stranger = await company.as("dispatcher", [company.there]);
});

const version = (of: number) => ({ "If-Match": `"${of}"` });
const person = { name: "Ines Faltermann", phone: "+49 30 23125 007", email: "ines@kestrel.example" };
const takeOn = async (siteId = company.here, fields: Record<string, unknown> = {}) =>
  (await owner.post("/api/drivers", { ...person, siteId, ...fields })).body;
const buy = async (siteId = company.here, fields: Record<string, unknown> = {}) =>
  (await owner.post("/api/vehicles", { name: "Van 1", siteId, ...fields })).body;
const entriesAbout = async (thing: string, act: string) =>
  (await owner.get(`/api/audit?thing=${thing}&act=${act}`)).body.items;

describe("drivers", () => {
  it("a driver taken on is shown with name, phone and e-mail", async () => {
    const taken = await dispatcher.post("/api/drivers", { ...person, siteId: company.here });
    expect([taken.status, taken.headers.get("etag")]).toEqual([201, '"1"']);
    const { body } = await dispatcher.get(`/api/drivers/${taken.body.id}`);
    expect(body).toEqual({
      ...person,
      id: taken.body.id,
      siteId: company.here,
      vehicleId: null,
      accountId: null,
      active: true,
      version: 1,
    });
  });

  it("what is personal of a driver stands in no table in the clear", async () => {
    const driver = await takeOn(company.here, { name: "Quirin Zadelhof", phone: "+49 30 23125 088" });
    await owner.patch(`/api/drivers/${driver.id}`, { name: "Quirin Odenthal" }, version(1));
    const superuser = await company.superuser("data");
    for (const table of ["drivers", "audit_entries", "idempotency_keys"]) {
      const { rows } = await superuser.query(`select string_agg(t::text, ' ') as text from ${table} t`);
      expect(rows[0].text ?? "").not.toMatch(/Quirin|Zadelhof|Odenthal|23125/);
    }
  });

  it("a changed phone number stands in the trail with its old and new value, sealed", async () => {
    const driver = await takeOn();
    const edited = await dispatcher.patch(
      `/api/drivers/${driver.id}`,
      { phone: "+49 30 23125 008" },
      version(1),
    );
    expect(edited.body).toEqual({ ...driver, phone: "+49 30 23125 008", version: 2 });
    const [entry] = await entriesAbout(driver.id, "driver.edited");
    expect(entry.detail.fields).toEqual(["phone"]);
    expect(entry.changed).toEqual({ phone: { from: person.phone, to: "+49 30 23125 008" } });
    expect(entry.names[driver.id]).toBe(person.name);
  });

  it("an edit leaves alone what it does not name", async () => {
    const driver = await takeOn();
    const { body } = await owner.patch(`/api/drivers/${driver.id}`, { active: false }, version(1));
    expect(body).toEqual({ ...driver, active: false, version: 2 });
  });

  it("an edit made from an old version is refused", async () => {
    const driver = await takeOn();
    await owner.patch(`/api/drivers/${driver.id}`, { name: "Ines Faber" }, version(1));
    const late = await owner.patch(`/api/drivers/${driver.id}`, { name: "Ines Fabian" }, version(1));
    expect([late.status, late.body.slug]).toEqual([412, "changed-meanwhile"]);
  });

  it("another site's driver is not found, listed or edited", async () => {
    const driver = await takeOn();
    expect((await stranger.get(`/api/drivers/${driver.id}`)).status).toBe(404);
    expect((await stranger.patch(`/api/drivers/${driver.id}`, { active: false }, version(1))).status).toBe(
      404,
    );
    const { body } = await stranger.get("/api/drivers?limit=200");
    expect(body.items.map(({ id }: { id: string }) => id)).not.toContain(driver.id);
  });

  it("a dispatcher cannot send a driver to a site they do not work for; an owner can", async () => {
    const driver = await takeOn();
    const move = { siteId: company.there };
    expect((await dispatcher.patch(`/api/drivers/${driver.id}`, move, version(1))).status).toBe(404);
    const moved = await owner.patch(`/api/drivers/${driver.id}`, move, version(1));
    expect(moved.body.siteId).toBe(company.there);
    expect((await entriesAbout(driver.id, "driver.edited"))[0].detail).toMatchObject({
      site: company.there,
      fromSite: company.here,
    });
  });

  it("a driver who moves to another site leaves the vehicle behind", async () => {
    const van = await buy();
    const driver = await takeOn(company.here, { vehicleId: van.id });
    const { body } = await owner.patch(`/api/drivers/${driver.id}`, { siteId: company.there }, version(1));
    expect([body.siteId, body.vehicleId]).toEqual([company.there, null]);
  });

  it("a driver can have a vehicle of their own site only", async () => {
    const elsewhere = await buy(company.there);
    const driver = await takeOn();
    const given = await owner.patch(`/api/drivers/${driver.id}`, { vehicleId: elsewhere.id }, version(1));
    expect([given.status, given.body.slug]).toEqual([409, "vehicle-elsewhere"]);
  });

  it("a driver with an order still to drive cannot leave, and can once somebody else has it", async () => {
    const [driver, colleague] = [await takeOn(), await takeOn()];
    const { body: order } = await owner.post("/api/deliveries", newOrder(company.here));
    await owner.put("/api/deliveries/assignments", { ids: [order.id], driverId: driver.id });
    for (const edit of [{ active: false }, { siteId: company.there }]) {
      const refused = await owner.patch(`/api/drivers/${driver.id}`, edit, version(1));
      expect([refused.status, refused.body.slug]).toEqual([409, "driver-has-open-work"]);
    }
    await owner.put("/api/deliveries/assignments", { ids: [order.id], driverId: colleague.id });
    expect((await owner.patch(`/api/drivers/${driver.id}`, { active: false }, version(1))).status).toBe(200);
  });

  it("a driver let go at the moment an order is given to them either has left or has the order", async () => {
    await Promise.all(Array.from({ length: 8 }, async () => {
      const driver = await takeOn();
      const { body: order } = await owner.post("/api/deliveries", newOrder(company.here));
      await Promise.all([
        owner.patch(`/api/drivers/${driver.id}`, { active: false }, version(1)),
        owner.put("/api/deliveries/assignments", { ids: [order.id], driverId: driver.id }),
      ]);
      const active = (await owner.get(`/api/drivers/${driver.id}`)).body.active;
      const given = (await owner.get(`/api/deliveries/${order.id}`)).body.driverId === driver.id;
      expect(active).toBe(given);
    }));
  });

  it("an erased driver is shown without a name, and cannot be given one", async () => {
    const driver = await takeOn();
    const keys = await company.superuser("keys"), data = await company.superuser("data");
    const { rows: [row] } = await data.query("select person_id from drivers where id = $1", [driver.id]);
    await keys.query("delete from subject_keys where subject = $1", [row.person_id]);
    company.forgetKeys();
    const { body } = await owner.get(`/api/drivers/${driver.id}`);
    expect([body.name, body.phone, body.email]).toEqual([null, null, null]);
    const renamed = await owner.patch(`/api/drivers/${driver.id}`, { name: "Somebody" }, version(1));
    expect([renamed.status, renamed.body.slug]).toEqual([409, "driver-erased"]);
    const names = await driverNames(new Reader(company.services, system("test")), [driver.id]);
    expect([...names]).toEqual([[driver.id, null]]);
  });

  it("whoever looks at drivers is in the trail", async () => {
    const driver = await takeOn();
    const auditor = await company.as("auditor");
    await auditor.get("/api/drivers?limit=200");
    const { body } = await owner.get(
      `/api/audit?thing=${driver.id}&act=driver.read&actor=${auditor.accountId}`,
    );
    expect(body.items).toHaveLength(1);
  });

  it("a long list comes page by page, each driver once", async () => {
    const ids: string[] = [];
    for (let path = "/api/drivers?limit=4";;) {
      const { body } = await owner.get(path);
      ids.push(...body.items.map(({ id }: { id: string }) => id));
      if (!body.next) break;
      path = `/api/drivers?limit=4&cursor=${body.next}`;
    }
    const { body: whole } = await owner.get("/api/drivers?limit=200");
    expect(ids).toEqual(whole.items.map(({ id }: { id: string }) => id));
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe("vehicles", () => {
  it("a vehicle bought is found again as it was entered", async () => {
    const entered = {
      name: "Van 4",
      plate: "LT-KC 404",
      kind: "van",
      siteId: company.here,
      capacityKg: 750.5,
      capacityUnits: 40,
    };
    const bought = await dispatcher.post("/api/vehicles", entered);
    expect(bought.status).toBe(201);
    const { body } = await dispatcher.get(`/api/vehicles/${bought.body.id}`);
    expect(body).toEqual({ ...entered, id: bought.body.id, active: true, version: 1 });
    expect((await stranger.get(`/api/vehicles/${bought.body.id}`)).status).toBe(404);
  });

  it("a vehicle that a driver has can neither be retired nor be moved", async () => {
    const van = await buy();
    const driver = await takeOn(company.here, { vehicleId: van.id });
    for (const edit of [{ active: false }, { siteId: company.there }]) {
      const refused = await owner.patch(`/api/vehicles/${van.id}`, edit, version(1));
      expect([refused.status, refused.body.slug]).toEqual([409, "vehicle-in-use"]);
    }
    await owner.patch(`/api/drivers/${driver.id}`, { vehicleId: null }, version(1));
    expect((await owner.patch(`/api/vehicles/${van.id}`, { active: false }, version(1))).body.active).toBe(
      false,
    );
  });

  it("a retired vehicle is given to nobody", async () => {
    const van = await buy();
    await owner.patch(`/api/vehicles/${van.id}`, { active: false }, version(1));
    const given = await owner.post("/api/drivers", { ...person, siteId: company.here, vehicleId: van.id });
    expect([given.status, given.body.slug]).toEqual([409, "vehicle-retired"]);
  });

  it("a vehicle being retired and given to a driver at the same moment ends as one or the other", async () => {
    const rounds = Array.from({ length: 8 }, async () => {
      const [van, driver] = [await buy(), await takeOn()];
      await Promise.all([
        owner.patch(`/api/vehicles/${van.id}`, { active: false }, version(1)),
        owner.patch(`/api/drivers/${driver.id}`, { vehicleId: van.id }, version(1)),
      ]);
      const active = (await owner.get(`/api/vehicles/${van.id}`)).body.active;
      const given = (await owner.get(`/api/drivers/${driver.id}`)).body.vehicleId === van.id;
      expect(active).toBe(given);
    });
    await Promise.all(rounds);
  });
});
