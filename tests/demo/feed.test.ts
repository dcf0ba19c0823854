import { beforeAll, describe, expect, it } from "vitest";
import { generateTOTP } from "@oslojs/otp";
import { sql } from "kysely";
import { readSecret } from "../../server/access/totp.ts";
import { assignable, checkStep, onwardFor } from "../../server/deliveries/state.ts";
import { type Delivery, type DeliveryDetail, states } from "../../server/deliveries/schema.ts";
import { demoCompany } from "../../server/demo/company.ts";
import { type DemoSignIn, feedDemo } from "../../server/demo/feed.ts";
import { signInTable } from "../../server/demo/sign_in_table.ts";
import { type Caller, useCompany } from "../harness/app.ts";

const now = Temporal.Now.instant();
const demo = demoCompany({
  today: now.toZonedDateTimeISO("Europe/Berlin").toPlainDate().toString(),
  now: now.toString(),
});
const company = useCompany({ founded: false });
const roles = ["dispatcher", "driver", "admin", "owner", "auditor", "privacy-officer"];
const callers = new Map<string, Pick<Caller, "get">>();
let signIns: DemoSignIn[] = [];
let afterInterruption = {};
let table = "";

beforeAll(async () => {
  await failHalfWay();
  signIns = await feedDemo(company.services, demo, now);
  table = signInTable(signIns);
  for (const role of roles) callers.set(role, await signIn(shownOf(role)));
  // Some thirty passwords are hashed here, half a second each on a machine with nothing else to do.
}, 180_000);

describe("an installation whose demo was interrupted", () => {
  it("was as empty as before, so that the demo could be started again", () => {
    expect(afterInterruption).toEqual({ needed: true, accounts: 0, deliveries: 0, entries: 0 });
  });
});

describe("an installation started with the demo", () => {
  it("is set up, and refuses to be filled a second time", async () => {
    expect((await company.caller().get("/api/setup")).body).toEqual({ needed: false });
    await expect(feedDemo(company.services, demo)).rejects.toMatchObject({ slug: "already-set-up" });
    expect(await count("select count(*) from deliveries")).toBe(400);
  });

  it("prints how to sign in as one of each role, and what it prints works", async () => {
    for (const role of roles) {
      const { email, password, totpSecret } = shownOf(role);
      const printed = table.split("\n").find((row) => row.includes(email))!.split(/ {2,}/);
      expect(printed).toEqual([role, email, password, totpSecret]);
      expect((await callers.get(role)!.get("/api/session")).body).toMatchObject({ role, email });
    }
  });

  it("gives each account a password of its own", () => {
    expect(new Set(signIns.map(({ password }) => password)).size).toBe(signIns.length);
    expect(new Set(signIns.map(({ totpSecret }) => totpSecret)).size).toBe(signIns.length);
  });

  it("shows orders in every state, each where its last step has led it", async () => {
    const orders = await everyOrder(callers.get("owner")!);
    expect(orders).toHaveLength(400);
    expect(new Set(orders.map(({ state }) => state))).toEqual(new Set(states));
    const told = new Map(
      demo.orders.map((order) => [`${order.recipient.name} ${order.fields.number}`, order]),
    );
    for (const order of orders) {
      const { state, outcome } = told.get(`${order.recipient!.name} ${order.number}`)!;
      expect(order).toMatchObject({ state, outcome });
    }
  });

  it("tells each order's story by the rules, with proof where the order asks for it", async () => {
    const owner = callers.get("owner")!;
    for (const { id } of (await everyOrder(owner)).slice(0, 120)) {
      const { state, steps, proofs, requires, driverId }: DeliveryDetail =
        (await owner.get(`/api/deliveries/${id}`)).body;
      let from: Delivery["state"] = "unassigned";
      for (const step of steps) {
        expect(step.from).toBe(from);
        if (!assignable.includes(from) || !["assigned", "offered"].includes(step.to)) {
          checkStep(from, step, false);
        }
        expect(Date.parse(step.receivedAt)).toBeGreaterThanOrEqual(Date.parse(step.happenedAt));
        expect(Date.parse(step.receivedAt)).toBeLessThan(now.epochMilliseconds + 10_000);
        expect(step.byName).not.toBeNull();
        from = step.to;
      }
      expect(from).toBe(state);
      if (state === "completed") {
        const kinds = new Set<string>(proofs.map(({ kind }) => kind));
        expect(requires.every((kind) => kinds.has(kind)), requires.join()).toBe(true);
        expect(driverId).not.toBeNull();
      }
    }
  });

  it("hands a driver on the road a day with something to do next", async () => {
    const driver = callers.get("driver")!;
    const { items } = (await driver.get("/api/driver/stops")).body as { items: DeliveryDetail[] };
    expect(items.length).toBeGreaterThan(2);
    const atTheDoor = items.find(({ state }) => state === "arrived")!;
    expect(atTheDoor.onward).toEqual(onwardFor("arrived", true));
  });

  it("shows the photo of a parcel at its door", async () => {
    const owner = callers.get("owner")!;
    const { rows: [proof] } = await sql<{ id: string; deliveryId: string }>`
      select id, delivery_id from proofs where kind = 'photo' limit 1`.execute(company.services.db);
    const photo = await owner.get(`/api/deliveries/${proof!.deliveryId}/proofs/${proof!.id}`);
    expect(photo.status).toBe(200);
    expect([...(photo.body as Uint8Array).slice(0, 2)]).toEqual([0xff, 0xd8]);
  });

  it("says in every entry of the trail that the demo did it", async () => {
    const steps = demo.orders.flatMap((order) => order.steps).length;
    expect(
      await count(`select count(*) from audit_entries where detail->>'via' = 'demo'
        and act in (${["created", ...states].map((act) => `'delivery.${act}'`).join()})`),
    ).toBe(demo.orders.length + steps);
    expect(
      await count(`select count(*) from audit_entries where act in ('delivery.completed', 'delivery.assigned')
        and (actor is null or detail->>'via' <> 'demo')`),
    ).toBe(0);
  });
});

/** Feeds a company whose last order breaks the rules, after all the others have been written. */
async function failHalfWay(): Promise<void> {
  const orders = demo.orders.filter(({ driver }) => driver === null || driver === 0);
  const last = orders.findLast(({ state }) => state === "cancelled")!;
  const twice = { ...last, fields: { ...last.fields, number: "#0" }, steps: [...last.steps, ...last.steps] };
  const broken = {
    ...demo,
    staff: demo.staff.slice(0, 3),
    drivers: demo.drivers.slice(0, 1),
    orders: [...orders, twice],
  };
  await expect(feedDemo(company.services, broken, now)).rejects.toMatchObject({ slug: "step-refused" });
  afterInterruption = {
    ...(await company.caller().get("/api/setup")).body,
    accounts: await count("select count(*) from accounts"),
    deliveries: await count("select count(*) from deliveries"),
    entries: await count("select count(*) from audit_entries where act <> 'request.refused'"),
  };
}

const shownOf = (role: string) =>
  signIns.find((signIn) => signIn.role === role && table.includes(signIn.email))!;

async function signIn({ email, password, totpSecret }: DemoSignIn): Promise<Pick<Caller, "get">> {
  const code = generateTOTP(readSecret(totpSecret), 30, 6);
  const { headers } = await company.caller().post("/api/session", { email, password, code });
  const cookie = headers.getSetCookie().map((set) => set.split(";")[0]).join("; ");
  return company.caller({ cookie });
}

async function everyOrder(caller: Pick<Caller, "get">): Promise<Delivery[]> {
  const orders: Delivery[] = [];
  let cursor = "";
  do {
    const { body } = await caller.get(`/api/deliveries?limit=200${cursor && `&cursor=${cursor}`}`);
    orders.push(...body.items);
    cursor = body.next ?? "";
  } while (cursor);
  return orders;
}

async function count(query: string): Promise<number> {
  const { rows: [row] } = await sql.raw<{ count: number }>(query).execute(company.services.db);
  return row!.count;
}
