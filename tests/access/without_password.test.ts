import { beforeAll, describe, expect, it } from "vitest";
import { newId } from "../../server/platform/id.ts";
import { useCompany } from "../harness/app.ts";
import { codeOf, cookiesOf, employ, entriesOf, password } from "./person.ts";
import { SoftwareAuthenticator } from "./software_authenticator.ts";

const company = useCompany();
const home = "https://deliveries.kestrel.example";

beforeAll(() => {
  company.services.config.FLEETHOLD_PUBLIC_URL = home;
});

/** Somebody invited, and their browser with the link. */
async function invited() {
  const owner = await company.as("owner");
  const { status, body } = await owner.post("/api/accounts", {
    name: "Ada Beispiel",
    email: `ada-${newId()}@kestrel.example`,
    role: "auditor",
  });
  expect(status).toBe(201);
  const token = new URL(body.invitation.link).hash.slice(1);
  return { owner, account: body.account, link: company.caller({ authorization: `Invitation ${token}` }) };
}

/** Accepts an invitation with a passkey of a new device. */
async function accepted() {
  const { owner, account, link } = await invited();
  const device = new SoftwareAuthenticator(home);
  const { body: { options, ticket } } = await link.post("/api/invitation/passkey/challenge");
  const given = { ticket, name: "Phone", response: device.create(options) };
  const answer = await link.post("/api/invitation/passkey", given);
  const session = company.caller({ cookie: cookiesOf(answer) });
  return { owner, account, link, device, given, answer, session };
}

async function signIn(device: SoftwareAuthenticator) {
  const { body: { options, ticket } } = await company.caller().post("/api/session/passkey/challenge");
  return await company.caller().post("/api/session/passkey", { ticket, response: device.get(options) });
}

describe("an invitation that is accepted with a passkey", () => {
  it("signs its person in, who never had a password", async () => {
    const { answer, account, device } = await accepted();
    expect([answer.status, answer.body.accountId, answer.body.role]).toEqual([201, account.id, "auditor"]);
    expect((await signIn(device)).status).toBe(201);
    const row = await company.superDb.selectFrom("accounts").select([
      "passwordHash",
      "totpSealed",
      "activated",
    ])
      .where("id", "=", account.id).executeTakeFirstOrThrow();
    expect(row).toEqual({ passwordHash: null, totpSealed: null, activated: true });
    expect((await entriesOf(company, "account.activated"))[0]!.detail).toMatchObject({ account: account.id });
  });

  it("works once, with the passkey that was asked for, and for nobody else", async () => {
    const { link, given } = await accepted();
    const again = await link.post("/api/invitation/passkey", given);
    expect([again.status, again.body.slug]).toEqual([401, "link-not-valid"]);

    const other = await invited();
    const device = new SoftwareAuthenticator(home);
    const { body: { options, ticket } } = await other.link.post("/api/invitation/passkey/challenge");
    const elsewhere = device.create(options, { origin: "https://evil.example" });
    const wrong = await other.link.post("/api/invitation/passkey", {
      ticket,
      name: "X",
      response: elsewhere,
    });
    expect([wrong.status, wrong.body.faults[0].path]).toEqual([422, "response"]);
    const foreign = await other.link.post("/api/invitation/passkey", { ...given, name: "X" });
    expect([foreign.status, foreign.body.faults[0].path]).toEqual([422, "ticket"]);
    // Nothing of it was done: the link still works.
    expect((await other.link.get("/api/invitation")).status).toBe(200);
    expect((await company.caller().post("/api/invitation/passkey/challenge")).status).toBe(401);
  });

  it("is the way in where the policy takes no password, and none where it takes single sign-on alone", async () => {
    const set = (values: { passkeyRoles?: string[]; ssoOnlyRoles?: string[] }) =>
      company.superDb.updateTable("signInPolicy").set(values).execute();
    await set({ passkeyRoles: ["auditor"] });
    const { link } = await invited();
    const { body: { secret, ticket } } = await link.post("/api/invitation/totp");
    const factors = { password, ticket, code: codeOf(secret) };
    // Whoever took it up with a password would get in this once and never again.
    expect((await link.post("/api/invitation", factors)).body.slug).toBe("passkey-needed");
    expect((await accepted()).answer.status).toBe(201);
    await set({ passkeyRoles: [], ssoOnlyRoles: ["auditor"] });
    expect((await link.post("/api/invitation", factors)).body.slug).toBe("sso-only");
    expect((await accepted()).answer.body.slug).toBe("sso-only");
    await set({ ssoOnlyRoles: [] });
    expect((await link.post("/api/invitation", factors)).status).toBe(201);
  });

  it("replaces everything that opened the account before", async () => {
    const person = await employ(company, "dispatcher");
    const before = await person.session();
    const owner = await company.as("owner");
    await company.superDb.updateTable("accounts").set({ activated: false }).where(
      "id",
      "!=",
      person.accountId,
    )
      .where("role", "in", ["owner", "admin"]).execute();
    const renewed = await owner.post(`/api/accounts/${person.accountId}/invitation`);
    expect(renewed.status).toBe(201);
    const token = new URL(renewed.body.invitation.link).hash.slice(1);
    const link = company.caller({ authorization: `Invitation ${token}` });
    const device = new SoftwareAuthenticator(home);
    const { body: { options, ticket } } = await link.post("/api/invitation/passkey/challenge");
    const given = { ticket, name: "New phone", response: device.create(options) };
    expect((await link.post("/api/invitation/passkey", given)).status).toBe(201);
    expect((await person.signIn()).status).toBe(401);
    expect((await before.get("/api/session")).status).toBe(401);
    expect((await person.signIn({ code: person.recoveryCodes[0]! })).status).toBe(401);
    expect((await signIn(device)).status).toBe(201);
  });
});

describe("an account without a password", () => {
  it("keeps its only passkey, and may remove one of two", async () => {
    const { session } = await accepted();
    const [only] = (await session.get("/api/passkeys")).body.items;
    const last = await session.delete(`/api/passkeys/${only.id}`);
    expect([last.status, last.body.slug]).toEqual([409, "last-way-in"]);
    const { body: { options, ticket } } = await session.post("/api/passkeys/challenge");
    const second = new SoftwareAuthenticator(home);
    const added = await session.post("/api/passkeys", {
      ticket,
      name: "Laptop",
      response: second.create(options),
    });
    expect(added.status).toBe(201);
    expect((await session.delete(`/api/passkeys/${only.id}`)).status).toBe(204);
  });

  it("opens by no password, not even an empty one, and has no code to prove itself with", async () => {
    const { account, session } = await accepted();
    for (const [password, code] of [["", "123456"], ["null", "AAAA-BBBB-CCCC-DDDD"]]) {
      const answer = await company.caller().post("/api/session", { email: account.email, password, code });
      expect(answer.status).toBe(401);
    }
    expect((await session.post("/api/session/proof", { code: "123456" })).status).toBe(403);
    const wanted = { password: "x", code: "123456" };
    expect((await session.post("/api/session/recovery-codes", wanted)).body.slug).toBe("proof-failed");
  });

  it("is given a password and an authenticator by its holder, once, and ends their other sessions", async () => {
    const { account, session, device } = await accepted();
    const other = company.caller({ cookie: cookiesOf(await signIn(device)) });
    const { body: { secret, ticket } } = await session.post("/api/session/factors/enrolment");
    const weak = await session.post("/api/session/factors", {
      password: "kestrel couriers",
      ticket,
      code: codeOf(secret),
    });
    expect([weak.status, weak.body.faults[0].path]).toEqual([422, "password"]);
    const given = { password, ticket, code: codeOf(secret) };
    const added = await session.post("/api/session/factors", given);
    expect([added.status, added.body.recoveryCodes.length]).toEqual([201, 10]);
    expect((await other.get("/api/session")).status).toBe(401);
    expect((await session.get("/api/session")).status).toBe(200);
    const signedIn = await company.caller().post("/api/session", {
      email: account.email,
      password,
      code: codeOf(secret, 1),
    });
    expect(signedIn.status).toBe(201);
    const again = await session.post("/api/session/factors", given);
    expect([again.status, again.body.slug]).toEqual([409, "has-password"]);
    // Somebody who has left the machine unlocked an hour ago is asked again.
    await company.superDb.updateTable("sessions").set({ provenAt: new Date(Date.now() - 3_600_000) })
      .where("accountId", "=", account.id).execute();
    expect((await session.post("/api/session/factors/enrolment")).body.slug).toBe("fresh-proof-needed");
  });

  it("counts as somebody who can sign in, so that a second administrator has to ask for its new start", async () => {
    const { owner, account } = await accepted();
    await employ(company, "owner");
    const first = await owner.post(`/api/accounts/${account.id}/invitation`);
    expect([first.status, first.body.invitation]).toEqual([201, null]);
  });
});
