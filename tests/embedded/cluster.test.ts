import { join } from "node:path";
// @ts-types="@types/pg"
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestClusters, type TestClusters } from "../harness/cluster.ts";

let clusters: TestClusters;

beforeAll(async () => {
  clusters = await startTestClusters();
});

afterAll(async () => {
  await clusters.stop();
});

describe("a cluster of the embedded start", () => {
  it("writes no value into its log, not even one that a failed statement held", async () => {
    const app = await connect("fleethold_app", clusters.passwords.app);
    await expect(app.query("select $1::text::int", ["Wanda Planted"])).rejects.toThrow("Wanda Planted");
    await expect(app.query("select 'Wanda Planted' from nowhere")).rejects.toThrow();
    await app.end();
    expect(await Deno.readTextFile(join(clusters.logs, "data.log"))).not.toContain("Planted");
  });

  it("never learns the passwords of its roles", async () => {
    const superuser = new pg.Client({ connectionString: clusters.data.superuserUrl });
    await superuser.connect();
    const { rows } = await superuser.query("select rolpassword from pg_authid where rolpassword is not null");
    await superuser.end();
    expect(rows).toHaveLength(5);
    for (const { rolpassword } of rows) expect(rolpassword).toMatch(/^SCRAM-SHA-256\$4096:/);
  });

  it("lets nobody in without the right password", async () => {
    await expect(connect("fleethold_app", "guess")).rejects.toThrow("password authentication failed");
    await expect(connect("fleethold_owner", clusters.passwords.migrator)).rejects.toThrow();
  });

  it("lets the app neither make tables nor act as the owner nor look into other databases", async () => {
    const app = await connect("fleethold_app", clusters.passwords.app);
    await expect(app.query("create table public.mine (id int)")).rejects.toThrow("permission denied");
    await expect(app.query("create temporary table mine (id int)")).rejects.toThrow("permission denied");
    await expect(app.query("set role fleethold_owner")).rejects.toThrow("permission denied");
    await app.end();
    await expect(connect("fleethold_app", clusters.passwords.app, "postgres")).rejects.toThrow(
      "permission denied",
    );
  });

  it("gives the owner whatever the migrator makes", async () => {
    const migrator = await connect("fleethold_migrator", clusters.passwords.migrator);
    await migrator.query("create table public.made (id int)");
    const { rows } = await migrator.query("select tableowner from pg_tables where tablename = 'made'");
    await migrator.query("drop table public.made");
    await migrator.end();
    expect(rows).toEqual([{ tableowner: "fleethold_owner" }]);
  });
});

async function connect(user: string, password: string, database = "fleethold"): Promise<pg.Client> {
  const client = new pg.Client({
    host: clusters.data.host,
    port: clusters.data.port,
    user,
    password,
    database,
  });
  await client.connect();
  return client;
}
