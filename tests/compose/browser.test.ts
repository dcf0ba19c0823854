import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from "vitest";
import { Appliance } from "../../scripts/bench/appliance.ts";
import { installedChromium, startBrowser, trustAuthorities } from "../browser/chromium.ts";
import { Person } from "../browser/person.ts";
import { newOrder } from "../harness/app.ts";

const appliance = new Appliance(inject("appliance"));
const { cookie, siteId } = inject("owner");
const plainAddress = `http://localhost:${inject("appliance").httpPort}`;
/** One that no other test of this appliance fills with orders. */
const day = Temporal.Now.plainDateISO("Europe/Berlin").add({ days: 100 }).toString();

let home: string;
let stranger: Browser | undefined, colleague: Browser | undefined;
let missing: string | undefined;

beforeAll(async () => {
  missing = installedChromium ? await trustRoot() : "there is no Chromium on this machine";
  if (missing) return;
  [stranger, colleague] = await Promise.all([
    startBrowser(installedChromium!, join(home, "stranger")),
    startBrowser(installedChromium!, join(home, "colleague")),
  ]);
});

beforeEach((test) => test.skip(missing !== undefined, missing));

afterAll(async () => {
  await Promise.all([stranger?.close(), colleague?.close()]);
  await Deno.remove(home, { recursive: true }).catch(() => {});
});

/** One home knows the appliance's authority, the other knows nothing. */
async function trustRoot(): Promise<string | undefined> {
  home = await Deno.makeTempDir({ prefix: "fleethold-home-" });
  await Deno.mkdir(join(home, "stranger"));
  return await trustAuthorities(join(home, "colleague"), [await appliance.root()]);
}

const interrupted = "ERR_NETWORK_CHANGED";

/** Chromium gives up whatever it is loading when an interface of Docker's comes or goes; we do not. */
async function calmly<T>(person: Person, open: () => Promise<T>): Promise<T> {
  for (let attempt = 1;; attempt++) {
    try {
      return await open();
    } catch (error) {
      const said = [String(error), ...person.complaints].join();
      if (attempt === 5 || !said.includes(interrupted)) throw error;
      person.complaints.length = 0;
    }
  }
}

describe("in Chromium, behind the proxy", () => {
  it("a device that knows nothing yet is warned, and finds the page that helps", async () => {
    const warned = await Person.at("desk", stranger!, appliance.url);
    await expect(calmly(warned, () => warned.opens("/"))).rejects.toThrow(/ERR_CERT_AUTHORITY_INVALID/);
    const person = await Person.at("desk", stranger!, plainAddress);
    await calmly(person, async () => {
      await person.opens("/ca");
      await person.page.getByRole("heading", { level: 1 }).waitFor();
    });
    await person.inspects({ onPhoneToo: true });
    expect(person.complaints).toEqual([]);
  });

  it("a device that trusts the authority opens the product without a word, by HTTP/2", async () => {
    const person = await Person.at("desk", colleague!, appliance.url);
    const answer = await calmly(person, async () => {
      const answer = await person.page.goto("/");
      await person.page.getByLabel("E-mail").waitFor();
      return answer;
    });
    expect(answer!.status()).toBe(200);
    const { issuer, protocol } = (await answer!.securityDetails())!;
    expect(issuer).toMatch(/^Fleethold localhost/);
    expect(protocol).toBe("TLS 1.3");
    const spoken = await person.page.evaluate(() =>
      (performance.getEntriesByType("navigation")[0] as PerformanceResourceTiming).nextHopProtocol
    );
    expect(spoken).toBe("h2");
    expect(person.complaints).toEqual([]);
  });

  it("the board hears at once what somebody else did, whichever instance they asked", async () => {
    const person = await Person.at("desk", colleague!, appliance.url);
    const [name, value] = cookie.split(";")[0]!.split("=") as [string, string];
    await person.page.context().addCookies([
      { name, value, url: appliance.url, secure: true, httpOnly: true, sameSite: "Lax" },
    ]);
    // The slowest way to the first order: it is there after the list was read and before the stream opens.
    const late = Promise.withResolvers<void>();
    await person.page.route("**/api/live*", async (route) => {
      await late.promise;
      await route.continue();
    });
    await calmly(person, async () => {
      await person.opens(`/?day=${day}`);
      await person.page.getByText(/No orders yet|Nothing planned for this day/).first().waitFor();
    });
    const numbers = Array.from({ length: 4 }, (_, index) => `LIVE-${index}-${Date.now()}`);
    for (const number of numbers) {
      const answer = await appliance.fetch("/api/deliveries", {
        method: "POST",
        headers: { cookie, "content-type": "application/json", "sec-fetch-site": "same-origin" },
        body: JSON.stringify({ ...newOrder(siteId), number, day }),
      });
      expect(answer.status).toBe(201);
      await answer.body?.cancel();
      late.resolve();
      await person.page.getByText(number).first().waitFor();
    }
    expect(person.complaints.filter((complaint) => !complaint.includes(interrupted))).toEqual([]);
  });
});
