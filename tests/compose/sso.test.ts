import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from "vitest";
import { Authority } from "../../appliance/authority.ts";
import { Appliance, docker } from "../../scripts/bench/appliance.ts";
import { installedChromium, startBrowser, trustAuthorities } from "../browser/chromium.ts";
import { IdentityProvider } from "../harness/identity_provider.ts";
import { eventually } from "../harness/launcher.ts";

const facts = inject("appliance");
const { siteId } = inject("owner");
const folders = inject("folders");
const password = "a quay of quiet lanterns";

let appliance: Appliance;
let provider: IdentityProvider | undefined;
let isStopped = false;
let home: string;
let browser: Browser | undefined;
let missing: string | undefined;

const files = () => ({
  authority: join(folders.ca, "company.pem"),
  providers: join(folders.credentials, "sso_providers"),
});

/** The company's provider stands beyond the appliance's networks, under a certificate of the company's own authority. */
beforeAll(async () => {
  home = await Deno.makeTempDir({ prefix: "fleethold-sso-" });
  if (!installedChromium) return void (missing = "there is no Chromium on this machine");
  const before = new Appliance(facts);
  const [network] = JSON.parse(await docker(["network", "inspect", `${facts.project}_egress`]));
  const host = network.IPAM.Config[0].Gateway as string;
  const company = await Authority.create("Kestrel Couriers");
  const { chain, key } = await (await Authority.open(company)).issue([host], 86_400);
  const root = await before.root();
  provider = await IdentityProvider.start({
    host,
    listenAt: host,
    tls: { certPem: chain, keyPem: key },
    authorityPem: root,
    clients: [{
      clientId: "fleethold",
      clientSecret: "seven-lanterns-and-a-quay",
      redirectUris: [`${before.url}/sso/kestrel/callback`],
      postLogoutRedirectUris: [`${before.url}/sign-in`],
      backChannelLogoutUri: `${before.url}/sso/kestrel/logout`,
    }],
    people: [{
      account: "kim",
      password,
      claims: { name: "Kim Day", email: "kim@kestrel.example", groups: ["dispatch"] },
    }],
  });
  await Deno.writeTextFile(files().authority, company.chain);
  await Deno.writeTextFile(
    files().providers,
    JSON.stringify([{
      slug: "kestrel",
      name: "Kestrel sign-in",
      issuer: provider.issuer,
      clientId: "fleethold",
      clientSecret: "seven-lanterns-and-a-quay",
      enabled: true,
      settings: {
        scopes: ["openid", "profile", "email", "groups"],
        groupClaim: "groups",
        mappings: [{ group: "dispatch", role: "dispatcher", siteIds: [siteId] }],
        justInTime: true,
      },
    }]),
  );
  appliance = new Appliance({
    ...facts,
    settings: { ...facts.settings, FLEETHOLD_SSO_HOSTS: new URL(provider.issuer).host },
  });
  await takeUp(appliance);
  missing = await trustAuthorities(home, [root, company.chain]);
  if (!missing) browser = await startBrowser(installedChromium, home);
}, 300_000);

beforeEach((test) => test.skip(missing !== undefined, missing));

afterAll(async () => {
  await browser?.close();
  if (!isStopped) await provider?.stop();
  if (provider) {
    for (const path of Object.values(files())) await Deno.remove(path).catch(() => {});
    await takeUp(new Appliance(facts));
  }
  await Deno.remove(home, { recursive: true }).catch(() => {});
}, 300_000);

/** As docs/single-sign-on.md tells after a change of settings and files. */
async function takeUp(appliance: Appliance): Promise<void> {
  const services = ["outbound", "api-a", "api-b"];
  await appliance.compose(
    "up",
    "--detach",
    "--force-recreate",
    "--wait",
    "--wait-timeout",
    "180",
    ...services,
  );
}

/** A window of somebody at the sign-in page, who goes to the provider and comes back. */
async function signIn() {
  const context = await browser!.newContext({ baseURL: appliance.url, locale: "en-GB" });
  context.setDefaultTimeout(30_000);
  const page = await context.newPage();
  await page.goto("/sign-in");
  await page.getByRole("button", { name: "Sign in with Kestrel sign-in" }).click();
  await page.getByLabel("Account").fill("kim");
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL(`${appliance.url}/`);
  return page;
}

describe("single sign-on through the appliance's proxy, by a provider of a private authority", () => {
  it("lets somebody in whom only the provider knows, and signs them out on both sides", async () => {
    const page = await signIn();
    await page.getByRole("button", { name: /Kim Day/ }).click();
    await page.getByRole("menuitem", { name: "Sign out", exact: true }).click();
    await page.waitForURL(`${appliance.url}/sign-in**`);
    // There is no session left there either: it asks again.
    await page.getByRole("button", { name: "Sign in with Kestrel sign-in" }).click();
    await page.getByLabel("Account").waitFor();
    await page.context().close();
  });

  it("ends the session here when somebody is signed out there", async () => {
    const page = await signIn();
    const isIn = () => page.evaluate(async () => (await fetch("/api/session")).status === 200);
    expect(await isIn()).toBe(true);
    await provider!.signOut("kim");
    await eventually(async () => !await isIn());
    expect(provider!.troubles).toEqual([]);
    await page.context().close();
  });

  it("says so where the provider is away, and everything else goes on", async () => {
    const page = await signIn();
    await provider!.stop();
    isStopped = true;
    const answer = await appliance.fetch("/api/sso/kestrel/start", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: "{}",
    });
    expect([answer.status, (await answer.json()).detail]).toEqual([
      502,
      expect.stringMatching(/^The reason is: unreachable/),
    ]);
    expect(await page.evaluate(async () => (await fetch("/api/session")).status)).toBe(200);
    await page.context().close();
  });
});
