import { beforeAll, describe, expect, it } from "vitest";
import { sql } from "kysely";
import { routesOf } from "../../server/platform/openapi.ts";
import { useCompany } from "../harness/app.ts";
import { cookiesOf, employ, entriesOf, type Person } from "./person.ts";

const company = useCompany();
let owner: Person;
beforeAll(async () => owner = await employ(company, "owner"));

const invitation = () => ({
  name: "Nils Ferrow",
  email: `nils-${crypto.randomUUID()}@kestrel.example`,
  role: "dispatcher",
  siteIds: [company.here],
});

/** A session whose last proof is six minutes old. */
async function oldSession(person = owner) {
  const session = await person.session();
  const { body: { sessionId } } = await session.get("/api/session");
  await company.superDb.updateTable("sessions").set({ provenAt: sql<Date>`now() - interval '6 minutes'` })
    .where("id", "=", sessionId).execute();
  return { ...session, sessionId: sessionId as string };
}

/** Codes are good once, and only two steps lie within reach: each proof is a recovery code. */
const nextCode = (person = owner) => person.recoveryCodes.pop()!;

describe("an act by which a session could become more than a session", () => {
  it("is done within five minutes of signing in, and not after", async () => {
    const session = await oldSession();
    const refused = await session.post("/api/accounts", invitation());
    expect([refused.status, refused.body.slug]).toEqual([401, "fresh-proof-needed"]);
    expect(refused.body.next).toContain("/api/session/proof");
    expect((await (await owner.session()).post("/api/accounts", invitation())).status).toBe(201);
  });

  it("is done once the session has proved anew who holds it, and for five minutes", async () => {
    const session = await oldSession();
    const proof = await session.post("/api/session/proof", { code: nextCode() });
    expect(proof.status).toBe(204);
    const renewed = company.caller({ cookie: cookiesOf(proof) });
    expect((await renewed.post("/api/accounts", invitation())).status).toBe(201);
    expect((await renewed.get("/api/session")).body.sessionId).toBe(session.sessionId);
    expect((await entriesOf(company, "session.proven"))[0]).toMatchObject({
      actor: owner.accountId,
      detail: { account: owner.accountId, session: session.sessionId },
    });
    await company.superDb.updateTable("sessions")
      .set({ provenAt: sql<Date>`proven_at - interval '5 minutes'` }).where("id", "=", session.sessionId)
      .execute();
    expect((await renewed.post("/api/accounts", invitation())).body.slug).toBe("fresh-proof-needed");
  });

  it("is every way to make, change or re-equip an account, or to give a program or a person more", async () => {
    const grave = routesOf(company.app).filter(({ fresh }) => fresh).map(({ method, path }) =>
      `${method} ${path}`
    );
    expect(grave.sort()).toEqual([
      "DELETE /api/passkeys/:id",
      "DELETE /api/sso/own/:id",
      "DELETE /api/sso/providers/:id",
      "DELETE /api/sso/providers/:id/directory/key",
      "PATCH /api/accounts/:id",
      "PATCH /api/sign-in-policy",
      "PATCH /api/sso/providers/:id",
      "POST /api/accounts",
      "POST /api/accounts/:id/invitation",
      "POST /api/keys",
      "POST /api/passkeys",
      "POST /api/passkeys/challenge",
      "POST /api/session/factors",
      "POST /api/session/factors/enrolment",
      "POST /api/sso/:slug/connect",
      "POST /api/sso/providers",
      "POST /api/sso/providers/:id/directory/key",
      "PUT /api/elevations/:id/decision",
    ]);
    const session = await oldSession();
    const other = await employ(company, "dispatcher");
    const edit = await session.patch(`/api/accounts/${other.accountId}`, { disabled: true }, {
      "If-Match": '"1"',
    });
    const again = await session.post(`/api/accounts/${other.accountId}/invitation`);
    expect([edit.body.slug, again.body.slug]).toEqual(["fresh-proof-needed", "fresh-proof-needed"]);
    expect((await (await other.session()).get("/api/session")).status).toBe(200);
  });

  it("asks those who may not do it at all for nothing", async () => {
    const dispatcher = await oldSession(await employ(company, "dispatcher"));
    expect((await dispatcher.post("/api/accounts", invitation())).body.slug).toBe("not-allowed");
  });
});

describe("the proof", () => {
  it("replaces the session's token; the old one opens the session until the new one is used, and proves nothing", async () => {
    const session = await oldSession();
    const proof = await session.post("/api/session/proof", { code: nextCode() });
    const fresh = company.caller({ cookie: cookiesOf(proof) });
    expect(cookiesOf(proof)).not.toBe(session.cookie);
    const { expiresAt } = await company.superDb.selectFrom("sessions").select("expiresAt")
      .where("id", "=", session.sessionId).executeTakeFirstOrThrow();
    expect(proof.headers.getSetCookie()[0]).toContain(`Expires=${expiresAt.toUTCString()}`);

    const later = (minutes: number) =>
      company.superDb.updateTable("sessions").set({
        formerUntil: sql<Date>`former_until - make_interval(secs => ${minutes * 60}::int)`,
      }).where("id", "=", session.sessionId).execute();
    // The answer may be lost: whoever did not get the new token goes on with the old one.
    await later(60);
    expect((await session.get("/api/session")).status).toBe(200);
    expect((await session.post("/api/accounts", invitation())).body.slug).toBe("fresh-proof-needed");
    expect((await fresh.get("/api/session")).status).toBe(200);
    expect((await session.get("/api/session")).status).toBe(200);
    await later(0.4);
    expect((await session.get("/api/session")).status).toBe(200);
    await later(0.2);
    expect((await session.get("/api/session")).status).toBe(401);
    expect((await fresh.get("/api/session")).status).toBe(200);
  });

  it("takes the app's code once, and a recovery code once", async () => {
    const person = await employ(company, "owner");
    const code = person.code();
    const prove = async (code: string) =>
      (await (await oldSession(person)).post("/api/session/proof", { code })).status;
    expect(await prove(code)).toBe(204);
    expect(await prove(code)).toBe(403);
    expect(await prove(person.recoveryCodes[0]!)).toBe(204);
    expect(await prove(person.recoveryCodes[0]!)).toBe(403);
  });

  it("refuses somebody else's code with words, changes nothing, and slows guessing down", async () => {
    const person = await employ(company, "owner");
    const session = await oldSession(person);
    const stranger = await employ(company, "owner");
    const refused = await session.post("/api/session/proof", { code: stranger.recoveryCodes[0]! });
    expect([refused.status, refused.body.slug, refused.body.title]).toEqual([
      403,
      "proof-failed",
      "The code is wrong",
    ]);
    expect((await session.post("/api/accounts", invitation())).body.slug).toBe("fresh-proof-needed");
    for (let guess = 0; guess < 5; guess++) await session.post("/api/session/proof", { code: "000000" });
    const slowed = await session.post("/api/session/proof", { code: person.code() });
    expect([slowed.status, slowed.body.slug]).toEqual([429, "too-many-attempts"]);
  });

  it("of one session is none of another", async () => {
    const [one, other] = [await oldSession(), await oldSession()];
    expect((await one.post("/api/session/proof", { code: nextCode() })).status).toBe(204);
    expect((await other.post("/api/accounts", invitation())).body.slug).toBe("fresh-proof-needed");
  });

  it("does not revive a session that ended meanwhile", async () => {
    const session = await oldSession();
    await (await owner.session()).delete(`/api/sessions/${session.sessionId}`);
    expect((await session.post("/api/session/proof", { code: nextCode() })).status).toBe(401);
  });
});
