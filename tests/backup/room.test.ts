import { join } from "node:path";
import { afterAll, beforeAll, expect, it, type TestContext } from "vitest";
import { createLog } from "../../server/platform/log.ts";
import type { BackupRun } from "../../server/backups/schema.ts";
import { newId } from "../../server/platform/id.ts";
import { mountSmall, Site, until } from "./site.ts";

/** Room for backups is 340 MB; the next one wants 270 MB free and one and a fifth of itself. */
const MEGABYTES = 340;
const LONG = 200_000;
let site: Site;
let whyNot: string | undefined;
const said: string[] = [];

beforeAll(async () => {
  site = await Site.start({
    before: async (site) => {
      whyNot = await mountSmall(site, site.backups, MEGABYTES);
    },
  });
});
afterAll(() => site?.end());
const needsMount = (context: TestContext) => context.skip(whyNot !== undefined, whyNot);

it("where the next backup would not fit, the oldest goes before its time", async (context) => {
  needsMount(context);
  const parts = site.assemble(createLog("warn", "test", { write: (line: string) => void said.push(line) }));
  site.ending(() => Promise.all([parts.data.close(), parts.keys.close()]));
  const workshop = site.workshop({ parts });
  const [first, second] = [(await workshop.do("full")).label!, (await workshop.do("full")).label!];
  await site.archived(await site.write(10));
  expect(await workshop.labels()).toEqual([first, second]);
  await fill(230);
  const third = (await workshop.do("full")).label!;
  expect(await workshop.labels()).toEqual([second, third]);
  expect(said.join("")).toContain("the repository is nearly full; its oldest backup went early");
  expect((await site.restored()).size).toBe(10);
  await free();
});

it("a full repository makes the log wait and is told, keeps the service alive, and loses nothing", async (context) => {
  needsMount(context);
  await site.serve();
  await until("the log is received", async () => (await site.state())?.clusters.data.stream.connected, LONG);
  await until(
    "nothing runs",
    async () => (await runs()).length >= 2 && (await site.state())?.running === null,
    LONG,
  );
  await fill(0);
  // As many changes as make several pieces of log that cannot be pressed together.
  const rows = 1_500;
  const segments = [];
  for (let count = 1; count <= 3; count++) {
    await site.sql(
      `insert into journal select $1::int + n, encode(sha512(random()::text::bytea), 'hex') || repeat(' ', 3000)
       from generate_series(1, $2::int) n`,
      [count * 10_000, rows],
    );
    segments.push((await site.parts.data.position()).segment);
    await site.sql("select pg_switch_wal()");
  }
  const state = await until("the state tells it", async () => {
    const state = await site.state();
    const { log } = state!.clusters.data;
    return log.waitingSeconds > 5 && log.waitingBytes > 0 && state!.repository.freeBytes < 2_000_000 && state;
  }, LONG);
  expect(state.repository.usedBytes).toBeGreaterThan(10_000_000);

  const account = newId();
  await site.sql("insert into backup_requests (id, kind, account_id) values ($1, 'full', $2)", [
    newId(),
    account,
  ]);
  const failed = await until(
    "the backup that was asked for ends",
    async () => (await runs()).find(({ requestedBy, endedAt }) => requestedBy === account && endedAt),
    LONG,
  );
  expect(failed).toMatchObject({ outcome: "failed" });
  expect(failed.failure).toMatch(/^pgBackRest \w+: .*No space left on device/);

  await free();
  for (const segment of segments) await site.archived(segment);
  await until("nothing waits any more", async () => {
    const { log } = (await site.state())!.clusters.data;
    return log.waitingBytes === 0 && log.gap === null && (await site.state())!.running === null;
  }, LONG);
  const last = await site.write(1, 90_000);
  await site.archived(last);
  expect((await site.restored()).size).toBe(10 + 3 * rows + 1);
});

/** Takes room away until so many megabytes are free. */
async function fill(megabytes: number): Promise<void> {
  const { stdout } = await new Deno.Command("df", {
    args: ["--block-size=1", "--output=avail", site.backups],
  }).output();
  const available = Number(new TextDecoder().decode(stdout).trim().split("\n").at(-1));
  const wanted = available - megabytes * 1024 ** 2;
  using file = await Deno.open(join(site.backups, `filler-${crypto.randomUUID()}`), {
    write: true,
    create: true,
  });
  const block = new Uint8Array(1024 ** 2);
  try {
    for (let done = 0; done < wanted;) {
      done += await file.write(block.subarray(0, Math.min(block.length, wanted - done)));
    }
  } catch (error) {
    if ((error as { code?: string }).code !== "ENOSPC") throw error;
  }
}

async function free(): Promise<void> {
  for await (const { name } of Deno.readDir(site.backups)) {
    if (name.startsWith("filler-")) await Deno.remove(join(site.backups, name));
  }
}

async function runs(): Promise<
  Pick<BackupRun, "kind" | "requestedBy" | "endedAt" | "outcome" | "failure">[]
> {
  return await site.sql(`
    select kind, requested_by as "requestedBy", ended_at::text as "endedAt", outcome, failure
    from backup_runs order by started_at`);
}
