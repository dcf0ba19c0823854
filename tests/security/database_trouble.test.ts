import { sql } from "kysely";
import { afterAll, describe, expect, it } from "vitest";
import { newOrder, useCompany } from "../harness/app.ts";

const company = useCompany();

/** Lets the database refuse every new order as PostgreSQL does with this code. */
async function refuseOrders(code: string): Promise<void> {
  const superuser = await company.superuser("data");
  await superuser.query(`create or replace function public.refuse() returns trigger language plpgsql as $$
    begin raise exception 'Ahornallee 12' using errcode = '${code}'; end $$`);
  await superuser.query(
    "create or replace trigger refuse before insert on deliveries for each row execute function public.refuse()",
  );
}

describe("an order the database", () => {
  it.each([
    ["gave up on after its time was over", "57014", 503, "database-busy"],
    ["could not lock in time", "55P03", 503, "database-busy"],
    ["met in a circle of waiting again and again", "40P01", 503, "database-busy"],
    ["has no disk left for", "53100", 507, "storage-full"],
  ])("%s is answered with what to do, and nothing is kept", async (_, code, status, slug) => {
    const dispatcher = await company.as("dispatcher");
    await refuseOrders(code);
    const key = { "Idempotency-Key": crypto.randomUUID() };
    const answer = await dispatcher.post("/api/deliveries", newOrder(company.here), key);
    expect(answer).toMatchObject({ status, body: { slug } });
    expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(JSON.stringify(answer.body)).not.toContain("Ahornallee");
    const { rows } = await sql`select from deliveries union all select from idempotency_keys`
      .execute(company.services.db);
    expect(rows).toEqual([]);
  });

  it("refused for a reason nobody foresaw is answered and logged without the words of the database", async () => {
    const dispatcher = await company.as("dispatcher");
    await refuseOrders("22000");
    expect((await dispatcher.post("/api/deliveries", newOrder(company.here))).body.slug).toBe("internal");
    expect(company.logged.join("")).toContain("nobody foresaw");
    expect(company.logged.join("")).not.toContain("Ahornallee");
  });

  afterAll(async () => {
    await (await company.superuser("data")).query("drop function public.refuse cascade");
  });
});
