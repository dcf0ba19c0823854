import { join } from "node:path";
import type { Browser } from "playwright-core";
import { sql } from "kysely";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { employ } from "../access/person.ts";
import type { Caller, Company } from "../harness/app.ts";
import { IdentityProvider } from "../harness/identity_provider.ts";
import { Authenticator } from "./authenticator.ts";
import { installedChromium, startBrowser } from "./chromium.ts";
import { Person } from "./person.ts";
import { serveCompany, type ServedCompany } from "./served_company.ts";

/** Signing in by the company's own identity provider, which is a real one, as people meet it. */
let served: ServedCompany;
let provider: IdentityProvider;
let company: Company;
let browser: Browser;
let administrator: Caller;
let people: Record<"mina" | "ines" | "tomas" | "lena", Person>;
/** What the provider's own pages complain of, such as that it has no icon. */
const theirs: string[] = [];

/** Whom the provider knows. */
const known = [
  {
    account: "mina",
    claims: { name: "Mina Okafor", email: "mina@kestrel.example", groups: ["dispatch"] },
  },
  { account: "ines", claims: { name: "Ines Marsh", email: "ines@kestrel.example" } },
  { account: "tomas", claims: { name: "Tomas Reed", email: "tomas@kestrel.example" } },
].map((person) => ({ ...person, password: `the password of ${person.account}` }));

beforeAll(async () => {
  if (!installedChromium) return;
  [served, browser] = await Promise.all([serveCompany("localhost"), startBrowser(installedChromium)]);
  company = served.company;
  provider = await startProvider(served.url);
  administrator = await company.as("owner");
  const made = await administrator.post("/api/sso/providers", {
    slug: "kestrel",
    name: "Kestrel",
    issuer: provider.issuer,
    clientId: "fleethold",
    clientSecret: "a secret of the tests",
    enabled: true,
    settings: {
      scopes: ["openid", "profile", "email", "groups"],
      groupClaim: "groups",
      mappings: [{ group: "dispatch", role: "dispatcher", siteIds: [company.here] }],
      justInTime: true,
    },
  });
  expect(made.status).toBe(201);
  const comes = (name: string) => Person.at("desk", browser, served.url, `${name}@kestrel.example`);
  people = {
    mina: await comes("mina"),
    ines: await comes("ines"),
    tomas: await comes("tomas"),
    lena: await comes("lena"),
  };
  for (const { page } of Object.values(people)) {
    page.context().on("console", (message) => {
      if (message.location().url.startsWith(provider.issuer)) theirs.push(message.text());
    });
  }
});

beforeEach((test) => test.skip(!installedChromium, "there is no Chromium on this machine"));

afterEach(async ({ task }) => {
  if (task.result?.state === "fail") await keepPictures(task.name);
  // The provider is where they are sent.
  const expected = [`asked ${provider?.issuer} for something`, ...theirs.splice(0)];
  const complaints = Object.values(people ?? {}).flatMap((person) => person.complaints.splice(0));
  expect(complaints.filter((complaint) => !expected.includes(complaint))).toEqual([]);
});

afterAll(async () => {
  await browser?.close();
  await provider?.stop();
  await served?.stop();
});

/** At another host than ours, so that what comes back is another site's. */
const startProvider = (url: string) =>
  IdentityProvider.start({
    host: "127.0.0.1",
    clients: [{
      clientId: "fleethold",
      clientSecret: "a secret of the tests",
      redirectUris: [`${url}/sso/kestrel/callback`],
      postLogoutRedirectUris: [`${url}/sign-in`],
    }],
    people: known,
  });

async function keepPictures(title: string): Promise<void> {
  const directory = Deno.env.get("SCREENSHOTS");
  if (directory === undefined) return;
  for (const [name, person] of Object.entries(people)) {
    await person.page.screenshot({ path: join(directory, `${title} - ${name}.png`) });
  }
}

/** Types account and password at the provider, in whichever window it is shown. */
async function signsInThere(name: keyof typeof people, page = people[name].page): Promise<void> {
  const { password } = known.find(({ account }) => account === name)!;
  await page.getByLabel("Account").fill(name);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
}

/** Presses what opens the provider's window, and answers that. */
async function windowOf({ page }: Person, button: string) {
  const [opened] = await Promise.all([
    page.context().waitForEvent("page"),
    page.getByRole("button", { name: button, exact: true }).click(),
  ]);
  return opened;
}

/** Everybody signed in an hour ago, but for the one who only acts by the API. */
const everybodyGoesStale = () =>
  sql`update sessions set proven_at = now() - interval '1 hour'
    where account_id <> ${administrator.accountId}`.execute(company.superDb);

it("somebody whom the provider does not let in is told so plainly", async () => {
  const { mina } = people;
  await mina.opens("/account");
  await mina.presses("Sign in with Kestrel");
  await mina.presses("Cancel");
  await mina.reads("Sign in");
  await mina.sees("You are not signed in");
  await mina.sees("Kestrel did not let you in, or you chose to cancel there.");
  await mina.inspects({ onPhoneToo: true });
});

it("signs in there, has an account at once, and is where they wanted to go", async () => {
  const { mina } = people;
  await mina.presses("Sign in with Kestrel");
  await signsInThere("mina");
  await mina.reads("Your account");
  await mina.sees("You sign in with Kestrel; your account has no password.");
  await mina.inspects();
});

it("confirms by the provider's window that it is them, and goes on where they were", async () => {
  const { mina } = people;
  await everybodyGoesStale();
  await mina.presses("Add a password and authenticator app");
  await mina.types("New password", "seven lanterns over the quay");
  await mina.presses("Next");
  await mina.reads("Confirm that it is you");
  await mina.inspects();
  const refusing = await windowOf(mina, "Confirm with Kestrel");
  await mina.sees("Confirm in the window that has opened.");
  await refusing.getByRole("button", { name: "Cancel" }).click();
  await mina.sees("It is not confirmed");
  await mina.inspects();
  const proving = await windowOf(mina, "Confirm with Kestrel");
  await signsInThere("mina", proving);
  await mina.sees("Scan this with an authenticator app");
  await expect.poll(() => proving.isClosed()).toBe(true);
  const secret = await mina.page.getByText(/^[A-Z2-7]{32}$/).textContent();
  await mina.types("Code from your authenticator app", await new Authenticator(secret!).code());
  await mina.presses("Add");
  await mina.page.getByLabel("I have kept them in a safe place").check();
  await mina.presses("Continue");
  await mina.sees("Password and authenticator app added");
  await mina.page.getByRole("button", { name: "Change password" }).waitFor();
});

it("is signed out there too when they sign out here", async () => {
  const { mina } = people;
  await mina.presses(/^Your account/);
  await mina.page.getByRole("menuitem", { name: "Sign out" }).click();
  await mina.page.waitForURL(`${served.url}/sign-in`);
  await mina.sees("You are signed out.");
  await mina.presses("Sign in with Kestrel");
  // Whoever had a session there would be back by now.
  await mina.page.getByLabel("Account").waitFor();
});

/** The link of an invitation as a dispatcher. */
async function invitationOf(name: string, email: string): Promise<string> {
  const invited = await administrator.post("/api/accounts", {
    name,
    email,
    role: "dispatcher",
    siteIds: [company.here],
  });
  return invited.body.invitation.link;
}

it("an invited person takes the invitation up with the company's account", async () => {
  const { ines } = people;
  await ines.opens(await invitationOf("Ines Marsh", ines.email));
  await ines.reads("Welcome to Kestrel Couriers");
  await ines.inspects();
  await ines.presses("Choose a password");
  await ines.page.getByLabel("New password", { exact: true }).waitFor();
  await ines.presses("Back");
  await ines.presses("Sign in with Kestrel");
  await ines.presses("Cancel");
  await ines.sees("You are not signed in");
  await ines.page.getByRole("link", { name: "Back to your invitation" }).click();
  await ines.presses("Sign in with Kestrel");
  await signsInThere("ines");
  await ines.reads("Orders");
});

it("and another one with a passkey alone", async () => {
  const { lena } = people;
  await lena.hasPasskeys();
  await lena.opens(await invitationOf("Lena Frost", lena.email));
  await lena.presses("Use a passkey");
  await lena.reads("Orders");
  await lena.opens("/account");
  await lena.sees("You sign in with a passkey; your account has no password.");
});

it("whoever signs in by a password connects the company's account, and removes it", async () => {
  const { tomas } = people;
  const employee = await employ(company, "dispatcher");
  const [name, value] = (await employee.session()).cookie.split("=") as [string, string];
  await tomas.page.context().addCookies([{ name, value, url: served.url }]);
  await tomas.opens("/account");
  await tomas.presses("Connect Kestrel");
  await signsInThere("tomas");
  await tomas.sees("Kestrel is connected. From now on it opens your account.");
  await tomas.inspects();
  await everybodyGoesStale();
  await tomas.presses("Remove Kestrel");
  await tomas.reads("Remove Kestrel?");
  await tomas.presses("Remove");
  await tomas.reads("Confirm that it is you");
  await tomas.types("Code from your app, or a recovery code", employee.recoveryCodes[0]!);
  await tomas.presses("Confirm");
  await tomas.sees("Removed; other sessions are ended");
  await tomas.page.getByRole("button", { name: "Connect Kestrel" }).waitFor();
});
