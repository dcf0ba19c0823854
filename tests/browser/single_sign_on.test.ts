import { join } from "node:path";
import type { Browser } from "playwright-core";
import { sql } from "kysely";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { employ, type Person as Employee } from "../access/person.ts";
import type { Company } from "../harness/app.ts";
import { MisbehavingProvider } from "../harness/misbehaving_provider.ts";
import { installedChromium, startBrowser } from "./chromium.ts";
import { Person } from "./person.ts";
import { serveCompany, type ServedCompany } from "./served_company.ts";

/** An owner connects the company's identity provider from the page, and tries it, before anybody depends on it. */
let served: ServedCompany;
let company: Company;
let browser: Browser;
let op: MisbehavingProvider;
let account: Employee;
let owner: Person;

beforeAll(async () => {
  if (!installedChromium) return;
  [served, browser, op] = await Promise.all([
    serveCompany("localhost"),
    startBrowser(installedChromium),
    MisbehavingProvider.start({ alg: "ES256" }),
  ]);
  ({ company } = served);
  op.person.groups = ["office", "dispatch"];
  account = await employ(company, "owner");
  owner = await Person.at("desk", browser, served.url, account.email);
  const { cookie } = await account.session();
  const [name, value] = cookie.split("=") as [string, string];
  await owner.page.context().addCookies([{ name, value, url: served.url }]);
  // However long it takes, nobody is asked for a second factor on the way.
  await sql`update sessions set proven_at = now() + interval '1 hour'`.execute(company.superDb);
});

beforeEach((test) => test.skip(!installedChromium, "there is no Chromium on this machine"));

afterEach(async ({ task }) => {
  const directory = Deno.env.get("SCREENSHOTS");
  if (task.result?.state === "fail" && directory !== undefined) {
    await owner.page.screenshot({ path: join(directory, `${task.name}.png`), fullPage: true });
  }
  // A trial leads to the provider's own pages.
  const complaints = owner?.complaints.splice(0) ?? [];
  expect(complaints.filter((words) => words !== `asked ${op.issuer} for something`)).toEqual([]);
});

afterAll(async () => {
  await browser?.close();
  await served?.stop();
  await op?.stop();
});

const valueOf = (label: string) => owner.page.getByLabel(label, { exact: true }).inputValue();
const chooses = (label: string, value: string) =>
  owner.page.getByLabel(label, { exact: true }).selectOption(value);
const follows = (name: string | RegExp) =>
  owner.page.getByRole("link", { name, exact: typeof name === "string" }).click();

it("an owner is asked which provider the company has, and gets what is usual for it", async () => {
  await owner.opens("/single-sign-on");
  await owner.reads("Connect your company’s identity provider");
  await owner.inspects();
  await follows(/^Keycloak/);
  await owner.reads("Connect Keycloak");
  await owner.sees("Full group path");
  expect(await valueOf("Redirect address")).toBe(`${served.url}/sso/keycloak/callback`);
  await owner.types("Name in addresses", "kestrel");
  expect(await valueOf("Redirect address")).toBe(`${served.url}/sso/kestrel/callback`);
  expect(await valueOf("Back-channel logout address")).toBe(`${served.url}/sso/kestrel/logout`);
});

it("what is wrong is told where it is wrong, even in what is folded", async () => {
  const { page } = owner;
  await owner.types("Issuer", "login.kestrel.example");
  await page.getByText("More settings", { exact: true }).click();
  await owner.types("Scopes", 'openid "groups"');
  await page.getByText("More settings", { exact: true }).click();
  await owner.presses("Add a group");
  await owner.types("Group", "office");
  await owner.presses("Save, and go on to check it");
  await owner.sees("must be an address such as");
  await owner.sees("must be a scope");
  await page.getByLabel("Issuer", { exact: true }).and(page.locator(":focus")).waitFor();
  expect(owner.complaints.splice(0)).toEqual([expect.stringContaining("status of 422")]);
  await owner.inspects({ onPhoneToo: true });
});

it("it is saved once all is right, and asked what it is", async () => {
  await owner.types("Name", "Kestrel account");
  await owner.types("Issuer", op.issuer);
  await owner.types("Client ID", op.clientId);
  await owner.types("Client secret", op.clientSecret);
  await owner.types("Scopes", "openid profile email groups");
  await chooses("Role", "auditor");
  await owner.presses("Save, and go on to check it");
  await owner.reads("Kestrel account");
  await owner.sees("Nobody can sign in with it yet.");
  await op.with("discovery-wrong-issuer", async () => {
    await owner.presses("Check");
    await owner.sees("The provider calls itself by another issuer");
    await owner.inspects();
  });
  await owner.presses("Check");
  await owner.sees("Everything was checked, and is right.");
});

it("a trial that fails says what is wrong, and what to do", async () => {
  op.person.amr = ["pwd"];
  await owner.presses("Try a sign-in");
  await owner.reads("The trial failed");
  await owner.sees("The provider did not say that a second factor was shown.");
  await owner.sees('"amr"');
  await owner.inspects();
});

it("a trial that goes well says what would follow, and the provider is enabled", async () => {
  op.person.amr = ["pwd", "mfa"];
  await owner.presses("Try again");
  await owner.reads("The trial went well: Kestrel account can be relied on");
  await owner.sees("One would be made at the first sign-in");
  await owner.sees("Gives the role Auditor");
  await owner.inspects({ onPhoneToo: true });
  await owner.presses("Enable");
  await owner.sees("Enabled: its button stands on the sign-in page");
});

it("passwords can go once somebody would get in without the provider", async () => {
  await chooses("Dispatcher", "sso");
  await owner.sees("Done: An enabled provider was tried");
  await owner.sees("Missing: An owner has an account for emergencies");
  await owner.inspects({ onPhoneToo: true });
  await follows("Choose one under People.");
  await owner.page.getByRole("row").filter({ hasText: account.email }).click();
  await owner.page.getByLabel("Account for emergencies").check();
  await owner.inspects();
  await owner.presses("Save");
  await owner.sees("Account saved");
  await sql`update accounts set break_glass_tested_at = now() where break_glass`.execute(company.superDb);

  await owner.opens("/single-sign-on");
  await chooses("Dispatcher", "sso");
  await owner.sees("Done: An owner has an account for emergencies");
  await owner.presses("Save");
  await owner.sees("Saved; it holds from the next sign-in on");
  const policy = await company.services.db.selectFrom("signInPolicy").select("ssoOnlyRoles")
    .executeTakeFirstOrThrow();
  expect(policy.ssoOnlyRoles).toEqual(["dispatcher"]);
});

it("a group that a trial showed is mapped from there", async () => {
  await owner.presses("Try a sign-in");
  await owner.reads("The trial went well: Kestrel account can be relied on");
  await follows("Map this group: dispatch");
  await owner.reads("How Kestrel account is set up");
  const row = owner.page.getByRole("group", { name: "Group 2" });
  expect(await row.getByLabel("Group", { exact: true }).inputValue()).toBe("dispatch");
  await owner.presses("Save");
  await owner.sees("must name a site for the role dispatcher");
  await row.getByLabel("Harbour depot").and(owner.page.locator(":focus")).waitFor();
  expect(owner.complaints.splice(0)).toContainEqual(expect.stringContaining("status of 422"));
  await row.getByLabel("Harbour depot").check();
  await owner.presses("Save");
  await owner.sees("nobody has tried it as it is set up now");
  const { settings } = await company.services.db.selectFrom("ssoProviders").select("settings")
    .executeTakeFirstOrThrow();
  expect(settings.mappings).toEqual([
    { group: "office", role: "auditor", siteIds: [] },
    { group: "dispatch", role: "dispatcher", siteIds: [company.here] },
  ]);
});

it("the last provider is not removed while people depend on it", async () => {
  await owner.presses("Remove");
  await owner.reads("Remove Kestrel account?");
  await owner.inspects();
  await owner.presses("Remove");
  await owner.sees("People may sign in by this provider only");
  expect(owner.complaints.splice(0)).toContainEqual(expect.stringContaining("status of 409"));
});
