import { beforeAll, describe, expect, it } from "vitest";
import { states } from "../../server/deliveries/schema.ts";
import { open } from "../../server/deliveries/state.ts";
import { settled } from "../../server/sites/open_work.ts";
import { todayAt } from "../../server/sites/site.ts";
import { type Caller, newOrder, useCompany } from "../harness/app.ts";

const company = useCompany();
let owner: Caller;
beforeAll(async () => {
  owner = await company.as("owner");
});

const depot = (name: string) => ({ name, timeZone: "Europe/Lisbon" });
const version = (of: number) => ({ "If-Match": `"${of}"` });

describe("sites", () => {
  it("a site that was opened is found again as it was entered", async () => {
    const entered = {
      name: "Quay store",
      street: "Kai 4",
      postcode: "05011",
      city: "Lindental",
      position: { lat: 52.1, lon: 9.9 },
      timeZone: "Europe/Berlin",
    };
    const opened = await owner.post("/api/sites", entered);
    expect(opened.status).toBe(201);
    expect(opened.headers.get("etag")).toBe('"1"');
    const found = await owner.get(`/api/sites/${opened.body.id}`);
    expect(found.body).toEqual({ ...entered, id: opened.body.id, active: true, version: 1 });
  });

  it("two sites cannot have the same name", async () => {
    await owner.post("/api/sites", depot("North gate"));
    const second = await owner.post("/api/sites", depot("North gate"));
    expect([second.status, second.body.slug]).toEqual([409, "name-taken"]);

    const other = await owner.post("/api/sites", depot("South gate"));
    const renamed = await owner.patch(`/api/sites/${other.body.id}`, { name: "North gate" }, version(1));
    expect([renamed.status, renamed.body.slug]).toEqual([409, "name-taken"]);
  });

  it("an edit changes what it names and leaves the rest", async () => {
    const { body: site } = await owner.post("/api/sites", {
      ...depot("West gate"),
      street: "Am Tor 1",
      city: "Lindental",
    });
    const edited = await owner.patch(`/api/sites/${site.id}`, { city: "Altmark" }, version(1));
    expect(edited.body).toEqual({ ...site, city: "Altmark", version: 2 });
    expect(edited.headers.get("etag")).toBe('"2"');
  });

  it("an edit that repeats what is there is no new version", async () => {
    const { body: site } = await owner.post("/api/sites", depot("East gate"));
    const same = await owner.patch(
      `/api/sites/${site.id}`,
      { name: "East gate", position: null },
      version(1),
    );
    expect([same.status, same.body.version]).toEqual([200, 1]);
  });

  it("an edit of a version somebody has changed meanwhile is refused, and one that names no version too", async () => {
    const { body: site } = await owner.post("/api/sites", depot("Mill"));
    await owner.patch(`/api/sites/${site.id}`, { city: "Altmark" }, version(1));
    const late = await owner.patch(`/api/sites/${site.id}`, { city: "Lindental" }, version(1));
    expect([late.status, late.body.slug]).toEqual([412, "changed-meanwhile"]);
    const blind = await owner.patch(`/api/sites/${site.id}`, { city: "Lindental" });
    expect([blind.status, blind.body.slug]).toEqual([428, "if-match-needed"]);
  });

  it("a site with an order still to be driven cannot be closed, and can once it is cancelled", async () => {
    const { body: site } = await owner.post("/api/sites", depot("Brickyard"));
    const { body: order } = await owner.post("/api/deliveries", newOrder(site.id));
    const refused = await owner.patch(`/api/sites/${site.id}`, { active: false }, version(1));
    expect([refused.status, refused.body.slug]).toEqual([409, "site-has-open-work"]);
    expect(refused.body.detail).toContain("1 delivery");

    await owner.post(`/api/deliveries/${order.id}/steps`, {
      id: crypto.randomUUID(),
      to: "cancelled",
      happenedAt: new Date().toISOString(),
    });
    const closed = await owner.patch(`/api/sites/${site.id}`, { active: false }, version(1));
    expect([closed.status, closed.body.active]).toEqual([200, false]);
  });

  it("nothing can be added to a closed site", async () => {
    const { body: site } = await owner.post("/api/sites", depot("Old kiln"));
    await owner.patch(`/api/sites/${site.id}`, { active: false }, version(1));
    const vehicle = await owner.post("/api/vehicles", { name: "Van 9", siteId: site.id });
    expect([vehicle.status, vehicle.body.slug]).toEqual([409, "site-closed"]);
  });

  it("a dispatcher sees the sites they work for, and no other", async () => {
    const dispatcher = await company.as("dispatcher", [company.here]);
    const { body } = await dispatcher.get("/api/sites");
    expect(body.items.map(({ id }: { id: string }) => id)).toEqual([company.here]);
    expect((await dispatcher.get(`/api/sites/${company.there}`)).status).toBe(404);
    expect((await dispatcher.post("/api/sites", depot("Mine"))).status).toBe(403);
  });

  it("a long list comes page by page, by name, each site once", async () => {
    const names: string[] = [];
    for (let path = "/api/sites?limit=3";;) {
      const { body } = await owner.get(path);
      names.push(...body.items.map(({ name }: { name: string }) => name));
      if (!body.next) break;
      path = `/api/sites?limit=3&cursor=${body.next}`;
    }
    const { body: whole } = await owner.get("/api/sites?limit=200");
    expect(names).toEqual(whole.items.map(({ name }: { name: string }) => name));
    expect(new Set(names).size).toBe(names.length);
  });
});

describe("what counts as open work", () => {
  it("is every state of the table of states that is still to be driven", () => {
    expect(states.filter((state) => !(settled as readonly string[]).includes(state))).toEqual(open);
  });
});

describe("today", () => {
  it("is the calendar day of the site, not of the server", () => {
    const [west, east] = [todayAt("Pacific/Pago_Pago"), todayAt("Pacific/Kiritimati")];
    expect(west).toMatch(/^\d{4}-\d\d-\d\d$/);
    expect(west < east).toBe(true);
  });
});
