import { sql } from "kysely";
import { describe, expect, it } from "vitest";
import { type KeysTables, kyselyOver, openPool } from "../../server/platform/database.ts";
import { useCompany } from "../harness/app.ts";

const company = useCompany();

describe("whoever breaks into the app's connection to the database", () => {
  it.each([
    "update delivery_steps set account_id = null",
    "update delivery_steps set happened_at = now()",
    "delete from delivery_steps",
    "update proofs set sealed = ''",
    "delete from proofs",
    "delete from deliveries",
    "delete from accounts",
    "update accounts set person_id = gen_random_uuid()",
    "update sessions set account_id = gen_random_uuid()",
    "update sessions set signed_in_at = now()",
    "update sessions set expires_at = 'infinity'",
    "update invitations set account_id = gen_random_uuid()",
    "update invitations set expires_at = 'infinity'",
    "update recovery_codes set hash = ''",
    "update account_logins set account_id = gen_random_uuid()",
    "update tracking_links set expires_at = 'infinity'",
    "truncate delivery_search",
    "select rolpassword from pg_authid",
    "copy company to program 'id'",
    "select pg_read_file('/etc/passwd')",
  ])("cannot %s", async (statement) => {
    await expect(sql.raw(statement).execute(company.services.db)).rejects.toMatchObject({ code: "42501" });
  });

  it.each(["delete from subject_keys", "update subject_keys set wrapped = ''", "truncate subject_keys"])(
    "nor, into the one to the keys, %s",
    async (statement) => {
      const { FLEETHOLD_KEYS_URL: url, FLEETHOLD_KEYS_PASSWORD: password } = company.services.config;
      const pool = openPool({ url, password, size: 1, name: "test", log: company.services.log });
      const attempt = sql.raw(statement).execute(kyselyOver<KeysTables>(pool));
      await expect(attempt).rejects.toMatchObject({ code: "42501" });
      await pool.end();
    },
  );
});
