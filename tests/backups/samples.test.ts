import { sql } from "kysely";
import { beforeEach, describe, expect, it } from "vitest";
import { openSamples } from "../../server/backups/samples.ts";
import { newId } from "../../server/platform/id.ts";
import { useCompany } from "../harness/app.ts";
import { BackupService } from "./service.ts";

const company = useCompany();
beforeEach(() => new BackupService(company).isGone());

/** A driver's sealed row, as the service finds it in a restored copy. */
async function sampleOf(over: (sealed: Uint8Array) => Uint8Array = (sealed) => sealed) {
  const { driverId } = await company.as("driver");
  const { personId, sealed } = await company.services.db.selectFrom("drivers").select(["personId", "sealed"])
    .where("id", "=", driverId!).executeTakeFirstOrThrow();
  const id = newId();
  await sql`insert into backup_samples (id, place, subject, sealed)
    values (${id}, ${`drivers/${driverId}`}, ${personId}, ${over(sealed)})`.execute(company.superDb);
  return { id, personId };
}
const answerTo = async (id: string) =>
  await company.services.db.selectFrom("backupSamples").select(["opened", "reason"]).where("id", "=", id)
    .executeTakeFirst();

describe("a sealed value out of a restored copy", () => {
  it("opens with the present keys, and what it holds is kept nowhere", async () => {
    const { id } = await sampleOf();
    await openSamples(company.services);
    expect(await answerTo(id)).toEqual({ opened: true, reason: null });
    const { rows } = await sql<{ text: string }>`
      select string_agg(t::text, ' ') as text from backup_samples t`.execute(company.superDb);
    expect(rows[0]!.text + company.logged.join("")).not.toContain("Test driver");
    const { body } = await (await company.as("owner")).get("/api/audit?act=backup.sample-tried");
    expect(body.items[0].detail).toMatchObject({ sample: id, opened: true });
  });

  it("wakes the worker, though the backup service itself may queue nothing", async () => {
    const { id } = await sampleOf();
    const service = await company.superuser("data");
    await service.query("begin; set local role fleethold_backup");
    await service.query(
      "insert into backup_samples (id, place, subject, sealed) select $1, place, subject, sealed from backup_samples where id = $2",
      [newId(), id],
    );
    await service.query("commit");
    const { rows } = await service.query(
      "select from graphile_worker.jobs where task_identifier = 'backups.open-samples' and run_at <= now()",
    );
    expect(rows).toHaveLength(1);
    await service.query("set role fleethold_backup");
    await expect(service.query("select graphile_worker.add_job('backups.open-samples')")).rejects.toThrow(
      /permission denied/,
    );
  });

  it("does not open where a byte of it was damaged", async () => {
    const { id } = await sampleOf((sealed) => sealed.map((byte, at) => at === 20 ? byte ^ 1 : byte));
    await openSamples(company.services);
    expect(await answerTo(id)).toEqual({ opened: false, reason: "damaged" });
  });

  it("does not open in another place than its own", async () => {
    const { id } = await sampleOf();
    await sql`update backup_samples set place = ${`drivers/${newId()}`} where id = ${id}`.execute(
      company.superDb,
    );
    await openSamples(company.services);
    expect(await answerTo(id)).toEqual({ opened: false, reason: "damaged" });
  });

  it("says nothing where the person was erased meanwhile, and is not tried again", async () => {
    const { id, personId } = await sampleOf();
    const keys = await company.superuser("keys");
    await keys.query("delete from subject_keys where subject = $1", [personId]);
    company.forgetKeys();
    await openSamples(company.services);
    await openSamples(company.services);
    expect(await answerTo(id)).toEqual({ opened: null, reason: "key-gone" });
  });

  it("is answered once the keys can be reached again", async () => {
    const { id } = await sampleOf();
    const { keys } = company.services;
    company.services.keys = { load: () => Promise.reject(new Error("away")) } as unknown as typeof keys;
    await expect(openSamples(company.services)).rejects.toThrow("away");
    expect(await answerTo(id)).toEqual({ opened: null, reason: null });
    company.services.keys = keys;
    await openSamples(company.services);
    expect(await answerTo(id)).toMatchObject({ opened: true });
  });

  it("is cleared away after a day", async () => {
    const { id } = await sampleOf();
    await sql`update backup_samples set at = now() - interval '25 hours' where id = ${id}`.execute(
      company.superDb,
    );
    await openSamples(company.services);
    expect(await answerTo(id)).toBeUndefined();
  });
});
