import pg from "pg";
import { afterEach, beforeEach, expect, inject, it } from "vitest";
import { migrate } from "../../server/migrate.ts";
import { newId } from "../../server/platform/id.ts";
import { createLog } from "../../server/platform/log.ts";
import { urlOf } from "../harness/global.ts";

const { data, keys, passwords } = inject("clusters");
const ports = { data: data.port, keys: keys.port };
type ClusterName = keyof typeof ports;
let superusers: Record<ClusterName, pg.Client>;
let made: [ClusterName, string][] = [];

beforeEach(async () => {
  superusers = {
    data: new pg.Client({ connectionString: data.superuserUrl }),
    keys: new pg.Client({ connectionString: keys.superuserUrl }),
  };
  await Promise.all(Object.values(superusers).map((superuser) => superuser.connect()));
});
afterEach(async () => {
  for (const [cluster, name] of made) await superusers[cluster].query(`drop database ${name} with (force)`);
  made = [];
  await Promise.all(Object.values(superusers).map((superuser) => superuser.end()));
});

/** A database as a first start finds it, or with all this release's tables. */
async function database(cluster: ClusterName, template: "template1" | "fleethold"): Promise<string> {
  const name = `migrate_${newId().replaceAll("-", "")}`;
  await superusers[cluster].query(`create database ${name} template ${template} owner fleethold_owner`);
  made.push([cluster, name]);
  return name;
}

async function holding(cluster: ClusterName, insert: string): Promise<string> {
  const name = await database(cluster, "fleethold");
  const client = new pg.Client({
    connectionString: { data, keys }[cluster].superuserUrl.replace(/postgres$/, name),
  });
  await client.connect();
  await client.query(insert);
  await client.end();
  return name;
}

const bringUp = (names: Record<ClusterName, string>) =>
  migrate({
    FLEETHOLD_DATA_URL: urlOf(ports.data, "fleethold_migrator", names.data),
    FLEETHOLD_DATA_PASSWORD: passwords.migrator,
    FLEETHOLD_KEYS_URL: urlOf(ports.keys, "fleethold_migrator", names.keys),
    FLEETHOLD_KEYS_PASSWORD: passwords.migrator,
  }, createLog("silent", "test"));

async function tablesOf(cluster: ClusterName, name: string): Promise<number> {
  const client = new pg.Client({
    connectionString: { data, keys }[cluster].superuserUrl.replace(/postgres$/, name),
  });
  await client.connect();
  const { rows: [{ count }] } = await client.query(
    "select count(*)::int from pg_tables where schemaname = 'public'",
  );
  await client.end();
  return count;
}

const key = "insert into subject_keys (subject, wrapped) values (gen_random_uuid(), '')";

it("refuses an empty data cluster beside keys, which stand for data that was lost", async () => {
  const names = { data: await database("data", "template1"), keys: await holding("keys", key) };
  await expect(bringUp(names)).rejects.toMatchObject({
    message: expect.stringContaining("The data cluster is new and empty"),
    details: { next: expect.stringContaining("restore --cluster data") },
  });
  expect(await tablesOf("data", names.data)).toBe(0);
});

it("refuses an empty keys cluster beside data, which nobody could open any more", async () => {
  const company =
    "insert into company (name, time_zone, holidays) values ('Kestrel Couriers', 'Europe/Berlin', 'DE')";
  const names = { data: await holding("data", company), keys: await database("keys", "template1") };
  await expect(bringUp(names)).rejects.toThrow("The keys cluster is new and empty");
  expect(await tablesOf("keys", names.keys)).toBe(0);
});

it("completes a first start that ended between the clusters", async () => {
  const names = { data: await database("data", "template1"), keys: await database("keys", "fleethold") };
  await bringUp(names);
  expect(await tablesOf("data", names.data)).toBeGreaterThan(20);
});
