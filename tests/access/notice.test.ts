import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { sql } from "kysely";
import { type Notice, sendNotice } from "../../server/access/notice.ts";
import { newId } from "../../server/platform/id.ts";
import { useCompany } from "../harness/app.ts";
import { TestMailServer } from "../harness/mail_server.ts";
import { codeOf, cookiesOf, employ, entriesOf, password, type Person } from "./person.ts";
import { SoftwareAuthenticator } from "./software_authenticator.ts";

const company = useCompany();
const home = "https://deliveries.kestrel.example";
let mail: TestMailServer;
let person: Person;

beforeAll(async () => {
  mail = await TestMailServer.start();
  Object.assign(company.services.config, {
    FLEETHOLD_PUBLIC_URL: home,
    FLEETHOLD_SMTP: { hostname: "localhost", port: mail.port },
    FLEETHOLD_SMTP_AUTHORITY: mail.authority,
    FLEETHOLD_MAIL_FROM: "fleethold@kestrel.example",
  });
});
afterAll(() => mail?.end());
beforeEach(async () => {
  await takeJobs();
  person = await employ(company, "dispatcher");
});

/** What waits in the queue for this person; the queue is empty afterwards. */
async function takeJobs(): Promise<Notice[]> {
  const { rows } = await sql<{ payload: Notice }>`
    delete from graphile_worker._private_jobs where task_id in
      (select id from graphile_worker._private_tasks where identifier = 'notices.send')
    returning payload`.execute(company.superDb);
  return rows.map(({ payload }) => payload).filter(({ account }) => account === person?.accountId);
}

/** What this person is mailed for what has just been done. */
async function told(): Promise<string[]> {
  mail.arrived.splice(0);
  for (const notice of await takeJobs()) await sendNotice(company.services, notice);
  expect(mail.arrived.flatMap(({ to }) => to)).toEqual(mail.arrived.map(() => person.email));
  // A long header goes on in the next line (RFC 5322, 2.2.3).
  return mail.arrived.map(({ text }) => /^Subject: (.*)$/m.exec(text.replaceAll(/\r\n(?=[ \t])/g, ""))![1]!);
}

const about = (what: string) => [`Your account at Kestrel Couriers: ${what}`];

describe("whoever has an account is told by mail", () => {
  it("of a sign-in on a device that it has not been used on, and of no other", async () => {
    const first = await person.signIn();
    expect(first.status).toBe(201);
    expect(await told()).toEqual(about("sign-in on a new device"));
    const { text } = mail.arrived[0]!;
    expect(text).toContain("Hello Ingo Vantage");
    expect(text).toContain("(Europe/Berlin)");
    expect(text).toContain("Device: Unknown device");
    expect(text).toContain(`${home}/account`);
    const again = await person.signIn({ code: person.code(1) }, cookiesOf(first));
    expect(again.status).toBe(201);
    expect(await told()).toEqual([]);
  });

  it("of a new password, authenticator app and recovery codes", async () => {
    const session = await person.session();
    const proof = () => ({ password, code: person.recoveryCodes.pop()! });
    const { password: current, code } = proof();
    const next = "another parrot keeps other receipts";
    expect((await session.put("/api/session/password", { current, code, next })).status).toBe(204);
    expect((await told()).sort()).toEqual([
      ...about("password changed"),
      ...about("recovery code used"),
    ]);
    const made = await session.post("/api/session/recovery-codes", { password: next, code: person.code() });
    expect(made.status).toBe(201);
    expect(await told()).toEqual(about("new recovery codes"));
    const [one, two] = made.body.recoveryCodes;
    const enrolment = await session.post("/api/session/totp/enrolment", { password: next, code: one });
    const changed = await session.put("/api/session/totp", {
      password: next,
      code: two,
      ticket: enrolment.body.ticket,
      next: codeOf(enrolment.body.secret),
    });
    expect(changed.status).toBe(204);
    expect((await told()).sort()).toEqual([
      ...about("new authenticator app"),
      ...about("recovery code used"),
    ]);
  });

  it("of a passkey that is added or removed", async () => {
    const session = await person.session();
    const { body: { options, ticket } } = await session.post("/api/passkeys/challenge");
    const response = new SoftwareAuthenticator(home).create(options);
    const { body: { id } } = await session.post("/api/passkeys", { ticket, name: "Phone", response });
    expect(await told()).toEqual(about("passkey added"));
    const { text } = mail.arrived[0]!;
    expect(text).toContain("Device: Firefox on Linux, from 192.0.2.7");
    await session.delete(`/api/passkeys/${id}`);
    expect(await told()).toEqual(about("passkey removed"));
  });

  it("when a link gives their account a new password and app, and not when they accept their first", async () => {
    const owner = await company.as("owner");
    const equip = async (link: string) => {
      const invited = company.caller({ authorization: `Invitation ${link.split("#")[1]}` });
      const { secret, ticket } = (await invited.post("/api/invitation/totp")).body;
      const given = { password: "seven lanterns over the quay", ticket, code: codeOf(secret) };
      expect((await invited.post("/api/invitation", given)).status).toBe(201);
    };
    const again = await owner.post(`/api/accounts/${person.accountId}/invitation`);
    await equip(again.body.invitation.link);
    expect(await told()).toEqual(about("everything you sign in with was replaced"));
    const { body: { account, invitation } } = await owner.post("/api/accounts", {
      name: "Nils Ferrow",
      email: "nils@kestrel.example",
      role: "dispatcher",
      siteIds: [company.here],
    });
    await equip(invitation.link);
    person = { ...person, accountId: account.id, email: "nils@kestrel.example" };
    expect(await told()).toEqual([]);
  });
});

describe("a notice", () => {
  const notice = (): Notice => ({
    id: newId(),
    account: person.accountId,
    occasion: "password-changed",
    at: new Date().toISOString(),
    session: null,
  });

  it("waits in the queue without anything personal, and stands in the trail once it was sent", async () => {
    await person.signIn();
    const [waiting] = await takeJobs();
    expect(JSON.stringify(waiting)).not.toContain(person.email);
    await sendNotice(company.services, waiting!);
    expect((await entriesOf(company, "notice.sent"))[0]!.detail).toMatchObject({
      account: person.accountId,
      occasion: "new-device",
    });
  });

  it("is tried again when the server does not take it", async () => {
    mail.unknown.add(person.email);
    await expect(sendNotice(company.services, notice())).rejects.toThrow("refused-550");
  });

  it("is not sent a day later, and nowhere without a mail server", async () => {
    mail.arrived.splice(0);
    await sendNotice(company.services, {
      ...notice(),
      at: new Date(Date.now() - 25 * 3_600_000).toISOString(),
    });
    const { config } = company.services;
    await sendNotice({ ...company.services, config: { ...config, FLEETHOLD_SMTP: undefined } }, notice());
    expect(mail.arrived).toEqual([]);
  });

  it("about somebody who is gone is dropped", async () => {
    mail.arrived.splice(0);
    await sendNotice(company.services, { ...notice(), account: newId() });
    expect(mail.arrived).toEqual([]);
  });
});
