import { describe, expect, it } from "vitest";
import { Company } from "../../server/company/schema.ts";
import { deliveredTo, DeliveryFields, failures, Recipient, states } from "../../server/deliveries/schema.ts";
import { DriverPerson } from "../../server/drivers/schema.ts";
import { Email } from "../../server/platform/schema.ts";
import { SiteFields } from "../../server/sites/schema.ts";
import { demoCompany, type DemoOrder } from "../../server/demo/company.ts";

const wednesday = { today: "2026-11-25" };
const company = demoCompany(wednesday);
const now = Date.parse("2026-11-25T13:00:00Z"); // two in the afternoon in Berlin
const all = (orders: DemoOrder[]) => orders.map(({ state }) => state);

describe("the demonstration company", () => {
  it("is the same company every time it is asked for", () => {
    expect(demoCompany(wednesday)).toEqual(company);
    expect(demoCompany({ ...wednesday, seed: 2 }).orders[0]!.recipient).not.toEqual(
      company.orders[0]!.recipient,
    );
  });

  it("has 3 sites, 7 staff, 12 drivers and 400 orders", () => {
    expect(company.sites).toHaveLength(3);
    expect(company.staff.map(({ role }) => role).sort()).toEqual(
      ["admin", "auditor", "dispatcher", "dispatcher", "dispatcher", "owner", "privacy-officer"],
    );
    expect(company.drivers).toHaveLength(12);
    expect(company.orders).toHaveLength(400);
  });

  it("passes the same checks as what people type in", () => {
    Company.parse(company.company);
    for (const site of company.sites) SiteFields.parse(site);
    for (const { email } of company.staff) Email.parse(email);
    for (const { name, phone, email } of company.drivers) DriverPerson.parse({ name, phone, email });
    for (const order of company.orders) {
      expect(DeliveryFields.parse(order.fields)).toEqual(order.fields);
      expect(Recipient.parse(order.recipient)).toEqual(order.recipient);
    }
  });

  it("has nobody in it who could be called or written to", () => {
    const phones = [...company.drivers, ...company.orders.map(({ recipient }) => recipient)].map((
      { phone },
    ) => phone);
    const emails = [
      ...company.staff,
      ...company.drivers,
      ...company.orders.map(({ recipient }) => recipient),
    ];
    for (const phone of phones) {
      expect(phone).toMatch(/^\+49 (30 23125\d{3}|171 39200\d{2}|176 040690\d{2})$/);
    }
    for (const { email } of emails) {
      expect(email ?? "x@y.example").toMatch(/^[a-z.]+@([a-z-]+)\.(example|test)$/);
    }
    for (const { recipient } of company.orders) expect(recipient.postcode).toMatch(/^05\d{3}$/);
  });

  it("gives every driver a first name, a number and a vehicle of their own", () => {
    expect(new Set(company.drivers.map(({ firstName }) => firstName)).size).toBe(12);
    expect(new Set(company.drivers.map(({ phone }) => phone)).size).toBe(12);
    expect(new Set(company.drivers.map(({ vehicle }) => vehicle.name)).size).toBe(12);
    for (const { name, firstName } of company.drivers) expect(name.startsWith(`${firstName} `)).toBe(true);
  });

  it("has recipients who order again, at the same door", () => {
    const doors = Map.groupBy(company.orders, ({ recipient }) => recipient.name);
    expect([...doors.values()].some((orders) => orders.length > 1)).toBe(true);
    for (const orders of doors.values()) {
      expect(new Set(orders.map(({ recipient }) => `${recipient.phone} ${recipient.street}`)).size).toBe(1);
    }
  });

  it("keeps recipients within a few kilometres of their site", () => {
    for (const { site, recipient } of company.orders) {
      const from = company.sites[site]!.position!, to = recipient.position!;
      const km = Math.hypot(
        (from.lat - to.lat) * 111.3,
        (from.lon - to.lon) * 111.3 * Math.cos(from.lat / 57.3),
      );
      expect(km).toBeLessThan(10);
    }
  });
});

describe("the week's orders", () => {
  it("have a number that is unique at their site", () => {
    expect(new Set(company.orders.map(({ site, fields }) => `${site} ${fields.number}`)).size).toBe(400);
    for (const { fields } of company.orders) expect(fields.number).toMatch(/^#\d{4}$/);
  });

  it("fall on the days from Monday to Sunday", () => {
    const days = new Set(company.orders.map(({ fields }) => fields.day));
    expect([...days].sort()).toEqual(
      ["2026-11-23", "2026-11-24", "2026-11-25", "2026-11-26", "2026-11-27", "2026-11-28", "2026-11-29"],
    );
  });

  it("have a window that opens before it closes, between seven and nine in the evening", () => {
    const hour = new Intl.DateTimeFormat("en-GB", {
      timeZone: "Europe/Berlin",
      hour: "2-digit",
      hourCycle: "h23",
    });
    for (const { fields } of company.orders) {
      const { after, before } = fields.window!;
      expect(Date.parse(after)).toBeLessThan(Date.parse(before));
      expect(Number(hour.format(Date.parse(after)))).toBeGreaterThanOrEqual(7);
      expect(Number(hour.format(Date.parse(before)))).toBeLessThanOrEqual(21);
    }
  });

  it("show every state at any hour of any day", () => {
    for (const seed of [1, 2, 3]) {
      expect(new Set(all(demoCompany({ ...wednesday, seed }).orders)), `seed ${seed}`).toEqual(
        new Set(states),
      );
    }
    for (const time of ["00:00:00", "05:50:00", "14:00:00", "23:59:00"]) {
      for (const day of [23, 25, 29]) {
        const { orders } = demoCompany({ today: `2026-11-${day}`, now: `2026-11-${day}T${time}+01:00` });
        expect(new Set(all(orders)), `${day} ${time}`).toEqual(new Set(states));
      }
    }
  });

  it("are finished on past days, under way today, and at most assigned in the days to come", () => {
    const on = (days: (day: string) => boolean) =>
      new Set(all(company.orders.filter(({ fields }) => days(fields.day))));
    expect(on((day) => day < "2026-11-25")).toEqual(
      new Set(["completed", "failed", "returned", "cancelled"]),
    );
    expect(on((day) => day === "2026-11-25")).toEqual(new Set(states));
    for (const state of on((day) => day > "2026-11-25")) {
      expect(["unassigned", "assigned", "offered", "cancelled"]).toContain(state);
    }
  });

  it("mostly reach somebody", () => {
    const past = company.orders.filter(({ fields }) => fields.day < "2026-11-25");
    const share = past.filter(({ state }) => state === "completed").length / past.length;
    expect(share).toBeGreaterThan(0.8);
    expect(share).toBeLessThan(0.97);
  });

  it("took their steps one after the other, none in the future and none a week ago", () => {
    for (const { state, steps } of company.orders) {
      expect(steps.at(-1)?.to ?? "unassigned").toBe(state);
      const times = steps.map(({ happenedAt }) => Date.parse(happenedAt));
      expect(times).toEqual([...times].sort((a, b) => a - b));
      for (const time of times) {
        expect(time).toBeLessThanOrEqual(now);
        expect(time).toBeGreaterThan(now - 7 * 86_400_000);
      }
    }
  });

  it("have an outcome when they are done, and a driver of their own site once they are with one", () => {
    for (const { state, outcome, driver, site } of company.orders) {
      if (state === "completed") expect(deliveredTo).toContain(outcome);
      else if (state === "failed" || state === "returned") expect(failures).toContain(outcome);
      else expect(outcome).toBeNull();
      if (state === "unassigned") expect(driver).toBeNull();
      else if (state !== "cancelled") expect(company.drivers[driver!]!.site).toBe(site);
    }
  });

  it("send each driver to one door at a time", () => {
    const moving = company.orders.filter(({ state }) => state === "in-transit" || state === "arrived");
    expect(moving.length).toBeGreaterThan(4);
    expect(new Set(moving.map(({ driver }) => driver)).size).toBe(moving.length);
  });
});
