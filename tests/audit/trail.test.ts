import { describe, expect, it } from "vitest";
import { sql } from "kysely";
import { useCompany } from "../harness/app.ts";

const company = useCompany();

describe("the trail", () => {
  it("the app role can neither change nor delete an entry, nor choose its id, time or transaction", async () => {
    await company.change((change) => {
      change.record("company.edited", { fields: ["name"] });
      return Promise.resolve();
    });
    for (
      const forgery of [
        "update audit_entries set act = 'company.praised'",
        "update audit_entries set detail = '{}' where id = 1",
        "delete from audit_entries",
        "truncate audit_entries",
        "insert into audit_entries (id, act) overriding system value values (1, 'company.edited')",
        "insert into audit_entries (act, at) values ('company.edited', now() - interval '1 year')",
        "insert into audit_entries (act, xid) values ('company.edited', '1')",
        "insert into audit_entries (act) values ('company.edited') on conflict (id) do update set act = 'x'",
        "merge into audit_entries using (select 1) as one on true when matched then delete",
        "alter table audit_entries disable trigger all",
        "drop table audit_entries",
        "select setval('audit_entries_id_seq', 1)",
      ]
    ) {
      await expect(sql.raw(forgery).execute(company.services.db), forgery).rejects.toMatchObject({
        code: expect.stringMatching(/^(42501|428C9)$/),
      });
    }
  });

  it("an entry says when it was written, in which transaction and by which session", async () => {
    const dispatcher = await company.as("dispatcher");
    const { body: driver } = await dispatcher.post("/api/drivers", {
      name: "Ada Beckstein",
      siteId: company.here,
    });
    const { rows: [entry] } = await sql<Record<string, unknown>>`
      select *, at between now() - interval '10 seconds' and now() as is_now, xid < pg_current_xact_id() as is_past
      from audit_entries where detail ->> 'driver' = ${driver.id} and act = 'driver.created'`
      .execute(company.services.db);
    expect(entry).toMatchObject({ actor: dispatcher.accountId, isNow: true, isPast: true });
    expect(entry!.detail).toMatchObject({
      driver: driver.id,
      site: company.here,
      bySession: expect.any(String),
    });
  });

  it("a change that says nothing in the trail does not happen", async () => {
    const silent = company.change((change) =>
      change.tx.updateTable("sites").set({ name: "Renamed in silence" }).where("id", "=", company.here)
        .execute()
    );
    await expect(silent).rejects.toThrow("recorded nothing");
    const { name } = await company.services.db.selectFrom("sites").select("name")
      .where("id", "=", company.here).executeTakeFirstOrThrow();
    expect(name).toBe("Harbour depot");
  });

  it("a refused attempt is in the trail", async () => {
    const dispatcher = await company.as("dispatcher");
    await dispatcher.patch(`/api/sites/${company.here}`, { city: "Altmark" }, { "If-Match": '"1"' });
    const owner = await company.as("owner");
    const { body } = await owner.get(`/api/audit?act=request.refused&actor=${dispatcher.accountId}`);
    expect(body.items[0].detail).toMatchObject({
      slug: "not-allowed",
      method: "PATCH",
      things: [company.here],
    });
  });
});
