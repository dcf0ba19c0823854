import { beforeAll, describe, expect, it } from "vitest";
import { sql } from "kysely";
import { type Answer, useCompany } from "../harness/app.ts";
import { codeOf, employ, entriesOf, type Person } from "./person.ts";

const company = useCompany();
type Session = Awaited<ReturnType<Person["session"]>>;
let owner: Session, admin: Session, second: Session;
let ids: { owner: string; admin: string };

beforeAll(async () => {
  const [first, other, third] = [
    await employ(company, "owner"),
    await employ(company, "admin"),
    await employ(company, "admin"),
  ];
  ids = { owner: first.accountId, admin: other.accountId };
  [owner, admin, second] = [await first.session(), await other.session(), await third.session()];
});

const ask = (by: Session, person: Person) => by.post(`/api/accounts/${person.accountId}/invitation`);
const isWaiting = ({ status, body }: Answer) => status === 201 && body.invitation === null;
const listed = async (person: Person) =>
  (await owner.get("/api/accounts?limit=200")).body.items
    .find(({ id }: { id: string }) => id === person.accountId);

describe("a new start for somebody who lost phone and recovery codes", () => {
  it("takes two who administer accounts; the second is shown the link", async () => {
    const person = await employ(company, "dispatcher");
    const session = await person.session();
    expect(isWaiting(await ask(admin, person))).toBe(true);
    expect((await listed(person)).recoveryAskedBy).toBe(ids.admin);
    expect((await entriesOf(company, "recovery.asked"))[0]).toMatchObject({
      actor: ids.admin,
      detail: { account: person.accountId },
    });
    // Asking again by oneself is no second voice.
    expect(isWaiting(await ask(admin, person))).toBe(true);
    const voices = (await entriesOf(company, "recovery.asked"))
      .filter(({ detail }) => detail.account === person.accountId);
    expect(voices).toHaveLength(1);
    expect((await session.get("/api/session")).status).toBe(200);

    const agreed = await ask(second, person);
    const invited = company.caller({
      authorization: `Invitation ${String(agreed.body.invitation.link).split("#")[1]}`,
    });
    const { secret, ticket } = (await invited.post("/api/invitation/totp")).body;
    const given = { password: "seven lanterns over the quay", ticket, code: codeOf(secret) };
    expect((await invited.post("/api/invitation", given)).status).toBe(201);
    expect((await session.get("/api/session")).status).toBe(401);
    expect((await listed(person)).recoveryAskedBy).toBeNull();
  });

  it("needs a second voice within a day", async () => {
    const person = await employ(company, "dispatcher");
    expect(isWaiting(await ask(admin, person))).toBe(true);
    await sql`update accounts set recovery_asked_at = now() - interval '25 hours'
      where id = ${person.accountId}`.execute(company.superDb);
    expect((await listed(person)).recoveryAskedBy).toBeNull();
    expect(isWaiting(await ask(second, person))).toBe(true);
    expect((await ask(owner, person)).body.invitation.link).toContain("/invitation#");
  });

  it("is not given twice for one first voice", async () => {
    const person = await employ(company, "dispatcher");
    await ask(admin, person);
    const answers = await Promise.all([ask(second, person), ask(owner, person)]);
    expect(answers.filter(isWaiting)).toHaveLength(1);
  });

  it("of an admin or owner takes two owners, and one alone where there is no other", async () => {
    const person = await employ(company, "admin");
    expect((await ask(admin, person)).status).toBe(403);
    expect((await ask(owner, person)).body.invitation.link).toContain("/invitation#");
    const another = await employ(company, "owner");
    expect(isWaiting(await ask(owner, person))).toBe(true);
    expect((await ask(await another.session(), person)).body.invitation.link).toContain("/invitation#");
    await company.superDb.updateTable("accounts").set({ disabled: true }).where("id", "=", another.accountId)
      .execute();
  });

  it("is told to them by mail when it is first asked for, from a queue without anything personal", async () => {
    const person = await employ(company, "dispatcher");
    await ask(admin, person);
    const { rows } = await sql<{ payload: { account: string; occasion: string } }>`
      select payload from graphile_worker._private_jobs where task_id in
        (select id from graphile_worker._private_tasks where identifier = 'notices.send')`
      .execute(company.superDb);
    expect(rows.map(({ payload }) => payload).filter(({ account }) => account === person.accountId))
      .toEqual([expect.objectContaining({ occasion: "recovery-asked" })]);
  });

  it("for somebody who has not accepted yet needs one only", async () => {
    const invited = await admin.post("/api/accounts", {
      name: "Nils Ferrow",
      email: "nils@kestrel.example",
      role: "dispatcher",
      siteIds: [company.here],
    });
    const again = await second.post(`/api/accounts/${invited.body.account.id}/invitation`);
    expect(again.body.invitation.link).toContain("/invitation#");
  });
});
