import { describe, expect, it } from "vitest";
import { accountNames } from "../../server/access/account.ts";
import { Reader } from "../../server/audit/reader.ts";
import { system } from "../../server/audit/actor.ts";
import { newId } from "../../server/platform/id.ts";
import { type Caller, useCompany } from "../harness/app.ts";
import { employ, entriesOf } from "./person.ts";

const company = useCompany();

async function accountOf(caller: Pick<Caller, "get">, id: string) {
  const { items } = (await caller.get("/api/accounts?limit=200")).body;
  return items.find((account: { id: string }) => account.id === id);
}

async function edit(by: Caller, id: string, changes: unknown) {
  const { version } = await accountOf(by, id);
  return await by.patch(`/api/accounts/${id}`, changes, { "If-Match": `"${version}"` });
}

describe("an account", () => {
  it("is renamed, moved and given another role, with old and new name sealed in the trail", async () => {
    const owner = await company.as("owner"), person = await employ(company, "dispatcher");
    const answer = await edit(owner, person.accountId, {
      name: "Ingo Farsight",
      siteIds: [company.there, company.here],
    });
    expect(answer).toMatchObject({ status: 200, body: { name: "Ingo Farsight", role: "dispatcher" } });
    expect(new Set(answer.body.siteIds)).toEqual(new Set([company.here, company.there]));
    const [entry] = await entriesOf(company, "account.edited");
    expect(entry).toMatchObject({
      actor: owner.accountId,
      detail: {
        account: person.accountId,
        fields: ["siteIds", "name"],
        sealed: { subject: person.personId },
      },
    });
    expect(JSON.stringify(entry)).not.toContain("Farsight");
  });

  it("is not edited on top of an edit one has not seen", async () => {
    const owner = await company.as("owner"), { accountId } = await company.as("dispatcher");
    const { version } = await accountOf(owner, accountId);
    expect((await edit(owner, accountId, { name: "First" })).status).toBe(200);
    const late = await owner.patch(`/api/accounts/${accountId}`, { name: "Second" }, {
      "If-Match": `"${version}"`,
    });
    expect(late).toMatchObject({ status: 412, body: { slug: "changed-meanwhile" } });
  });

  it("edited to what it is already keeps its version", async () => {
    const owner = await company.as("owner"), { accountId } = await company.as("dispatcher");
    const before = await accountOf(owner, accountId);
    const again = await edit(owner, accountId, {
      name: before.name,
      siteIds: before.siteIds,
      role: before.role,
    });
    expect(again).toMatchObject({ status: 200, body: before });
  });

  it("that is disabled is signed out at once and can be enabled again", async () => {
    const owner = await company.as("owner"), person = await employ(company, "dispatcher");
    const session = await person.session();
    expect(await edit(owner, person.accountId, { disabled: true })).toMatchObject({
      status: 200,
      body: { state: "disabled" },
    });
    expect((await session.get("/api/session")).status).toBe(401);
    expect((await person.signIn()).status).toBe(401);
    expect((await entriesOf(company, "account.disabled"))[0]!.detail).toMatchObject({
      account: person.accountId,
    });
    expect(await edit(owner, person.accountId, { disabled: false })).toMatchObject({
      body: { state: "active" },
    });
    expect((await session.get("/api/session")).status, "an ended session stays ended").toBe(401);
    expect((await person.signIn({ code: person.code(1) })).status).toBe(201);
  });

  it("is signed out everywhere by whoever manages it, and may sign in again", async () => {
    const person = await employ(company, "dispatcher");
    const sessions = [await person.session(), await person.session()];
    const path = `/api/accounts/${person.accountId}/sessions`;
    expect((await (await company.as("dispatcher")).delete(path)).status).toBe(403);
    expect((await (await company.as("admin")).delete(path)).status).toBe(204);
    for (const session of sessions) expect((await session.get("/api/session")).status).toBe(401);
    expect((await person.signIn()).status).toBe(201);
    const admin = await company.as("admin");
    expect((await admin.delete(`/api/accounts/${(await company.as("owner")).accountId}/sessions`)).status)
      .toBe(403);
  });

  it("with another role signs in anew; with other sites it need not", async () => {
    const owner = await company.as("owner"), dispatcher = await company.as("dispatcher");
    await edit(owner, dispatcher.accountId, { siteIds: [company.there] });
    expect((await dispatcher.get("/api/session")).body.siteIds).toEqual([company.there]);
    await edit(owner, dispatcher.accountId, { role: "auditor" });
    expect((await dispatcher.get("/api/session")).status).toBe(401);
    expect(await accountOf(owner, dispatcher.accountId)).toMatchObject({ role: "auditor", siteIds: [] });
  });

  it("is placed at sites that exist only", async () => {
    const owner = await company.as("owner"), { accountId } = await company.as("dispatcher");
    const answer = await edit(owner, accountId, { siteIds: [newId()] });
    expect(answer).toMatchObject({ status: 422, body: { faults: [{ path: "siteIds" }] } });
  });

  it("of a driver who changes to another role is no longer tied to the driver", async () => {
    const owner = await company.as("owner"), driver = await company.as("driver");
    await edit(owner, driver.accountId, { role: "dispatcher", siteIds: [company.here] });
    expect(await accountOf(owner, driver.accountId)).toMatchObject({ role: "dispatcher", driverId: null });
    expect((await edit(owner, driver.accountId, { role: "driver" })).body.slug).toBe("driver-account");
  });

  it("has a name for the trail's page, and null once the person is erased", async () => {
    const person = await employ(company, "dispatcher"), gone = await employ(company, "dispatcher");
    const keys = await company.superuser("keys");
    await keys.query("delete from subject_keys where subject = $1", [gone.personId]);
    company.forgetKeys();
    const names = await accountNames(new Reader(company.services, system("test")), [
      person.accountId,
      gone.accountId,
      newId(),
    ]);
    expect(names).toEqual(new Map([[person.accountId, "Ingo Vantage"], [gone.accountId, null]]));
  });

  it("is found by paging through the list, each once", async () => {
    const owner = await company.as("owner");
    const all = (await owner.get("/api/accounts?limit=200")).body.items.map(({ id }: { id: string }) => id);
    const paged: string[] = [];
    for (let next: string | null = ""; next !== null;) {
      const { body } = await owner.get(`/api/accounts?limit=3${next && `&cursor=${next}`}`);
      paged.push(...body.items.map(({ id }: { id: string }) => id));
      next = body.next;
    }
    expect(paged).toEqual(all);
    expect((await owner.get("/api/accounts?cursor=made-up")).status).toBe(422);
  });
});

describe("power over accounts", () => {
  it("of owners and admins is an owner's; an admin looks after the others", async () => {
    const admin = await company.as("admin"), dispatcher = await company.as("dispatcher");
    expect((await edit(admin, dispatcher.accountId, { role: "auditor" })).status).toBe(200);
    for (const role of ["owner", "admin"] as const) {
      const other = await company.as(role);
      for (const changes of [{ role }, { name: "Renamed" }, { disabled: true }]) {
        const target = "role" in changes ? dispatcher : other;
        expect((await edit(admin, target.accountId, changes)).body.slug).toBe("not-allowed");
      }
      const invited = await admin.post("/api/accounts", {
        name: "X",
        email: `${newId()}@kestrel.example`,
        role,
      });
      expect(invited.status).toBe(403);
      expect((await admin.post(`/api/accounts/${other.accountId}/invitation`)).status).toBe(403);
    }
  });

  it("does not extend to one's own role, nor to disabling oneself", async () => {
    const owner = await company.as("owner");
    for (const changes of [{ role: "admin" }, { disabled: true }]) {
      expect((await edit(owner, owner.accountId, changes)).body.slug).toBe("own-account");
    }
    expect((await edit(owner, owner.accountId, { name: "Orla" })).status).toBe(200);
    expect((await owner.post(`/api/accounts/${owner.accountId}/invitation`)).body.slug).toBe("own-account");
  });

  it("is refused to every other role", async () => {
    const dispatcher = await company.as("dispatcher");
    expect((await dispatcher.get("/api/accounts")).status).toBe(403);
    const auditor = await company.as("auditor");
    expect((await auditor.get("/api/accounts")).status).toBe(200);
    expect((await edit(auditor, dispatcher.accountId, { name: "X" })).status).toBe(403);
  });
});

describe("the last owner", () => {
  it("cannot be disabled or given another role, not by an owner either who has not accepted the invitation yet", async () => {
    await company.services.db.updateTable("accounts").set({ disabled: true }).where("role", "=", "owner")
      .execute();
    const last = await employ(company, "owner");
    const invitedOwner = await company.as("owner");
    for (const changes of [{ disabled: true }, { role: "admin" }]) {
      expect((await edit(invitedOwner, last.accountId, changes)).body.slug).toBe("last-owner");
    }
  });

  it("stays, also when two owners disable each other at the same moment", async () => {
    await company.services.db.updateTable("accounts").set({ disabled: true }).where("role", "=", "owner")
      .execute();
    const [one, two] = [await employ(company, "owner"), await employ(company, "owner")];
    const disable = async (by: typeof one, other: typeof two) => {
      const caller = await by.session();
      const { version } = await accountOf(caller, other.accountId);
      return () =>
        caller.patch(`/api/accounts/${other.accountId}`, { disabled: true }, { "If-Match": `"${version}"` });
    };
    const both = [await disable(one, two), await disable(two, one)];
    const answers = await Promise.all(both.map((act) => act()));
    // The second is either told so, or finds itself signed out already.
    expect(answers.filter((answer) => answer.status === 200)).toHaveLength(1);
    expect(["last-owner", "sign-in-needed"]).toContain(
      answers.find((answer) => answer.status !== 200)!.body.slug,
    );
    const left = await company.services.db.selectFrom("accounts").select("id")
      .where("role", "=", "owner").where("disabled", "=", false).execute();
    expect(left).toHaveLength(1);
  });
});
