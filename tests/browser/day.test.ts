import { Buffer } from "node:buffer";
import { join } from "node:path";
import type { Browser, Locator } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { withPosition } from "../harness/phone_photo.ts";
import { installedChromium, startBrowser } from "./chromium.ts";
import { type Installation, startTestInstallation } from "./installation.ts";
import { Person } from "./person.ts";

const company = "Kestrel Couriers";
const depot = "Harbour depot";

let installation: Installation;
let browser: Browser;
let owner: Person;
let dispatcher: Person;
let driver: Person;
let recipient: Person;
const invitations: Record<"dispatcher" | "driver", string> = { dispatcher: "", driver: "" };

beforeAll(async () => {
  if (!installedChromium) return;
  [installation, browser] = await Promise.all([startTestInstallation(), startBrowser(installedChromium)]);
  const { url } = installation;
  owner = await Person.at("desk", browser, url, "olive@kestrel.example");
  dispatcher = await Person.at("desk", browser, url, "dana@kestrel.example");
  driver = await Person.at("phone", browser, url, "dario@kestrel.example");
  recipient = await Person.at("phone", browser, url);
});

beforeEach((test) => test.skip(!installedChromium, "there is no Chromium on this machine"));

afterEach(async ({ task }) => {
  if (task.result?.state === "fail") await keepPictures(task.name);
  const complaints = [owner, dispatcher, driver, recipient].flatMap((person) =>
    person?.complaints.splice(0) ?? []
  );
  expect(complaints).toEqual([]);
});

afterAll(async () => {
  await browser?.close();
  await installation?.stop();
});

describe("a day in the browser", () => {
  it("begins with the set-up link: company, first site, and an owner with a second factor", async () => {
    await owner.opens(installation.setUpLink);
    await owner.reads("Your company");
    await owner.inspects({ onPhoneToo: true });
    await owner.types("Company name", company);
    await owner.page.getByLabel("Time zone").selectOption("Europe/Berlin");
    await owner.page.getByLabel("Public holidays of").selectOption("DE");
    await owner.presses("Next");
    await owner.reads("The first site");
    await owner.types("Name", depot);
    await owner.types("Street and number", "Am Kai 4");
    await owner.types("Postcode", "10969");
    await owner.types("City", "Berlin");
    await owner.inspects();
    await owner.presses("Next");
    await owner.reads("You, the owner");
    await owner.types("Name", "Olive Harrow");
    await owner.types("E-mail", owner.email);
    await owner.choosesPassword("Password");
    await owner.inspects();
    await owner.presses("Finish set-up");
    const codes = await owner.keepsRecoveryCodes();
    expect(new Set(codes).size).toBe(10);
    await owner.sees("No orders yet");
    await owner.inspects({ onPhoneToo: true });
  });

  it("gives the company a second site, a vehicle and a driver", async () => {
    await owner.goesTo("Sites");
    await owner.presses("Add site");
    await owner.types("Name", "Hill depot");
    await owner.inspects();
    await owner.presses("Add site");
    await row(owner, "Hill depot").waitFor();
    await owner.inspects({ onPhoneToo: true });

    await owner.goesTo("Vehicles");
    await owner.presses("Add vehicle");
    await owner.types("Name", "Van 1");
    await owner.inspects();
    await owner.presses("Add vehicle");
    await row(owner, "Van 1").waitFor();
    await owner.inspects({ onPhoneToo: true });

    await owner.goesTo("Drivers");
    await owner.presses("Add driver");
    await owner.types("Name", "Dario Quill");
    await owner.types("Phone", "+49 30 23125 150");
    await owner.types("E-mail", driver.email);
    await owner.page.getByLabel("Usual vehicle").selectOption("Van 1");
    await owner.presses("Add driver");
    await row(owner, "Dario Quill").waitFor();
    await owner.inspects({ onPhoneToo: true });
  });

  it("invites a dispatcher and the driver by links they open in their own browsers", async () => {
    await owner.presses("Dario Quill");
    await owner.presses("Invite to sign in");
    invitations.driver = await makesInvitation(owner);
    await owner.inspects();
    await owner.presses("Done");

    await owner.goesTo("People");
    await owner.presses("Invite somebody");
    await owner.types("Name", "Dana Merrow");
    await owner.types("E-mail", dispatcher.email);
    await owner.page.getByLabel(depot).check();
    await owner.inspects();
    invitations.dispatcher = await makesInvitation(owner);
    await owner.presses("Done");
    await owner.inspects({ onPhoneToo: true });

    await dispatcher.acceptsInvitation(invitations.dispatcher, company);
    await dispatcher.reads("Orders");
    await driver.acceptsInvitation(invitations.driver, company);
    await driver.sees("No stops today");
    await driver.inspects();
  });

  it("imports the shop's orders after showing what was read of the file", async () => {
    await dispatcher.goesTo("Import");
    await dispatcher.inspects({ onPhoneToo: true });
    await dispatcher.page.getByLabel("Drop a CSV file here").setInputFiles({
      name: "orders_export.csv",
      mimeType: "text/csv",
      buffer: await ordersOfToday(),
    });
    await dispatcher.reads("orders_export.csv");
    await dispatcher.sees("phone “call me” is not a phone number");
    await dispatcher.inspects({ onPhoneToo: true });
    await dispatcher.presses("Import 3 orders");
    await dispatcher.reads("Imported");
    await dispatcher.inspects();
    await dispatcher.page.getByRole("link", { name: "Show the orders" }).click();
    for (const number of ["#1001", "#1002", "#1004"]) await row(dispatcher, number).waitFor();
  });

  it("finds an order by a word of its address", async () => {
    await dispatcher.presses("Today");
    await dispatcher.inspects({ onPhoneToo: true });
    await dispatcher.types("Search orders", "mill lane");
    await row(dispatcher, "#1001").waitFor({ state: "detached" });
    await row(dispatcher, "Bo Sample").waitFor();
    await dispatcher.presses("Clear the search");
    await row(dispatcher, "#1001").waitFor();
  });

  it("asks for a signature and a photo where the dispatcher wants them", async () => {
    await row(dispatcher, "#1001").click();
    await dispatcher.reads("#1001");
    await dispatcher.inspects({ onPhoneToo: true });
    await dispatcher.page.getByRole("link", { name: "Edit" }).click();
    await dispatcher.page.getByLabel("Signature").check();
    await dispatcher.page.getByLabel("Photo").check();
    await dispatcher.inspects();
    await dispatcher.presses("Save changes");
    await dispatcher.sees("Order #1001 saved");
    await dispatcher.page.getByRole("region", { name: "#1001" }).getByRole("button", { name: "Close" })
      .click();
  });

  it("assigns two orders by menu and one by drag, and another browser sees it without reloading", async () => {
    await owner.goesTo("Orders");
    await row(owner, "#1001").filter({ hasText: "Unassigned" }).waitFor();

    await row(dispatcher, "#1001").click({ modifiers: ["ControlOrMeta"] });
    await row(dispatcher, "#1002").click({ modifiers: ["ControlOrMeta"] });
    await dispatcher.sees("2 selected");
    await dispatcher.page.getByRole("region", { name: "Selected orders" }).getByRole("button", {
      name: "Assign…",
    })
      .click();
    await dispatcher.page.getByRole("option", { name: "Dario Quill" }).waitFor();
    await dispatcher.inspects();
    await dispatcher.page.getByRole("option", { name: "Dario Quill" }).click();
    await dispatcher.sees("2 orders assigned to Dario Quill");
    await row(dispatcher, "#1004").dragTo(
      dispatcher.page.getByRole("complementary", { name: "Drivers" }).getByRole("button", {
        name: "Dario Quill",
      }),
    );
    await dispatcher.sees("1 order assigned to Dario Quill");

    for (const number of ["#1001", "#1002", "#1004"]) {
      await row(owner, number).filter({ hasText: "Dario Quill" }).waitFor();
    }
  });

  it("gives the recipient a link that shows the order's state and nothing else", async () => {
    await row(dispatcher, "#1001").click();
    await dispatcher.presses("More actions");
    await dispatcher.page.getByRole("menuitem", { name: "Tracking link…" }).click();
    const link = await dispatcher.page.getByLabel("Link", { exact: true }).inputValue();
    await dispatcher.inspects();
    await dispatcher.presses("Done");

    await recipient.opens(link);
    await recipient.reads("Your order is planned");
    expect(await recipient.page.locator("body").innerText()).not.toMatch(/Ada|Lindenstraße/);
    await recipient.inspects();
  });

  it("lets the driver accept and load the day with one press each", async () => {
    await driver.sees("Accept all 3");
    await driver.inspects();
    await driver.presses("Accept all 3");
    await driver.presses("Load all 3");
    await row(owner, "#1004").filter({ hasText: "Loaded" }).waitFor();
  });

  it("delivers with signature and photo, which no longer tells where it was taken", async () => {
    await arrivesAt("Lindenstraße 12");
    await driver.presses("Complete");
    await driver.sees("Still missing: Signature, Photo");
    await driver.inspects();
    await signs(driver);
    await driver.page.getByLabel("Take a photo").setInputFiles({
      name: "photo.jpg",
      mimeType: "image/jpeg",
      buffer: await takesPhoto(driver),
    });
    await driver.page.getByRole("img", { name: "Photo 1" }).waitFor();
    await swipes(driver.page.getByRole("dialog").getByRole("button", { name: /^Complete/ }));
    await driver.sees("#1001 · Completed");

    await dispatcher.page.getByRole("img", { name: /^Signature of/ }).waitFor();
    const address = await dispatcher.page.getByRole("img", { name: /^Photo of/ }).getAttribute("src");
    const shown = await (await dispatcher.page.request.get(address!)).body();
    expect(shown.subarray(0, 3)).toEqual(Buffer.of(0xff, 0xd8, 0xff));
    expect(shown.includes("Exif")).toBe(false);
    await dispatcher.inspects();
  });

  it("tells the recipient that it was delivered, and by whom by first name", async () => {
    await recipient.page.reload();
    await recipient.reads("Delivered");
    await recipient.sees("Brought by Dario.");
    await recipient.inspects();
  });

  it("lets the driver report what was not possible, and take a mistake back", async () => {
    await arrivesAt("5 Mill Lane");
    await driver.presses("Not possible");
    await driver.page.getByLabel("Nobody home").check();
    await driver.inspects();
    await driver.presses("Report it");
    await driver.sees("#1002 · Not possible");

    await arrivesAt("Hauptstr. 1");
    await driver.presses("Not possible");
    await driver.page.getByLabel("Refused").check();
    await driver.presses("Report it");
    await driver.sees("#1004 · Not possible");
    await driver.presses("Undo");
    await row(owner, "#1004").filter({ hasText: "Arrived" }).waitFor();
    await row(owner, "#1002").filter({ hasText: "Failed" }).waitFor();
    await driver.sees("On it now");
    await driver.inspects();
  });

  it("stands in the audit trail, as sentences", async () => {
    await owner.goesTo("Audit trail");
    for (
      const sentence of [
        /Dario Quill completed order #1001/,
        /Dario Quill could not complete order #1002/,
        /Dario Quill took the last step of order #1004 back/,
        /Dana Merrow assigned order #1004 to Dario Quill/,
        /Olive Harrow invited Dana Merrow as Dispatcher/,
      ]
    ) await finds(owner, sentence);
    await owner.inspects({ onPhoneToo: true });
  });

  it("ends a session from another browser at once", async () => {
    const elsewhere = await dispatcher.alsoAt("desk");
    await elsewhere.signsIn();
    await elsewhere.reads("Orders");
    await dispatcher.opens("/account");
    await dispatcher.reads("Your account");
    await dispatcher.inspects({ onPhoneToo: true });
    await dispatcher.presses("End session");
    await dispatcher.reads("End this session?");
    await dispatcher.presses("End session");
    await elsewhere.sees("Your session has ended");
    await elsewhere.page.context().close();
    expect(elsewhere.complaints).toEqual([]);
  });

  it.each(["/orders/new", "/company", "/roles", "/api/docs", "/nowhere"])(
    "leaves nothing to complain of at %s",
    async (path) => {
      await owner.opens(path);
      await owner.page.getByRole("heading", { level: 1 }).waitFor();
      await owner.inspects({ onPhoneToo: true });
    },
  );
});

/** What everybody's screen showed when a test failed, for whoever sets SCREENSHOTS to a directory. */
async function keepPictures(title: string): Promise<void> {
  const directory = Deno.env.get("SCREENSHOTS");
  if (directory === undefined) return;
  for (const [name, person] of Object.entries({ owner, dispatcher, driver, recipient })) {
    await person.page.screenshot({
      path: join(directory, `${title.replaceAll("/", " ").trim()} - ${name}.png`),
    });
  }
}

/** A row of a list or of the board, by words in it. */
const row = (person: Person, words: string) => person.page.getByRole("row").filter({ hasText: words });

async function makesInvitation(person: Person): Promise<string> {
  await person.presses("Make invitation");
  return await person.page.getByLabel("Invitation link").inputValue();
}

/** The shop's export with the days its customers chose moved to today. */
async function ordersOfToday(): Promise<Buffer> {
  const text = await Deno.readTextFile(
    new URL("../deliveries/import/files/shopify_orders.csv", import.meta.url),
  );
  const today = Temporal.Now.plainDateISO("Europe/Berlin").toString();
  return Buffer.from(
    text.replaceAll("2026/02/21", today.replaceAll("-", "/")).replaceAll("2026-02-22", today),
  );
}

/** Opens a stop and drives there. */
async function arrivesAt(street: string): Promise<void> {
  await driver.page.getByRole("link", { name: street }).click();
  await driver.reads(street);
  await driver.inspects();
  await driver.presses("Start driving");
  await swipes(driver.page.getByRole("button", { name: /^Arrived/ }));
}

/** Swipes a button all the way across. */
async function swipes(button: Locator): Promise<void> {
  const { x, y, width, height } = (await button.boundingBox())!;
  const { mouse } = button.page();
  await mouse.move(x + height / 2, y + height / 2);
  await mouse.down();
  await mouse.move(x + width - 4, y + height / 2, { steps: 8 });
  await mouse.up();
}

async function signs({ page }: Person): Promise<void> {
  const pad = page.getByRole("img", { name: "Signature" });
  await pad.scrollIntoViewIfNeeded();
  const { x, y, width, height } = (await pad.boundingBox())!;
  await page.mouse.move(x + width * 0.2, y + height * 0.5);
  await page.mouse.down();
  for (const [across, down] of [[0.3, 0.2], [0.4, 0.8], [0.6, 0.3], [0.8, 0.6]] as const) {
    await page.mouse.move(x + width * across, y + height * down, { steps: 4 });
  }
  await page.mouse.up();
}

/** A photo as a phone takes it: large, and telling where. */
async function takesPhoto({ page }: Person): Promise<Buffer> {
  const base64 = await page.evaluate(() => {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [2400, 1800];
    const pen = canvas.getContext("2d")!;
    pen.fillStyle = "darkseagreen";
    pen.fillRect(0, 0, 2400, 1800);
    return canvas.toDataURL("image/jpeg").split(",")[1]!;
  });
  return Buffer.from(withPosition(Uint8Array.fromBase64(base64)));
}

/** Reads back in the trail until a sentence is there. */
async function finds({ page }: Person, sentence: RegExp): Promise<void> {
  const found = page.getByRole("listitem").filter({ hasText: sentence }).first();
  const earlier = page.getByRole("button", { name: "Show earlier entries" });
  for (let pages = 0; pages < 10; pages++) {
    await found.or(earlier).first().waitFor();
    if (await found.isVisible()) return;
    await earlier.click();
  }
  throw new Error(`nowhere in the trail: ${sentence}`);
}
