import { describe, expect, it } from "vitest";
import { forgetExpiredLinks } from "../../server/tracking/tracking.ts";
import { newId } from "../../server/platform/id.ts";
import { type Caller, newOrder, origin, useCompany } from "../harness/app.ts";

const company = useCompany();
const today = Temporal.Now.plainDateISO("Europe/Berlin");

describe("a tracking link", () => {
  it("shows the recipient the order and nothing about any person", async () => {
    const { token, id } = await madeLink({ number: "#2001" });
    const { status, body } = await follow(token);
    expect(status).toBe(200);
    expect(body).toEqual({
      companyName: "Kestrel Couriers",
      number: "#2001",
      state: "unassigned",
      day: today.toString(),
      window: null,
      timeZone: "Europe/Berlin",
      driverFirstName: null,
      outcome: null,
      steps: [],
      expiresAt: expect.any(String),
    });
    expect(JSON.stringify(body)).not.toMatch(/Beispiel|Ahornallee|mara/i);
    const looks = await entriesOf("tracking.read", id);
    expect(looks).toHaveLength(1);
    expect(looks[0]!.detail).toMatchObject({ via: "tracking-link" });
  });

  it("works until seven days after the order's day end at its site", async () => {
    const { link } = await madeLink();
    const end = today.add({ days: 8 }).toZonedDateTime("Europe/Berlin").toInstant();
    expect(Date.parse(link.expiresAt)).toBe(end.epochMilliseconds);
    expect(link.url).toMatch(/^http:\/\/127\.0\.0\.1:8080\/t#[\w-]{43}$/);
  });

  it("names the driver's first name once the driver is on the way, and not before", async () => {
    const driver = await company.as("driver");
    const { token, id, dispatcher } = await madeLink();
    await dispatcher.put("/api/deliveries/assignments", { ids: [id], driverId: driver.driverId });
    expect((await follow(token)).body).toMatchObject({
      state: "assigned",
      driverFirstName: null,
      steps: [],
    });
    for (const to of ["accepted", "in-transit"]) await step(driver, id, to);
    expect((await follow(token)).body).toMatchObject({ state: "in-transit", driverFirstName: "Test" });
    await step(driver, id, "arrived");
    await step(driver, id, "completed", { outcome: "mailbox" });
    const { body } = await follow(token);
    expect(body).toMatchObject({ state: "completed", outcome: "mailbox", driverFirstName: "Test" });
    expect(body.steps.map(({ state }: { state: string }) => state)).toEqual(
      ["accepted", "in-transit", "arrived", "completed"],
    );
  });

  it("does not show a step that was taken back", async () => {
    const driver = await company.as("driver");
    const { token, id, dispatcher } = await madeLink();
    await dispatcher.put("/api/deliveries/assignments", { ids: [id], driverId: driver.driverId });
    await step(driver, id, "accepted");
    const mistaken = (await step(driver, id, "in-transit")).body.undoable;
    await driver.delete(`/api/deliveries/${id}/steps/${mistaken}`);
    const { body } = await follow(token);
    expect(body.state).toBe("accepted");
    expect(body.steps).toHaveLength(1);
  });

  it("says that an order was cancelled", async () => {
    const { token, id, dispatcher } = await madeLink();
    await step(dispatcher, id, "cancelled");
    const { body } = await follow(token);
    expect(body).toMatchObject({
      state: "cancelled",
      driverFirstName: null,
      steps: [{ state: "cancelled" }],
    });
  });

  it("stops working when a new one is made", async () => {
    const { token, id, dispatcher } = await madeLink();
    const again = await dispatcher.post(`/api/deliveries/${id}/tracking-link`);
    expect(again.status).toBe(201);
    expect(await follow(token)).toMatchObject({ status: 404, body: { slug: "link-unknown" } });
    expect((await follow(tokenOf(again.body.url))).status).toBe(200);
  });

  it("is stored as a hash only", async () => {
    const { token } = await madeLink();
    const { rows } = await (await company.superuser("data")).query(
      "select tracking_links::text from tracking_links",
    );
    expect(JSON.stringify(rows)).not.toContain(token);
    expect(JSON.stringify(rows)).not.toContain(new TextEncoder().encode(token).toHex());
  });

  it("is answered alike when it never was, is too old, or belongs to somebody erased", async () => {
    const never = await follow("A".repeat(43));
    expect(never).toMatchObject({ status: 404, body: { slug: "link-unknown" } });
    expect(await company.caller().get("/api/tracking")).toMatchObject({
      status: 404,
      body: { slug: "link-unknown" },
    });

    const old = await madeLink();
    await company.superDb.updateTable("trackingLinks").set({ expiresAt: new Date(Date.now() - 1) })
      .where("deliveryId", "=", old.id).execute();
    expect(alike(await follow(old.token))).toEqual(alike(never));

    const erased = await madeLink({
      recipient: { ...newOrder(company.here).recipient, name: "Erased Person" },
    });
    await erase(erased.id);
    expect(alike(await follow(erased.token))).toEqual(alike(never));
    expect(await erased.dispatcher.post(`/api/deliveries/${erased.id}/tracking-link`))
      .toMatchObject({ status: 409, body: { slug: "recipient-erased" } });
  });

  it("is forgotten by night once it no longer works", async () => {
    const { id } = await madeLink();
    await company.superDb.updateTable("trackingLinks").set({ expiresAt: new Date(Date.now() - 1) })
      .where("deliveryId", "=", id).execute();
    const { id: kept } = await madeLink();
    await company.change(forgetExpiredLinks);
    const left = await company.services.db.selectFrom("trackingLinks").select("deliveryId").execute();
    expect(left.map((link) => link.deliveryId)).toContain(kept);
    expect(left.map((link) => link.deliveryId)).not.toContain(id);
    await company.change(forgetExpiredLinks);
  });

  it("cannot be made for another site's order, for one long past, or by a driver", async () => {
    const { id } = await madeLink();
    const elsewhere = await company.as("dispatcher", [company.there]);
    expect((await elsewhere.post(`/api/deliveries/${id}/tracking-link`)).status).toBe(404);
    const driver = await company.as("driver");
    expect((await driver.post(`/api/deliveries/${id}/tracking-link`)).status).toBe(403);
    const dispatcher = await company.as("dispatcher");
    const past = await dispatcher.post(
      "/api/deliveries",
      newOrder(company.here, { day: today.subtract({ days: 8 }).toString() }),
    );
    expect(await dispatcher.post(`/api/deliveries/${past.body.id}/tracking-link`))
      .toMatchObject({ status: 409, body: { slug: "order-too-old" } });
  });

  it("cannot be guessed from one address for long, while everybody else goes on", async () => {
    const { token } = await madeLink();
    const from = (hostname: string, guess: string) =>
      company.app.request(`${origin}/api/tracking`, { headers: { Authorization: `Tracking ${guess}` } }, {
        remoteAddr: { transport: "tcp", hostname, port: 50_000 },
      });
    const statuses: number[] = [];
    for (let guess = 0; guess < 22; guess++) {
      statuses.push((await from("192.0.2.7", `guess-${guess}`)).status);
    }
    expect(statuses.slice(0, 20)).toEqual(Array(20).fill(404));
    expect(statuses.at(-1)).toBe(429);
    const refused = await from("192.0.2.7", token);
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    for (let look = 0; look < 30; look++) expect((await from("192.0.2.8", token)).status).toBe(200);
  });
});

async function madeLink(overrides: Parameters<typeof newOrder>[1] = {}) {
  const dispatcher = await company.as("dispatcher");
  const order = newOrder(company.here, { day: today.toString(), ...overrides });
  const { id } = (await dispatcher.post("/api/deliveries", order)).body;
  const { status, body: link } = await dispatcher.post(`/api/deliveries/${id}/tracking-link`);
  expect(status, JSON.stringify(link)).toBe(201);
  return { dispatcher, id: id as string, link, token: tokenOf(link.url) };
}

const tokenOf = (url: string) => url.split("#")[1]!;

const follow = (token: string) =>
  company.caller().get("/api/tracking", { Authorization: `Tracking ${token}` });

const step = (caller: Caller, id: string, to: string, more = {}) =>
  caller.post(`/api/deliveries/${id}/steps`, {
    id: newId(),
    to,
    happenedAt: new Date().toISOString(),
    ...more,
  });

const alike = ({ status, body: { requestId: _, ...body } }: Awaited<ReturnType<typeof follow>>) => ({
  status,
  body,
});

async function erase(deliveryId: string): Promise<void> {
  const { recipientId } = await company.services.db.selectFrom("deliveries").select("recipientId")
    .where("id", "=", deliveryId).executeTakeFirstOrThrow();
  await (await company.superuser("keys")).query("delete from subject_keys where subject = $1", [recipientId]);
  company.forgetKeys();
}

async function entriesOf(act: string, thing: string) {
  const entries = await company.services.db.selectFrom("auditEntries").select("detail").where("act", "=", act)
    .execute();
  return entries.filter(({ detail }) => JSON.stringify(detail).includes(thing));
}
