import { describe, expect, it } from "vitest";
import { sql } from "kysely";
import { newId } from "../../server/platform/id.ts";
import { type Answer, useCompany } from "../harness/app.ts";
import { codeOf, cookiesOf, employ, entriesOf, password } from "./person.ts";

const company = useCompany();

const somebody = (overrides: Record<string, unknown> = {}) => ({
  name: "Nils Harrow",
  email: `nils-${newId()}@kestrel.example`,
  role: "dispatcher",
  siteIds: [company.here],
  ...overrides,
});

/** The invited person's browser: the token is in the link's fragment. */
function linkOf(invited: Answer) {
  const { hash, pathname } = new URL(invited.body.invitation.link);
  expect(pathname).toBe("/invitation");
  return company.caller({ authorization: `Invitation ${hash.slice(1)}` });
}

async function acceptBy(link: ReturnType<typeof linkOf>) {
  const { body: enrolment } = await link.post("/api/invitation/totp");
  const answer = await link.post("/api/invitation", {
    password,
    ticket: enrolment.ticket,
    code: codeOf(enrolment.secret),
  });
  return { answer, secret: enrolment.secret as string };
}

describe("an invitation", () => {
  it("makes an account that signs in once its link is used", async () => {
    const admin = await company.as("admin");
    const form = somebody();
    const invited = await admin.post("/api/accounts", form);
    expect(invited).toMatchObject({
      status: 201,
      body: { account: { state: "invited", name: "Nils Harrow" } },
    });
    const link = linkOf(invited);
    expect((await link.get("/api/invitation")).body).toMatchObject({
      companyName: "Kestrel Couriers",
      name: "Nils Harrow",
      email: form.email,
      role: "dispatcher",
    });

    const { answer, secret } = await acceptBy(link);
    expect(answer.status).toBe(201);
    expect(answer.body.recoveryCodes).toHaveLength(10);
    const me = await company.caller({ cookie: cookiesOf(answer) }).get("/api/session");
    expect(me.body).toMatchObject({ name: "Nils Harrow", siteIds: [company.here] });
    const again = await company.caller().post("/api/session", {
      email: form.email,
      password,
      code: codeOf(secret, 1),
    });
    expect(again.status).toBe(201);
    for (const act of ["account.invited", "account.activated"]) {
      expect((await entriesOf(company, act))[0]!.detail).toMatchObject({ account: me.body.accountId });
    }
  });

  it("is used once, also when two use it at the same moment", async () => {
    const link = linkOf(await (await company.as("admin")).post("/api/accounts", somebody()));
    const accepted = await Promise.all([acceptBy(link), acceptBy(link)]);
    expect(accepted.map(({ answer }) => answer.status).sort()).toEqual([201, 401]);
    expect((await link.get("/api/invitation")).body.slug).toBe("link-not-valid");
  });

  it("runs out after seven days", async () => {
    const admin = await company.as("admin");
    const invited = await admin.post("/api/accounts", somebody());
    const days = (Date.parse(invited.body.invitation.expiresAt) - Date.now()) / 86_400_000;
    expect(days).toBeCloseTo(7, 2);
    await company.superDb.updateTable("invitations").set({ expiresAt: sql<Date>`now()` })
      .where("accountId", "=", invited.body.account.id).execute();
    expect((await linkOf(invited).get("/api/invitation")).body.slug).toBe("link-not-valid");
    const { items } = (await admin.get("/api/accounts?limit=200")).body;
    expect(items.find(({ id }: { id: string }) => id === invited.body.account.id).state).toBe(
      "invitation-expired",
    );
  });

  it("made again replaces the first link", async () => {
    const admin = await company.as("admin");
    const first = await admin.post("/api/accounts", somebody());
    const second = await admin.post(`/api/accounts/${first.body.account.id}/invitation`);
    expect(second.status).toBe(201);
    expect((await linkOf(first).get("/api/invitation")).status).toBe(401);
    expect((await linkOf(second).get("/api/invitation")).status).toBe(200);
  });

  it("brings back somebody who lost phone and codes, and voids what they had", async () => {
    const person = await employ(company, "dispatcher");
    const session = await person.session();
    const link = linkOf(
      await (await company.as("admin")).post(`/api/accounts/${person.accountId}/invitation`),
    );
    expect((await session.get("/api/session")).status, "until the link is used nothing changes").toBe(200);
    expect((await acceptBy(link)).answer.status).toBe(201);
    expect((await session.get("/api/session")).status).toBe(401);
    expect((await person.signIn({ code: person.recoveryCodes[0]! })).status).toBe(401);
  });

  it("to a disabled account does not open", async () => {
    const owner = await company.as("owner");
    const invited = await owner.post("/api/accounts", somebody());
    const { id, version } = invited.body.account;
    await owner.patch(`/api/accounts/${id}`, { disabled: true }, { "If-Match": `"${version}"` });
    expect((await linkOf(invited).get("/api/invitation")).status).toBe(401);
    expect((await owner.post(`/api/accounts/${id}/invitation`)).body.slug).toBe("account-disabled");
  });

  it("is not sent twice to one e-mail address, whatever its capitals", async () => {
    const admin = await company.as("admin");
    const form = somebody();
    await admin.post("/api/accounts", form);
    const answer = await admin.post("/api/accounts", { ...form, email: form.email.toUpperCase() });
    expect(answer).toMatchObject({ status: 409, body: { slug: "email-taken" } });
  });

  it("is made once for one Idempotency-Key, and the same link is shown again", async () => {
    const admin = await company.as("admin");
    const headers = { "Idempotency-Key": newId() };
    const form = somebody();
    const answers = [
      await admin.post("/api/accounts", form, headers),
      await admin.post("/api/accounts", form, headers),
    ];
    expect(answers[1]!.body).toEqual(answers[0]!.body);
  });

  it.each([["Setup x"], ["Invitation guessed"], [""]])("is not opened by %j", async (authorization) => {
    const answer = await company.caller({ authorization }).get("/api/invitation");
    expect(answer).toMatchObject({ status: 401, body: { slug: "link-not-valid" } });
  });
});

describe("a driver's account", () => {
  async function newDriver() {
    const { body } = await (await company.as("dispatcher")).post("/api/drivers", {
      name: "Petra Drifter",
      siteId: company.here,
    });
    return body.id as string;
  }

  it("is tied to one driver and sealed under that driver's own key", async () => {
    const admin = await company.as("admin"), driverId = await newDriver();
    const invited = await admin.post("/api/accounts", somebody({ role: "driver", siteIds: [], driverId }));
    expect(invited.body.account).toMatchObject({ role: "driver", driverId });
    const driver = await company.services.db.selectFrom("drivers").selectAll().where("id", "=", driverId)
      .executeTakeFirstOrThrow();
    const account = await company.services.db.selectFrom("accounts").select("personId")
      .where("id", "=", driver.accountId).executeTakeFirstOrThrow();
    expect(account.personId).toBe(driver.personId);

    const second = await admin.post("/api/accounts", somebody({ role: "driver", siteIds: [], driverId }));
    expect(second).toMatchObject({ status: 409, body: { slug: "driver-has-account" } });
    const { answer } = await acceptBy(linkOf(invited));
    const me = await company.caller({ cookie: cookiesOf(answer) }).get("/api/session");
    expect(me.body).toMatchObject({ role: "driver", driverId, siteIds: [company.here] });
  });

  it("needs a driver that exists, and no other account takes one", async () => {
    const admin = await company.as("admin");
    expect((await admin.post("/api/accounts", somebody({ role: "driver", driverId: newId() }))).status).toBe(
      404,
    );
    expect((await admin.post("/api/accounts", somebody({ role: "driver" }))).status).toBe(422);
    expect((await admin.post("/api/accounts", somebody({ driverId: await newDriver() }))).status).toBe(422);
  });
});
