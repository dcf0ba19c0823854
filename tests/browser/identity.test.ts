import { join } from "node:path";
import type { Browser } from "playwright-core";
import { sql } from "kysely";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { employ, type Person as Employee } from "../access/person.ts";
import type { Company } from "../harness/app.ts";
import { installedChromium, startBrowser } from "./chromium.ts";
import { Person } from "./person.ts";
import { serveCompany, type ServedCompany } from "./served_company.ts";

/** Passkeys, fresh proofs, API keys and roles for a time, as people meet them. Passkeys need a name: localhost is one. */
let served: ServedCompany;
let company: Company;
let browser: Browser;
let url: string;
let account: { owner: Employee; dispatcher: Employee };
let owner: Person, dispatcher: Person;

beforeAll(async () => {
  if (!installedChromium) return;
  [served, browser] = await Promise.all([serveCompany("localhost"), startBrowser(installedChromium)]);
  ({ company, url } = served);
  account = { owner: await employ(company, "owner"), dispatcher: await employ(company, "dispatcher") };
  owner = await comes(account.owner);
  dispatcher = await comes(account.dispatcher);
});

beforeEach((test) => test.skip(!installedChromium, "there is no Chromium on this machine"));

afterEach(async ({ task }) => {
  if (task.result?.state === "fail") await keepPictures(task.name);
  expect([owner, dispatcher].flatMap((person) => person?.complaints.splice(0) ?? [])).toEqual([]);
});

afterAll(async () => {
  await browser?.close();
  await served?.stop();
});

/** Somebody at a desk, signed in an hour ago, with a device that makes passkeys and always says yes. */
async function comes(employee: Employee): Promise<Person> {
  const { cookie } = await employee.session();
  const person = await Person.at("desk", browser, url, employee.email);
  const [name, value] = cookie.split("=") as [string, string];
  await person.page.context().addCookies([{ name, value, url }]);
  await person.hasPasskeys();
  await goesStale(employee);
  return person;
}

const goesStale = (employee: Employee) =>
  sql`update sessions set proven_at = now() - interval '1 hour' where account_id = ${employee.accountId}`
    .execute(company.superDb);

async function keepPictures(title: string): Promise<void> {
  const directory = Deno.env.get("SCREENSHOTS");
  if (directory === undefined) return;
  for (const [name, person] of Object.entries({ owner, dispatcher })) {
    await person.page.screenshot({ path: join(directory, `${title} - ${name}.png`) });
  }
}

it("somebody makes a passkey, once they have confirmed that it is them", async () => {
  await owner.opens("/account");
  await owner.sees("No passkeys yet");
  await owner.inspects({ onPhoneToo: true });
  await owner.presses("Add a passkey");
  await owner.types("Name", "Work laptop");
  await owner.inspects();
  await owner.presses("Make the passkey");
  await owner.reads("Confirm that it is you");
  await owner.inspects();
  await owner.types("Code from your app, or a recovery code", "000000");
  await owner.presses("Confirm");
  await owner.sees("The code is wrong");
  // Chromium reports every answer above 399.
  expect(owner.complaints.splice(0)).toEqual([expect.stringContaining("status of 403")]);
  await owner.types("Code from your app, or a recovery code", account.owner.recoveryCodes[0]!);
  await owner.presses("Confirm");
  await owner.sees("Passkey added");
  await owner.sees("Not used yet");
  await owner.inspects({ onPhoneToo: true });
});

it("renames it", async () => {
  await owner.presses("Rename Work laptop");
  await owner.types("Name", "Laptop at the depot");
  await owner.presses("Save");
  await owner.sees("Passkey renamed");
  await owner.page.getByRole("listitem").filter({ hasText: "Laptop at the depot" }).waitFor();
});

it("signs in by it, without typing anything", async () => {
  await owner.page.context().clearCookies();
  await owner.opens("/sign-in");
  await owner.inspects({ onPhoneToo: true });
  await owner.presses("Sign in with a passkey");
  await owner.reads("Orders");
});

it("confirms by it, when something grave is done an hour later, and goes on where they were", async () => {
  await goesStale(account.owner);
  await owner.goesTo("API keys");
  await owner.sees("No API keys");
  await owner.inspects({ onPhoneToo: true });
  await owner.presses("Make a key");
  await owner.types("What it is for", "Web shop");
  await owner.page.getByLabel("Harbour depot").check();
  await owner.inspects();
  await owner.presses("Make a key");
  await owner.reads("Confirm that it is you");
  await owner.inspects();
  await owner.presses("Use a passkey");
  await owner.sees("It is shown now and never again");
  await owner.inspects();
  expect(await owner.page.getByLabel("The key", { exact: true }).inputValue()).toMatch(/^fleethold_/);
  await owner.presses("Done");
});

it("sees what a key may do, and ends it", async () => {
  await owner.page.getByRole("row").filter({ hasText: "Web shop" }).click();
  await owner.reads("Web shop");
  await owner.inspects();
  await owner.presses("End the key");
  await owner.reads("End the key Web shop?");
  await owner.presses("End the key");
  await owner.sees("The key is ended");
  await owner.sees("Ended");
  await owner.inspects({ onPhoneToo: true });
});

it("gives a colleague another role for a time, whose pages then offer more", async () => {
  await dispatcher.opens("/account");
  await dispatcher.presses("Ask for a role");
  await dispatcher.page.getByLabel("Role", { exact: true }).selectOption("admin");
  await dispatcher.types("Why", "A driver has left and must not sign in any more");
  await dispatcher.inspects();
  await dispatcher.presses("Send the request");
  await dispatcher.sees("You have asked for the role Admin for 1 hour.");
  await dispatcher.inspects({ onPhoneToo: true });

  await owner.goesTo("People");
  await owner.sees("asks for the role Admin for 1 hour");
  await owner.sees("A driver has left and must not sign in any more");
  await owner.inspects({ onPhoneToo: true });
  await owner.presses(/^Grant it to/);
  await owner.sees(/has the role Admin until/);

  await dispatcher.sees(/^You act as Admin until/);
  await dispatcher.goesTo("People");
  await dispatcher.inspects({ onPhoneToo: true });
});

it("and it is over when the colleague says so, with the session that had it", async () => {
  await dispatcher.presses("End it now");
  await dispatcher.reads("End the role Admin now?");
  await dispatcher.inspects();
  await dispatcher.presses("End it now");
  await dispatcher.sees("Your session has ended");
});

it("removes the passkey, and is warned of what that does", async () => {
  await owner.opens("/account");
  await owner.presses("Remove Laptop at the depot");
  await owner.reads("Remove Laptop at the depot?");
  await owner.inspects();
  await owner.presses("Remove");
  await owner.sees("Passkey removed");
  await owner.sees("No passkeys yet");
});
