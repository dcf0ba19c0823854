import { describe, expect, it } from "vitest";
import { KnownDevice } from "../../server/access/device.ts";
import { loginHash } from "../../server/access/login.ts";
import { signIn } from "../../server/access/sign_in.ts";
import { useCompany } from "../harness/app.ts";
import { cookiesOf, employ, entriesOf, password, type Person } from "./person.ts";

const company = useCompany();

const deviceOf = (cookies: string) =>
  cookies.split("; ").find((cookie) => cookie.startsWith("fleethold-device"))!;

async function failures(person: Person, count: number, device?: string) {
  for (let failure = 0; failure < count; failure++) await person.signIn({ password: "wrong" }, device);
}

describe("signing in", () => {
  it("takes e-mail, password and code at once and starts a session", async () => {
    const person = await employ(company, "dispatcher");
    const answer = await person.signIn({ email: person.email.toUpperCase() });
    expect(answer).toMatchObject({
      status: 201,
      body: { accountId: person.accountId, email: person.email, role: "dispatcher", siteIds: [company.here] },
    });
    const [session] = answer.headers.getSetCookie();
    expect(session).toMatch(/^fleethold=[\w-]{43};.*HttpOnly; SameSite=Lax/);
    const [entry] = await entriesOf(company, "session.started");
    expect(entry).toMatchObject({
      actor: person.accountId,
      detail: { account: person.accountId, session: answer.body.sessionId },
    });
  });

  it("accepts a code once", async () => {
    const person = await employ(company, "dispatcher");
    const code = person.code();
    expect((await person.signIn({ code })).status).toBe(201);
    expect((await person.signIn({ code })).body.slug).toBe("sign-in-failed");
  });

  it("accepts a code once also when two requests race", async () => {
    const person = await employ(company, "dispatcher");
    const code = person.code();
    const answers = await Promise.all([1, 2, 3].map(() => person.signIn({ code })));
    expect(answers.map((answer) => answer.status).sort()).toEqual([201, 401, 401]);
  });

  it("accepts no code older than the last one used", async () => {
    const person = await employ(company, "dispatcher");
    expect((await person.signIn({ code: person.code(1) })).status).toBe(201);
    expect((await person.signIn({ code: person.code(0) })).status).toBe(401);
  });

  it("accepts each recovery code once, however it is typed", async () => {
    const person = await employ(company, "dispatcher");
    const code = person.recoveryCodes[3]!;
    const answer = await person.signIn({ code: code.toLowerCase().replaceAll("-", " ") });
    expect(answer).toMatchObject({ status: 201, body: { recoveryCodesLeft: 9 } });
    expect((await person.signIn({ code })).status).toBe(401);
    expect((await entriesOf(company, "recovery-code.used"))[0]!.detail).toMatchObject({
      account: person.accountId,
    });
  });

  it("answers the same whether the account exists, is disabled, or password or code are wrong", async () => {
    const person = await employ(company, "dispatcher");
    const left = await employ(company, "dispatcher");
    await company.change(async (change) => {
      await change.tx.updateTable("accounts").set({ disabled: true }).where("id", "=", left.accountId)
        .execute();
      change.record("account.disabled", { account: left.accountId });
    });
    const answers = [
      await person.signIn({ email: "nobody@kestrel.example" }),
      await person.signIn({ password: "wrong" }),
      await person.signIn({ code: "000000" }),
      await person.signIn({ code: "AAAA-BBBB-CCCC-DDDD" }),
      await left.signIn(),
    ];
    for (const { status, body, headers } of answers) {
      expect(status).toBe(401);
      expect({ ...body, requestId: "" }).toEqual({ ...answers[0]!.body, requestId: "" });
      expect(headers.getSetCookie()).toEqual([]);
    }
  });

  it("ends the session that the browser had before", async () => {
    const person = await employ(company, "dispatcher");
    const before = await person.session();
    await person.signIn({}, before.cookie);
    expect((await before.get("/api/session")).status).toBe(401);
  });

  it("finds everybody again after a crash of the data cluster emptied the index of addresses", async () => {
    const person = await employ(company, "dispatcher");
    await person.signIn({ email: "nobody@kestrel.example" });
    const before = await entriesOf(company, "account-logins.rebuilt");
    const superuser = await company.superuser("data");
    await superuser.query("truncate account_logins, blind_indexes");
    const answers = await Promise.all([person.signIn(), person.signIn({ email: "nobody@kestrel.example" })]);
    expect(answers.map((answer) => answer.status)).toEqual([201, 401]);
    expect(await entriesOf(company, "account-logins.rebuilt")).toHaveLength(before.length + 1);
  });
});

describe("guessing", () => {
  it("is refused for a while after some failures, and the right password with it", async () => {
    const person = await employ(company, "dispatcher");
    await failures(person, 6);
    const answer = await person.signIn();
    expect(answer).toMatchObject({ status: 429, body: { slug: "too-many-attempts" } });
    expect(Number(answer.headers.get("Retry-After"))).toBeGreaterThan(0);
    expect((await entriesOf(company, "session.refused"))[0]!.detail).toMatchObject({ reason: "throttled" });
    expect(await entriesOf(company, "request.refused"), "once in the trail is enough").toEqual([]);
  });

  it("is forgiven by a success", async () => {
    const person = await employ(company, "dispatcher");
    await failures(person, 4);
    expect((await person.signIn()).status).toBe(201);
    await failures(person, 4);
    expect((await person.signIn({ code: person.code(1) })).status).toBe(201);
  });

  it("is slowed down just the same for an account that does not exist", async () => {
    const nobody = { ...await employ(company, "dispatcher"), email: "nobody-at-all@kestrel.example" };
    const guess = () =>
      company.caller().post("/api/session", { email: nobody.email, password: "wrong", code: "000000" });
    const answers = await Promise.all(Array.from({ length: 9 }, guess));
    expect(answers.filter((answer) => answer.status === 429)).toHaveLength(3);
  });

  it("does not slip through when many guesses come at once", async () => {
    const person = await employ(company, "dispatcher");
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => person.signIn({ password: "wrong" })),
    );
    expect(answers.filter((answer) => answer.status === 401)).toHaveLength(6);
    expect(answers.filter((answer) => answer.status === 429)).toHaveLength(14);
  });

  it("by a stranger does not lock out a device that has signed in before", async () => {
    const person = await employ(company, "dispatcher");
    const device = deviceOf(cookiesOf(await person.signIn()));
    await failures(person, 7);
    const next = { code: person.code(1) };
    expect((await person.signIn(next)).status, "a new device has to wait").toBe(429);
    expect((await person.signIn(next, device)).status, "the known device does not").toBe(201);
  });

  it("on a known device is slowed down as well, for its person and nobody else", async () => {
    const [person, colleague] = [await employ(company, "dispatcher"), await employ(company, "dispatcher")];
    const device = deviceOf(cookiesOf(await person.signIn()));
    await failures(person, 6, device);
    expect((await person.signIn({}, device)).status).toBe(429);
    expect((await colleague.signIn({}, device)).status).toBe(201);
  });

  it("ends at one hundred failures in a row: then it is once a day", async () => {
    const person = await employ(company, "dispatcher");
    await failures(person, 1);
    const superuser = await company.superuser("data");
    await superuser.query("update sign_in_throttles set failures = 99, wait_until = now()");
    await failures(person, 1);
    const answer = await person.signIn();
    expect(Number(answer.headers.get("Retry-After"))).toBeGreaterThan(86_000);
  });

  it("is counted by network address too, patiently, since a depot shares one", async () => {
    const from = () => ({
      client: { device: "Firefox on Linux", address: "192.0.2.44" },
      device: KnownDevice.read(undefined),
      signedIn: null,
    });
    const people = [];
    for (let number = 0; number < 11; number++) people.push(await employ(company, "dispatcher"));
    const guess = (person: Person) =>
      signIn(company.services, { email: person.email, password: "wrong", code: "000000" }, from())
        .catch((problem) => problem.slug);
    const outcomes = [];
    for (const person of people) {
      for (let failure = 0; failure < 5; failure++) outcomes.push(await guess(person));
    }
    expect(outcomes.slice(0, 51)).not.toContain("too-many-attempts");
    expect(outcomes.slice(51)).toContain("too-many-attempts");
  });

  it("stands in the trail with its reason, and without what was typed", async () => {
    const person = await employ(company, "dispatcher");
    await failures(person, 1);
    const [refused] = await entriesOf(company, "session.refused");
    expect(refused).toMatchObject({
      actor: null,
      detail: { account: person.accountId, reason: "credentials" },
    });
    await person.signIn({ email: "somebody.private@kestrel.example" });
    const entries = await entriesOf(company, "session.refused");
    expect(entries[0]!.detail).toEqual({ reason: "credentials", via: "sign-in" });
    expect(JSON.stringify(entries)).not.toContain("private");
  });
});

it("an address finds its account by a keyed hash only", async () => {
  const person = await employ(company, "dispatcher");
  const { rows } = await (await company.superuser("data")).query(
    "select accounts::text, account_logins::text from accounts join account_logins on account_id = id where id = $1",
    [person.accountId],
  );
  expect(JSON.stringify(rows)).not.toContain(person.email);
  expect(JSON.stringify(rows)).toContain(loginHash(company.services, person.email).toHex());
  expect(JSON.stringify(rows)).not.toContain(password);
});
