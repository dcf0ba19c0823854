import { describe, expect, it } from "vitest";
import { describeDevice, KnownDevice } from "../../server/access/device.ts";
import type { Config } from "../../server/platform/config.ts";

const config = { FLEETHOLD_PEPPER: new Uint8Array(32).fill(1) } as Config;
const person = (number: number) => new Uint8Array(32).fill(number);

describe("a device that has signed in before", () => {
  it("is known again for the person who used it and for nobody else", () => {
    const cookie = KnownDevice.read(undefined).cookieFor(config, person(1));
    expect(KnownDevice.read(cookie).knows(config, person(1))).toBe(true);
    expect(KnownDevice.read(cookie).knows(config, person(2))).toBe(false);
  });

  it("keeps its number and remembers the last eight people", () => {
    let cookie: string | undefined;
    for (let number = 1; number <= 9; number++) {
      cookie = KnownDevice.read(cookie).cookieFor(config, person(number));
    }
    const device = KnownDevice.read(cookie);
    expect(device.knows(config, person(1))).toBe(false);
    for (let number = 2; number <= 9; number++) expect(device.knows(config, person(number))).toBe(true);
  });

  it("cannot be made up, nor taken along to another installation", () => {
    const elsewhere = { FLEETHOLD_PEPPER: new Uint8Array(32).fill(2) } as Config;
    const cookie = KnownDevice.read(undefined).cookieFor(elsewhere, person(1));
    for (const made of [cookie, "", "x", "a.b.c", `${"A".repeat(22)}.${"A".repeat(22)}`]) {
      expect(KnownDevice.read(made).knows(config, person(1))).toBe(false);
    }
  });
});

describe("a device in the list of sessions", () => {
  it.each([
    ["Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"],
    [
      "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0",
      "Edge on Windows",
    ],
    [
      "Mozilla/5.0 (Linux; Android 15; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36",
      "Chrome on Android",
    ],
    [
      "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1",
      "Safari on iPhone",
    ],
    ["curl/8.5.0", "Unknown device"],
    [undefined, "Unknown device"],
  ])("%s is called %s", (userAgent, words) => expect(describeDevice(userAgent)).toBe(words));
});
