import { join } from "node:path";
import { afterAll, describe, expect, inject, it } from "vitest";
import { Appliance } from "../../scripts/bench/appliance.ts";
import { checkout } from "../../scripts/embedded/program.ts";

const appliance = new Appliance(inject("appliance"));
const { cookie } = inject("owner");
const journal = join(checkout, ".operator-journal");

afterAll(async () => {
  await appliance.compose("up", "--wait", "--no-deps", "api-a", "api-b");
  await Deno.remove(journal).catch(() => {});
});

const fleethold = (...args: string[]) => appliance.operator(...args);

const commanded = async (): Promise<{ command: string; services?: string[]; happenedAt?: string }[]> => {
  const answer = await appliance.fetch("/api/audit?act=operator.commanded", { headers: { cookie } });
  return (await answer.json()).items.map(({ detail }: { detail: unknown }) => detail);
};

describe("the operator's command", () => {
  it("tells a tired person what runs, and a program the same", async () => {
    const { code, out } = await fleethold("status");
    expect(code).toBe(0);
    expect(out).toMatch(/^state +running, all well$/m);
    expect(out).toContain(appliance.url);
    for (const service of ["proxy", "api-a", "api-b", "worker", "db", "keys"]) {
      expect(out).toMatch(new RegExp(`^${service} +healthy`, "m"));
    }
    const asJson = await fleethold("status", "--json");
    expect(asJson.code).toBe(0);
    expect(JSON.parse(asJson.out)).toMatchObject({ running: true, well: true });
  });

  it("finds nothing that has to be mended on a host that runs it well", async () => {
    const { code, out } = await fleethold("doctor");
    // A warning is in order: the disk of a test machine is hardly encrypted.
    expect([0, 6]).toContain(code);
    expect(out).not.toMatch(/^FAIL/m);
    expect(out).toMatch(/^ok +services/m);
    expect(out).toMatch(/^ok +certificates +of db/m);
    const asJson = JSON.parse((await fleethold("doctor", "--json")).out);
    expect(JSON.stringify(asJson)).toContain("certificates");
  });

  it("does nothing that people would notice without a yes", async () => {
    expect(await fleethold("down")).toMatchObject({ code: 1 });
    expect(await fleethold("restart", "db")).toMatchObject({ code: 1 });
    expect((await appliance.fetch("/api/session", { headers: { cookie } })).status).toBe(200);
  });

  it("lets somebody in who lost their phone, and refuses who nobody knows", async () => {
    const { code, out } = await fleethold("new-link", "owner@kestrel.example", "--yes");
    expect(code).toBe(0);
    expect(out.trim()).toMatch(new RegExp(`^${appliance.url}/\\S+#\\S+$`));
    expect(await fleethold("new-link", "nobody@kestrel.example", "--yes")).toMatchObject({
      code: 1,
      out: "",
      err: expect.stringContaining("Nobody signs in with"),
    });
  });

  it("stands in the trail with what it did, later where the product was away", async () => {
    expect(await fleethold("logs", "worker")).toMatchObject({ code: 0 });
    expect((await commanded())[0]).toMatchObject({ command: "logs", services: ["worker"] });

    await appliance.compose("stop", "api-a", "api-b");
    expect(await fleethold("status")).toMatchObject({ code: 6 });
    const { code, err } = await fleethold("logs", "proxy");
    expect([code, err]).toEqual([0, expect.stringContaining("kept in .operator-journal")]);
    expect((await Deno.stat(journal)).mode! & 0o777).toBe(0o600);

    await appliance.compose("up", "--wait", "--no-deps", "api-a", "api-b");
    expect(await fleethold("logs", "db")).toMatchObject({ code: 0 });
    const [newest, before] = await commanded();
    const told = [newest, before].find((detail) => detail?.services?.includes("proxy"));
    expect(told).toMatchObject({ command: "logs", happenedAt: expect.stringMatching(/^20\d\d-.*Z$/) });
    await expect(Deno.stat(journal)).rejects.toThrow(Deno.errors.NotFound);
  });
});
