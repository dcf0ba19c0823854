import { describe, expect, it } from "vitest";
import { readMoney, readNumber } from "../../../server/deliveries/import/amounts.ts";
import { readCountry } from "../../../server/deliveries/import/countries.ts";
import {
  dayOf,
  instantAt,
  readClock,
  readClockRange,
  readDay,
  readMoment,
} from "../../../server/deliveries/import/moments.ts";

describe("days", () => {
  it.each([
    "2026-02-21",
    "2026/2/21",
    "20260221",
    "21.02.2026",
    "21.2.26",
    "21/02/2026",
    "Sat, 21 Feb 2026",
    "February 21st, 2026",
    "21. Februar 2026",
    "samedi 21 février 2026",
  ])("%s is the 21st of February", (text) => {
    expect(readDay(text, "day-first")).toBe("2026-02-21");
  });

  it("03/04 is what the person says it is, but 03.04. is always the 3rd of April", () => {
    expect(readDay("03/04/2026", "day-first")).toBe("2026-04-03");
    expect(readDay("03/04/2026", "month-first")).toBe("2026-03-04");
    expect(readDay("03.04.2026", "month-first")).toBe("2026-04-03");
  });

  it.each(["31.02.2026", "2026-13-01", "0", "tomorrow", "21 02", "2026-02-21x", "9".repeat(5000)])(
    "%s is no day",
    (text) => expect(readDay(text, "day-first")).toBeNull(),
  );
});

describe("times", () => {
  it.each([
    ["2026-02-20 10:00:00 +0000", { day: "2026-02-20", clock: "10:00", offset: "+00:00" }],
    ["2026-02-20T10:00:00.500Z", { day: "2026-02-20", clock: "10:00", offset: "UTC" }],
    ["20.02.2026, 18:30 Uhr", { day: "2026-02-20", clock: "18:30", offset: null }],
    ["2/20/2026 6:29:00 PM", { day: "2026-02-20", clock: "18:29", offset: null }],
    ["2/20/2026", { day: "2026-02-20", clock: null, offset: null }],
  ])("%s is a day and a time", (text, moment) => {
    expect(readMoment(text, "month-first")).toEqual(moment);
  });

  it.each([["10:00", "10:00"], ["9 am", "09:00"], ["12:00 AM", "00:00"], ["12 p.m.", "12:00"], [
    "18 Uhr",
    "18:00",
  ]])(
    "%s is %s",
    (text, clock) => expect(readClock(text)).toBe(clock),
  );

  it.each(["25:00", "13 pm", "10:60", "noon", "", "2026-02-20"])("%j is no time", (text) => {
    expect(readClock(text)).toBeNull();
  });

  it.each([
    ["10:00 AM - 12:00 PM", "10:00", "12:00"],
    ["10 – 12 Uhr", "10:00", "12:00"],
    ["1 - 3 PM", "13:00", "15:00"],
    ["11:00 - 1:00 PM", "11:00", "13:00"],
    ["10:00 bis 12:30", "10:00", "12:30"],
    ["between 10 and 12", "10:00", "12:00"],
  ])("%s is a window", (text, after, before) => {
    expect(readClockRange(text)).toEqual({ after, before });
  });

  it("are local to the site, in winter and in summer", () => {
    expect(instantAt("2026-02-21", "10:00", "Europe/Berlin")).toBe("2026-02-21T09:00:00Z");
    expect(instantAt("2026-07-21", "10:00", "Europe/Berlin")).toBe("2026-07-21T08:00:00Z");
    expect(instantAt("2026-02-21", "24:00", "America/New_York")).toBe("2026-02-22T05:00:00Z");
  });

  it("an hour the clock skips in spring is the hour after, an hour it repeats in autumn is the first", () => {
    expect(instantAt("2026-03-29", "02:30", "Europe/Berlin")).toBe("2026-03-29T01:30:00Z");
    expect(instantAt("2026-10-25", "02:30", "Europe/Berlin")).toBe("2026-10-25T00:30:00Z");
  });

  it("late in the evening in London it is the next day in Berlin", () => {
    expect(dayOf("2026-02-20T23:30:00Z", "Europe/Berlin")).toBe("2026-02-21");
  });
});

describe("numbers and money", () => {
  it.each([
    ["1,234.50", 1234.5],
    ["1.234,50", 1234.5],
    ["1 234,5", 1234.5],
    ["1'234.5", 1234.5],
    ["12,5", 12.5],
    ["-3", -3],
  ])("%s is %d", (text, number) => expect(readNumber(text)).toBe(number));

  it("grams are a thousandth of a kilogram, and unknown units are not guessed", () => {
    const units = new Map([["kg", 1], ["g", 0.001]]);
    expect(readNumber("800 g", { units })).toBe(0.8);
    expect(readNumber("2 stone", { units })).toBeNull();
  });

  it.each([
    ["12,50 €", null, { amount: 1250, currency: "EUR" }],
    ["1.250", "EUR", { amount: 125_000, currency: "EUR" }],
    ["1200", "JPY", { amount: 1200, currency: "JPY" }],
    ["19.99 CHF", null, { amount: 1999, currency: "CHF" }],
    ["0.00", null, "nothing"],
    ["$5", null, "no-currency"],
    ["soon", "EUR", "no-amount"],
  ])("%s with currency %s is read in minor units", (text, currency, money) => {
    expect(readMoney(text, currency)).toEqual(money);
  });
});

describe("countries", () => {
  it.each(["DE", "de", "Germany", "Deutschland", "ALLEMAGNE"])("%s is Germany", (name) => {
    expect(readCountry(name)).toBe("DE");
  });

  it.each([["UK", "GB"], ["United States", "US"], ["Österreich", "AT"], ["Czech Republic", "CZ"]])(
    "%s is %s",
    (name, code) => expect(readCountry(name)).toBe(code),
  );

  it.each(["Atlantis", "EU", "ZZ", ""])("%j is no country", (name) => expect(readCountry(name)).toBeNull());
});
