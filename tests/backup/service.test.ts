import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { BackupRun, BackupState } from "../../server/backups/schema.ts";
import { newId } from "../../server/platform/id.ts";
import { pause, Site, until } from "./site.ts";

let site: Site;
beforeAll(async () => {
  site = await Site.start();
});
afterAll(() => site?.end());

const LONG = 200_000;

it("a first start makes a full backup of data and of keys, then proves them by a drill and a verification", async () => {
  const service = await site.serve();
  await until("everything is done", async () => (await runs()).filter(isOver).length === 4, LONG);
  expect(
    (await runs()).map(({ kind, cluster, outcome, requestedBy }) => [kind, cluster, outcome, requestedBy]),
  )
    .toEqual([
      ["full", "data", "done", null],
      ["full", "keys", "done", null],
      ["drill", "data", "done", null],
      ["verification", null, "done", null],
    ]);
  for (const run of await runs()) BackupRun.parse(run);
  const drill = (await runs())[2]!.figures.drill!;
  expect(drill).toMatchObject({ differing: [], trailSame: true, sealedOpened: null });
  expect(drill.tables).toBeGreaterThan(20);
  expect(service.isWell).toBe(true);
});

it("the state that is published says how everything stands, each field as the product reads it", async () => {
  const state = await until("all is at rest", async () => {
    const state = BackupState.parse(await site.state());
    return state.running === null && state.lastVerificationAt && state.clusters.data.stream.connected &&
      state;
  });
  for (const { backups, recoverable, log, stream } of Object.values(state.clusters)) {
    expect(backups.map(({ kind, sound }) => [kind, sound])).toEqual([["full", true]]);
    expect(Date.parse(recoverable!.to)).toBeGreaterThanOrEqual(Date.parse(recoverable!.from));
    expect([log.gap, log.failure, stream.connected]).toEqual([null, null, true]);
  }
  expect(state.lastDrillAt).not.toBeNull();
  expect(state.repository.usedBytes).toBeGreaterThan(1_000_000);
  expect(state.repository.freeBytes).toBeGreaterThan(1_000_000);
  expect(state.next.map(({ kind, cluster }) => `${kind} ${cluster}`).sort()).toEqual([
    "diff data",
    "drill data",
    "full data",
    "full keys",
    "verification null",
  ]);
  for (const { at } of state.next) expect(Date.parse(at)).toBeGreaterThan(Date.now() - 60_000);
});

it("what somebody asks for is done next, and the trail says what was done and who asked", async () => {
  const account = newId();
  await ask("diff", account);
  const run = await until(
    "it is done",
    async () => (await runs()).find(({ requestedBy, endedAt }) => requestedBy === account && endedAt),
    LONG,
  );
  expect(run).toMatchObject({ kind: "diff", cluster: "data", outcome: "done", failure: null });
  const entry = await until(
    "the trail says so",
    async () =>
      (await site.sql<{ detail: Record<string, unknown>; actor: unknown }>(
        "select detail, actor from audit_entries where act = 'backup.diff-done'",
      ))[0],
  );
  expect(entry).toEqual({
    actor: null,
    detail: { run: run.id, cluster: "data", requestedBy: account, label: run.figures.label, via: "backup" },
  });
  await until(
    "nothing waits any more",
    async () => (await site.sql("select from backup_requests where taken_at is null")).length === 0,
  );
});

it("a service that starts again does nothing twice, and a second one beside it does nothing at all", async () => {
  const { length } = await runs();
  const parts = site.assemble();
  const second = site.serve(parts);
  await expect(second).rejects.toThrow(`Another backup service works in ${site.backups}; stop it first`);
  await Promise.all([parts.data.close(), parts.keys.close()]);
  await site.stopServices();
  await site.serve();
  const { at } = (await site.state())!;
  await until(
    "it told twice how things stand",
    async () => Date.parse((await site.state())!.at) > Date.parse(at) + 8_000,
  );
  expect(await runs()).toHaveLength(length);
});

it("a piece of the log that is missing is told at once, and a new backup begins after it", async () => {
  const [gap, later] = [await site.write(10), await site.write(10)];
  await site.archived(later);
  const before = (await site.state())!.clusters.data.backups.length;
  await Deno.remove(await site.fileOf(gap));
  const run = await until(
    "a backup is made",
    async () => (await runs()).slice(5).find(({ kind, endedAt }) => kind === "diff" && endedAt),
    LONG,
  );
  expect(run).toMatchObject({ cluster: "data", outcome: "done", requestedBy: null });
  const { log, backups, recoverable } = (await until("the state has it", async () => {
    const state = await site.state();
    return state!.clusters.data.backups.length > before && state;
  })).clusters.data;
  expect(log.gap).toBe(gap);
  expect(Date.parse(recoverable!.to)).toBeGreaterThanOrEqual(Date.parse(backups.at(-1)!.endedAt));
  // From the new backup on everything comes back.
  const last = await site.write(10);
  await site.archived(last);
  expect((await site.restored()).size).toBe(30);
  await pause(6_000);
  expect((await runs()).filter(({ kind }) => kind === "diff")).toHaveLength(2);
});

it("a drill with what came back from offsite is begun again where the service's end interrupted it", async () => {
  await site.stopServices();
  const returned = join(site.folder, "returned");
  const parts = () => {
    const made = site.assemble();
    made.settings.FLEETHOLD_OFFSITE_RETURNED = returned;
    return made;
  };
  await new Deno.Command("cp", { args: ["-a", join(site.backups, "repository"), returned] }).output();
  await Deno.writeTextFile(join(returned, "returned.json"), JSON.stringify({ at: new Date().toISOString() }));
  const drills = async () => (await runs()).filter(({ kind }) => kind === "offsite-drill");
  await site.serve(parts());
  await until("it is drilled", async () => (await drills()).length === 1, LONG);
  await site.stopServices();
  const done = join(site.backups, "repository/returned.done");
  await expect(Deno.stat(done)).rejects.toThrow(Deno.errors.NotFound);
  await site.serve(parts());
  await until("it is drilled again", async () => (await drills())[1]?.endedAt, LONG);
  expect((await drills()).map(({ outcome, failure }) => [outcome, failure])).toEqual([
    ["failed", expect.stringContaining("ended in the middle of it")],
    ["done", null],
  ]);
  await until("the copy may go", () => Deno.stat(done).then(() => true, () => false));
});

async function ask(kind: string, account: string): Promise<void> {
  await site.sql("insert into backup_requests (id, kind, account_id) values ($1, $2, $3)", [
    newId(),
    kind,
    account,
  ]);
}

/** What the product was told of runs, in the order in which they began. */
async function runs(): Promise<BackupRun[]> {
  return (await site.sql<{ run: BackupRun }>(`
    select json_build_object('id', id, 'kind', kind, 'cluster', cluster, 'requestedBy', requested_by,
      'startedAt', to_char(started_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
      'endedAt', to_char(ended_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
      'outcome', outcome, 'failure', failure, 'figures', figures) as run
    from backup_runs order by started_at`)).map(({ run }) => run);
}

const isOver = ({ endedAt }: BackupRun) => endedAt !== null;
