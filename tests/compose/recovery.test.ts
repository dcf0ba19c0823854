import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Appliance, docker } from "../../scripts/bench/appliance.ts";
import { type Installation, setUp } from "../../scripts/bench/installation.ts";
import { checkout } from "../../scripts/embedded/program.ts";
import { newOrder } from "../harness/app.ts";
import { makeFolders, withFolders } from "./setup.ts";

/** An appliance of its own, since it is lost on the way. Its copies go to a folder that outlives it. */
let appliance: Appliance;
let owner: Pick<Installation, "siteId" | "call">;
let directory: string;

beforeAll(async () => {
  directory = await Deno.makeTempDir({ prefix: "fleethold-recovery-" });
  const override = join(directory, "override.yaml");
  await Deno.writeTextFile(override, withFolders(await makeFolders(directory)));
  const target = join(directory, "target");
  await Deno.mkdir(target);
  await Deno.chown(target, 10060, 10060);
  appliance = await Appliance.start("fleethold-recovery", {
    overrides: [override],
    settings: {
      FLEETHOLD_OFFSITE: "folder",
      FLEETHOLD_OFFSITE_FOLDER: target,
      FLEETHOLD_OFFSITE_EVERY: "10s",
    },
  });
  owner = await setUp(appliance.url, await appliance.setupToken(), await appliance.client());
});

afterAll(async () => {
  await appliance?.end();
  await Deno.remove(join(checkout, ".operator-journal")).catch(() => {});
  await Deno.remove(directory, { recursive: true });
});

async function fleethold(...args: string[]) {
  const { code, out, err } = await appliance.operator(...args);
  return { code, said: out + err };
}

const order = (number: string) => owner.call("POST", "/api/deliveries", newOrder(owner.siteId, { number }));

async function ask(sql: string): Promise<string> {
  return (await appliance.exec("db", "psql", "-d", "fleethold", "-qAtXc", sql)).trim();
}
const numbers = async () => (await ask("select number from deliveries order by 1")).split("\n");

describe("a moment before a mistake", () => {
  it("comes back when its name is given, and what was done since is kept aside", async () => {
    await order("before");
    expect(await fleethold("mark", "before the mistake")).toMatchObject({ code: 0 });
    await order("since");
    const asked = await fleethold("restore", "--to", "before the mistake");
    // Nobody said yes.
    expect(asked.code).toBe(1);
    expect(await numbers()).toEqual(["before", "since"]);
    const { code, said } = await fleethold("restore", "--to", "before the mistake", "--yes");
    expect(said).toContain("Everybody signs in anew");
    expect(code).toBe(0);
    expect(await numbers()).toEqual(["before"]);
    expect(await ask("select count(*) from sessions where ended_at is null")).toBe("0");
  }, 300_000);

  it("is left again by putting back what was kept", async () => {
    const { code, said } = await fleethold("restore", "--put-back", "--yes");
    expect(said).not.toContain("error:");
    expect(code).toBe(0);
    expect(await numbers()).toEqual(["before", "since"]);
  }, 300_000);

  it("can be looked at, with the recipient's name opened, while everybody goes on", async () => {
    const { code, said } = await fleethold("peek", "before", "--to", "before the mistake");
    expect(said).toContain("Mara Beispiel");
    expect(code).toBe(0);
  }, 300_000);
});

describe("the copy elsewhere", () => {
  it("is restored in a drill by itself", async () => {
    // One that the restores before this interrupted has failed, and is done again.
    const outcomes = () =>
      ask(`
        select string_agg(outcome || coalesce(': ' || failure, ''), ' | ' order by started_at)
        from backup_runs where kind = 'offsite-drill' and ended_at is not null`);
    await expect.poll(outcomes, { timeout: 300_000, interval: 2_000 }).toMatch(/done$/);
  }, 330_000);

  it("brings everything back on a host that has nothing but the recovery kit", async () => {
    const kit = join(directory, "kit.tar.gz");
    expect(await fleethold("kit", kit, "--yes")).toMatchObject({ code: 0 });
    expect((await Deno.stat(kit)).mode! & 0o077).toBe(0);
    await ask(
      `insert into deliveries (id, site_id, number, kind, state, day, service_minutes, priority, quantity, recipient_id)
       select gen_random_uuid(), site_id, 'last', kind, state, day, service_minutes, priority, quantity, recipient_id
       from deliveries where number = 'since'`,
    );
    const segment = await ask("select pg_walfile_name(pg_switch_wal())");
    // Archived at once, in a snapshot within a minute, copied ten seconds after that.
    const find = `find /repository/snapshot/data -name '${segment}-*'`;
    await expect.poll(() => appliance.exec("offsite", "sh", "-c", find), {
      timeout: 150_000,
      interval: 2_000,
    })
      .not.toBe("");
    const inSnapshot = Date.now();
    await expect.poll(
      async () => Date.parse(JSON.parse(await ask("select state -> 'offsite' from backup_state")).lastCopyAt),
      { timeout: 150_000, interval: 2_000 },
    ).toBeGreaterThan(inSnapshot);

    await appliance.compose("down", "--volumes", "--timeout", "5");
    const { code, said } = await fleethold("recover", "--kit", kit, "--from", "folder", "--yes");
    expect(said).toContain("Recovered.");
    expect(code).toBe(0);
    expect(await numbers()).toEqual(["before", "last", "since"]);
    expect((await fleethold("status")).code).toBe(0);
    // The keys came back too, and the secrets they are wrapped under.
    expect((await fleethold("peek", "since", "--to", "latest")).said).toContain("Mara Beispiel");
    // A second recovery would write over this one.
    const again = await fleethold("recover", "--kit", kit, "--from", "folder", "--yes");
    expect(again.code).toBe(1);
    expect(again.said).toContain("This host has an installation already");
    await docker(["volume", "inspect", "fleethold-recovery_data"]);
  }, 900_000);
});
