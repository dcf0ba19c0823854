import { sql } from "kysely";
import type pg from "pg";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { networkOf } from "../../server/access/throttle.ts";
import { type KeysTables, kyselyOver, openPool } from "../../server/platform/database.ts";
import { KeyStore } from "../../server/platform/keys.ts";
import { employ } from "../access/person.ts";
import { useCompany } from "../harness/app.ts";

const company = useCompany();
let nowhere: pg.Pool;
beforeAll(() => {
  nowhere = openPool({
    url: "postgres://fleethold_app@127.0.0.1:1/fleethold",
    password: "x",
    size: 1,
    name: "nowhere",
    log: company.services.log,
  });
  return () => nowhere.end();
});
afterEach(() => company.forgetKeys());

/** How many buckets count a failure now. */
const counting = async () =>
  (await sql`select from sign_in_throttles where failures > 0`.execute(company.services.db)).rows.length;

describe("while the keys cluster is away, signing in", () => {
  it("is answered the same whether there is such an account or not, and is no failure", async () => {
    const person = await employ(company, "dispatcher");
    expect((await person.signIn()).status).toBe(201);
    company.services.keys = new KeyStore(
      kyselyOver<KeysTables>(nowhere),
      company.services.config.FLEETHOLD_MASTER_KEY,
    );
    for (const email of [person.email, "nobody@kestrel.example"]) {
      const answer = await person.signIn({ email, code: person.code(1) });
      expect(answer).toMatchObject({ status: 503, body: { slug: "keys-unavailable" } });
    }
    expect(await counting()).toBe(0);
  });
});

it.each([
  ["192.0.2.7", "192.0.2.7"],
  ["::ffff:192.0.2.7", "192.0.2.7"],
  ["2001:db8:12:34:5:6:7:8", "2001:db8:12:34"],
  ["2001:0DB8:0012:0034::1", "2001:db8:12:34"],
  ["2001:db8::1", "2001:db8:0:0"],
  ["fe80::1%eth0", "fe80:0:0:0"],
  ["::1", "0:0:0:0"],
])("guesses from %s are counted for %s", (address, network) => {
  expect(networkOf(address)).toBe(network);
});
