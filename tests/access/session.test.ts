import { describe, expect, it } from "vitest";
import { sql } from "kysely";
import { cookieName, cookieOptions, forgetOldSessions } from "../../server/access/session.ts";
import { forgetOldFailures } from "../../server/access/throttle.ts";
import { useCompany } from "../harness/app.ts";
import { codeOf, employ, entriesOf, password } from "./person.ts";

const company = useCompany();
const idOf = async (caller: { get: (path: string) => Promise<{ body: { sessionId: string } }> }) =>
  (await caller.get("/api/session")).body.sessionId;

describe("the list of one's sessions", () => {
  it("shows device and address, which is the current one, and nobody else's", async () => {
    const person = await employ(company, "dispatcher");
    const [here, phone] = [await person.session(), await person.session()];
    await (await employ(company, "dispatcher")).session();
    const { items } = (await here.get("/api/sessions")).body;
    expect(items).toHaveLength(2);
    expect(items).toContainEqual(expect.objectContaining({
      id: await idOf(phone),
      current: false,
      device: "Firefox on Linux",
      address: "192.0.2.7",
    }));
    expect(items.find((session: { current: boolean }) => session.current).id).toBe(await idOf(here));
  });

  it("ends one of them at once", async () => {
    const person = await employ(company, "dispatcher");
    const [here, phone] = [await person.session(), await person.session()];
    const id = await idOf(phone);
    expect((await here.delete(`/api/sessions/${id}`)).status).toBe(204);
    expect((await phone.get("/api/session")).status).toBe(401);
    expect((await here.get("/api/session")).status).toBe(200);
    expect((await entriesOf(company, "session.ended"))[0]).toMatchObject({
      actor: person.accountId,
      detail: { session: id },
    });
  });

  it("does not reach somebody else's", async () => {
    const theirs = await (await employ(company, "dispatcher")).session();
    const mine = await (await employ(company, "owner")).session();
    expect((await mine.delete(`/api/sessions/${await idOf(theirs)}`)).status).toBe(404);
    expect((await theirs.get("/api/session")).status).toBe(200);
  });
});

describe("a session", () => {
  it("ends by signing out, here or everywhere", async () => {
    const person = await employ(company, "dispatcher");
    const [one, two, three] = [await person.session(), await person.session(), await person.session()];
    const answer = await one.delete("/api/session");
    expect(answer.status).toBe(204);
    expect(answer.headers.getSetCookie()[0]).toMatch(/^fleethold=; Max-Age=0/);
    expect((await one.get("/api/session")).status).toBe(401);
    expect((await two.delete("/api/sessions")).status).toBe(204);
    for (const caller of [two, three]) expect((await caller.get("/api/session")).status).toBe(401);
  });

  it.each([["dispatcher", 8, 7 * 24], ["driver", 72, 30 * 24]] as const)(
    "of a %s ends after %i hours without use and after %i hours anyway",
    async (role, idle, absolute) => {
      const person = await employ(company, role);
      const aged = async (idleHours: number, leftHours: number) => {
        const session = await person.session();
        await company.superDb.updateTable("sessions").set({
          lastUsedAt: sql<Date>`now() - make_interval(mins => ${idleHours * 60}::int)`,
          expiresAt: sql<Date>`expires_at - make_interval(mins => ${(absolute - leftHours) * 60}::int)`,
        }).where("accountId", "=", person.accountId).where("endedAt", "is", null)
          .where("lastUsedAt", ">", sql<Date>`now() - interval '10 seconds'`).execute();
        return (await session.get("/api/session")).status;
      };
      expect(await aged(idle - 0.1, absolute)).toBe(200);
      expect(await aged(idle + 0.1, absolute)).toBe(401);
      expect(await aged(0.5, 0.1)).toBe(200);
      expect(await aged(0.5, -0.1)).toBe(401);
    },
  );

  it("notes its use at most once a minute", async () => {
    const person = await employ(company, "dispatcher");
    const session = await person.session();
    const lastUsed = async () =>
      (await company.services.db.selectFrom("sessions").select("lastUsedAt")
        .where("accountId", "=", person.accountId).executeTakeFirstOrThrow()).lastUsedAt.getTime();
    const started = await lastUsed();
    await session.get("/api/session");
    expect(await lastUsed()).toBe(started);
    await sql`update sessions set last_used_at = now() - interval '2 minutes'
      where account_id = ${person.accountId}`.execute(company.services.db);
    await session.get("/api/session");
    expect(await lastUsed()).toBeGreaterThanOrEqual(started);
  });

  it("of a driver who has left reaches nothing any more", async () => {
    const driver = await company.as("driver");
    expect((await driver.get("/api/session")).body).toMatchObject({
      driverId: driver.driverId,
      siteIds: [company.here],
    });
    await company.services.db.updateTable("drivers").set({ active: false }).where("id", "=", driver.driverId!)
      .execute();
    expect((await driver.get("/api/session")).body).toMatchObject({ driverId: null, siteIds: [] });
  });

  it("travels over https in a cookie that no other host can set", () => {
    const secure = { ...company.services.config, FLEETHOLD_PUBLIC_URL: "https://fleet.kestrel.example" };
    expect(cookieName(secure)).toBe("__Host-fleethold");
    expect(cookieOptions(secure)).toEqual({ path: "/", httpOnly: true, secure: true, sameSite: "Lax" });
  });

  it("is not opened by a token that was made up", async () => {
    const made = company.caller({ cookie: `fleethold=${"A".repeat(43)}` });
    expect((await made.get("/api/session")).body.slug).toBe("sign-in-needed");
  });
});

describe("what is over", () => {
  it("is forgotten: sessions after 30 days, failures after 90", async () => {
    const person = await employ(company, "dispatcher");
    const [old, recent] = [await person.session(), await person.session()];
    await old.delete("/api/session");
    await recent.delete("/api/session");
    await person.signIn({ password: "wrong" });
    const { db } = company.services;
    await sql`update sessions set ended_at = now() - interval '31 days' where id = (
      select id from sessions where account_id = ${person.accountId} order by id limit 1)`.execute(db);
    await sql`update sign_in_throttles set last_at = now() - interval '91 days'`.execute(db);
    await company.change(forgetOldSessions);
    await company.change(forgetOldFailures);
    const left = await db.selectFrom("sessions").select("id").where("accountId", "=", person.accountId)
      .execute();
    expect(left).toHaveLength(1);
    expect((await sql`select from sign_in_throttles`.execute(db)).rows).toEqual([]);
    await company.change(forgetOldFailures);
    expect(await entriesOf(company, "sign-in-failures.forgotten"), "nothing to forget leaves no entry")
      .toHaveLength(1);
  });
});

describe("changing one's own factors", () => {
  it("needs password and code, and counts failures as signing in does", async () => {
    const person = await employ(company, "dispatcher");
    const session = await person.session();
    const change = (current: string, code: string) =>
      session.put("/api/session/password", { current, code, next: "copper kettles sing at dawn" });
    expect((await change("wrong", person.code())).body.slug).toBe("proof-failed");
    expect((await change(password, "000000")).body.slug).toBe("proof-failed");
    for (let failure = 0; failure < 4; failure++) await change("wrong", "000000");
    expect((await change(password, person.code())).status).toBe(429);
    expect((await session.get("/api/session")).status).toBe(200);
  });

  it("of the password ends every other session, and the old password no longer opens", async () => {
    const person = await employ(company, "dispatcher");
    const [here, phone] = [await person.session(), await person.session()];
    const next = "copper kettles sing at dawn";
    const answer = await here.put("/api/session/password", { current: password, code: person.code(), next });
    expect(answer.status).toBe(204);
    expect((await here.get("/api/session")).status).toBe(200);
    expect((await phone.get("/api/session")).status).toBe(401);
    expect((await person.signIn({ code: person.code(1) })).status).toBe(401);
    expect((await person.signIn({ code: person.code(1), password: next })).status).toBe(201);
    expect((await entriesOf(company, "password.changed"))[0]!.actor).toBe(person.accountId);
  });

  it("to a password that would be guessed is refused", async () => {
    const person = await employ(company, "dispatcher");
    const answer = await (await person.session()).put("/api/session/password", {
      current: password,
      code: person.code(),
      next: "Kestrel-2026",
    });
    expect(answer).toMatchObject({ status: 422, body: { faults: [{ path: "next" }] } });
  });

  it("makes ten new recovery codes and voids the old ones", async () => {
    const person = await employ(company, "dispatcher");
    const answer = await (await person.session()).post("/api/session/recovery-codes", {
      password,
      code: person.recoveryCodes[0],
    });
    expect(answer.status).toBe(201);
    expect(new Set(answer.body.recoveryCodes).size).toBe(10);
    expect((await person.signIn({ code: person.recoveryCodes[1]! })).status).toBe(401);
    expect((await person.signIn({ code: answer.body.recoveryCodes[0] })).status).toBe(201);
  });

  it("to another authenticator app voids the first one and ends every other session", async () => {
    const person = await employ(company, "dispatcher");
    const [here, phone] = [await person.session(), await person.session()];
    const proof = { password, code: person.code() };
    const enrolment = (await here.post("/api/session/totp/enrolment", proof)).body;
    const answer = await here.put("/api/session/totp", {
      ...proof,
      ticket: enrolment.ticket,
      next: codeOf(enrolment.secret),
    });
    expect(answer.status).toBe(204);
    expect((await phone.get("/api/session")).status).toBe(401);
    expect((await person.signIn({ code: person.code(1) })).status).toBe(401);
    expect((await person.signIn({ code: codeOf(enrolment.secret) })).status, "the first code is used up")
      .toBe(
        401,
      );
    expect((await person.signIn({ code: codeOf(enrolment.secret, 1) })).status).toBe(201);
    expect((await entriesOf(company, "totp.changed"))[0]!.actor).toBe(person.accountId);
  });
});
