import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { useCompany } from "../../harness/app.ts";
import { MisbehavingProvider } from "../../harness/misbehaving_provider.ts";
import { CompanySignIn } from "./company_sign_in.ts";

const company = useCompany();
let op: MisbehavingProvider, signIn: CompanySignIn, token: string;

beforeAll(async () => {
  op = await MisbehavingProvider.start({ alg: "ES256" });
  signIn = await CompanySignIn.setUp(company, op);
  const key = await signIn.owner.post(`/api/sso/providers/${signIn.provider.id}/directory/key`, { days: 1 });
  token = key.body.token;
});
afterAll(() => op.stop());
afterEach(async () => {
  await (await company.superuser("data")).query("drop function if exists public.refuse cascade");
});

/** Lets PostgreSQL refuse every new row of a table, as it does with a full disk. */
async function fill(table: string): Promise<void> {
  const superuser = await company.superuser("data");
  await superuser.query(`create function public.refuse() returns trigger language plpgsql as $$
    begin raise exception 'Ahornallee 12' using errcode = '53100'; end $$`);
  await superuser.query(
    `create trigger refuse before insert on ${table} for each row execute function public.refuse()`,
  );
}

const rows = async (table: string) =>
  (await (await company.superuser("data")).query(`select count(*)::int as rows from ${table}`)).rows[0].rows;

describe("while the disk is full", () => {
  it.each(["answered_challenges", "accounts", "sso_identities", "sessions", "sso_sessions"])(
    "a browser that comes back is told so on a page of ours, and nothing half done is left (%s)",
    async (table) => {
      op.person = { ...op.person, sub: `u-${table}`, email: `${table.replaceAll("_", "-")}@kestrel.example` };
      await fill(table);
      const sessions = await rows("sessions");
      const arrival = await signIn.trip();
      expect([arrival.location, arrival.cookie]).toEqual(["/sign-in?refused=storage-full&by=kestrel", null]);
      expect(await rows("sessions")).toBe(sessions);
      await (await company.superuser("data")).query("drop function public.refuse cascade");
      expect((await signIn.trip()).refused).toBeNull();
    },
  );

  it("a directory is told so in its own words, and when to come back", async () => {
    const caller = company.caller({ authorization: `Bearer ${token}` });
    const user = { schemas: ["urn:ietf:params:scim:schemas:core:2.0:User"], userName: "kim@kestrel.example" };
    await fill("directory_users");
    const { status, body, headers } = await caller.post("/scim/v2/Users", user);
    expect([status, body.schemas, body.status]).toEqual([
      507,
      ["urn:ietf:params:scim:api:messages:2.0:Error"],
      "507",
    ]);
    expect(Number(headers.get("retry-after"))).toBeGreaterThan(0);
    expect(JSON.stringify(body)).not.toContain("Ahornallee");
    expect(await rows("directory_users")).toBe(0);
  });
});
