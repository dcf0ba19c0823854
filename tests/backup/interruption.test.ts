import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { newId } from "../../server/platform/id.ts";
import { passedOn } from "../../scripts/embedded/program.ts";
import type { BackupRun, RunKind } from "../../server/backups/schema.ts";
import { pause, Site, until, type Workshop } from "./site.ts";

const LONG = 200_000;
let site: Site, workshop: Workshop;
/** Programs that stop where a test wants them to. */
let bin: string;
const services: Deno.ChildProcess[] = [];

beforeAll(async () => {
  site = await Site.start();
  bin = join(site.folder, "bin");
  await prepareBin();
  workshop = site.workshop();
  // As if everything had been done: the service does what the tests ask for and nothing else.
  await workshop.do("full");
  await workshop.do("full", "keys");
  for (const kind of ["drill", "verification"] as const) {
    const at = new Date().toISOString();
    await workshop.history.put({
      id: newId(),
      kind,
      cluster: kind === "drill" ? "data" : null,
      requestedBy: null,
      startedAt: at,
      endedAt: at,
      outcome: "done",
      failure: null,
      figures: {},
    });
  }
});
afterAll(async () => {
  for (const service of services) await kill(service);
  await site?.end();
});

describe("a backup service that is killed", () => {
  const stages: [during: string, kind: RunKind, program: string][] = [
    ["while a backup is copied", "diff", "pgbackrest-backup"],
    ["while a backup is verified", "diff", "pgbackrest-verify"],
    ["while old backups are expired", "diff", "pgbackrest-expire"],
    ["while a drill restores", "drill", "pgbackrest-restore"],
    ["while a drill replays the log", "drill", "postgres"],
    ["while a drill checks what it restored", "drill", "pg_amcheck"],
  ];
  for (const [during, kind, program] of stages) {
    it(`${during} says so at its next start and does the same again`, async () => {
      const service = await serve();
      const account = newId();
      await hold(program);
      await site.sql("insert into backup_requests (id, kind, account_id) values ($1, $2, $3)", [
        newId(),
        kind,
        account,
      ]);
      await until(`${program} is reached`, () => isThere(join(bin, `${program}.reached`)), LONG);
      await kill(service);
      await release(program);
      const again = await serve();
      const [killed, done] = await until(
        "it is done again",
        async () => {
          const asked = (await runs()).filter(({ requestedBy }) => requestedBy === account);
          return asked.length === 2 && asked[1]!.endedAt && asked;
        },
        LONG,
      );
      expect(killed).toMatchObject({
        kind,
        outcome: "failed",
        failure: "The backup service was ended in the middle of it; it is done again at once.",
      });
      expect(done).toMatchObject({ kind, cluster: "data", outcome: "done", failure: null });
      expect(await leftovers()).toEqual([]);
      again.kill("SIGTERM");
      expect(await again.status).toMatchObject({ code: 0 });
    });
  }

  it("leaves a repository that is sound, and a stream that the next one goes on with", async () => {
    await serve();
    await until(
      "the log is received",
      async () => (await site.state())?.clusters.data.stream.connected,
      LONG,
    );
    expect((await workshop.do("verification", null)).findings).toEqual([]);
    const [unfinished] = await site.repositoryFiles(/\.tmp$/);
    expect(unfinished).toBeUndefined();
  });
});

describe("two backups at once", () => {
  it("are one: the second is refused by a sentence, and harms nothing", async () => {
    const { pgBackRest } = site.parts;
    const before = (await workshop.labels()).length;
    const outcomes = await Promise.allSettled([
      pgBackRest.run(pgBackRest.live("data"), "backup", ["--type=full"]),
      pause(300).then(() => workshop.do("diff")),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
    expect((outcomes[1] as PromiseRejectedResult).reason.message).toMatch(
      /^pgBackRest \w+: unable to acquire lock on file .*is another pgBackRest process running\?/,
    );
    expect(await workshop.labels()).toHaveLength(before + 1);
    expect((await workshop.do("verification", null)).findings).toEqual([]);
  });
});

describe("a backup that was made and is not sound", () => {
  it("is made again at once, and counts as none", async () => {
    // What a disk does that loses what was just written to it.
    await Deno.writeTextFile(join(bin, "spoil"), "");
    const account = newId();
    await site.sql("insert into backup_requests (id, kind, account_id) values ($1, 'full', $2)", [
      newId(),
      account,
    ]);
    const spoiled = await until(
      "the spoiled backup is noticed",
      async () => (await runs()).find(({ requestedBy, endedAt }) => requestedBy === account && endedAt),
      LONG,
    );
    expect(spoiled).toMatchObject({ outcome: "failed" });
    expect(spoiled.failure).toContain(`The backup ${spoiled.figures.label} was made and is not sound`);
    expect(
      (await site.state())!.clusters.data.backups.find(({ label }) => label === spoiled.figures.label)?.sound,
    )
      .toBe(false);
    const next = await until(
      "another one is made",
      async () =>
        // The keys, which were asked for along with it, come in between.
        (await runs()).find(({ kind, cluster, startedAt, endedAt }) =>
          kind === "full" && cluster === "data" && startedAt > spoiled.endedAt! && endedAt
        ),
      LONG,
    );
    expect(next.requestedBy).toBeNull();
  });
});

async function kill(service: Deno.ChildProcess): Promise<void> {
  try {
    service.kill("SIGKILL");
  } catch (error) {
    if (!(error instanceof TypeError)) throw error; // It has ended by itself.
  }
  await service.status;
}

/** The backup service as a process of its own. */
async function serve(): Promise<Deno.ChildProcess> {
  const began = Date.now();
  const service = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", new URL("../../backup/main.ts", import.meta.url).pathname, "run"],
    cwd: new URL("../..", import.meta.url).pathname,
    clearEnv: true,
    env: { ...passedOn(), ...site.environment, FLEETHOLD_POSTGRES_BIN: bin },
    stdin: "null",
    stdout: Deno.env.get("FLEETHOLD_TEST_LOG") ? "inherit" : "null",
    stderr: "null",
  }).spawn();
  services.splice(0, services.length, service);
  await until("the service reports", async () => Date.parse((await site.state())?.at ?? "") > began, LONG);
  return service;
}

/**
 * PostgreSQL's programs and pgBackRest, each with a step before it: one that is held is begun, pgBackRest even killed in
 * the middle, and says that it was reached.
 */
async function prepareBin(): Promise<void> {
  await Deno.mkdir(bin, { mode: 0o777 });
  await Deno.chmod(bin, 0o777);
  for await (const { name } of Deno.readDir(site.postgres.bin)) {
    await Deno.symlink(join(site.postgres.bin, name), join(bin, name));
  }
  const step = (name: string, real: string) =>
    `#!/bin/sh
name=${name}
[ "$name" != pgbackrest ] || for word; do
  case $word in backup | verify | expire | restore) name=pgbackrest-$word ;; esac
done
if [ -e "${bin}/$name.hold" ]; then
  case $name in
    pgbackrest-*)
      "${real}" "$@" &
      sleep 0.4
      kill -9 $!
      ;;
    *)
      : > "${bin}/$name.reached"
      exec "${real}" "$@"
      ;;
  esac
  : > "${bin}/$name.reached"
  while [ -e "${bin}/$name.hold" ]; do sleep 0.1; done
  exit 137
fi
if [ "$name" = pgbackrest-backup ] && [ -e "${bin}/spoil" ]; then
  "${real}" "$@" || exit
  rm "${bin}/spoil"
  file=$(ls -t "${site.parts.places.repository("data")}"/backup/data/*F/bundle/1 | head -n 1)
  printf spoiled | dd of="$file" conv=notrunc bs=1 seek=5000 2> /dev/null
  exit 0
fi
exec "${real}" "$@"
`;
  for (const name of ["postgres", "pg_amcheck"]) {
    await Deno.remove(join(bin, name));
    await Deno.writeTextFile(join(bin, name), step(name, join(site.postgres.bin, name)), { mode: 0o755 });
  }
  const { stdout } = await new Deno.Command("sh", { args: ["-c", "command -v pgbackrest"] }).output();
  const real = new TextDecoder().decode(stdout).trim();
  await Deno.writeTextFile(join(bin, "pgbackrest"), step("pgbackrest", real), { mode: 0o755 });
}

const hold = (program: string) => Deno.writeTextFile(join(bin, `${program}.hold`), "");
async function release(program: string): Promise<void> {
  await Deno.remove(join(bin, `${program}.hold`));
  await Deno.remove(join(bin, `${program}.reached`));
}

const isThere = async (path: string) => await Deno.stat(path).then(() => true, () => false);

/** What a run must not leave: throw-away clusters, and configurations with a passphrase in them. */
async function leftovers(): Promise<string[]> {
  const { scratch, run } = site.parts.places;
  const names = async (folder: string) =>
    await Array.fromAsync(Deno.readDir(folder), ({ name }) => name).catch(() => []);
  return [...await names(scratch), ...(await names(run)).filter((name) => /^drill_/.test(name))];
}

async function runs(): Promise<
  Pick<
    BackupRun,
    "kind" | "cluster" | "requestedBy" | "startedAt" | "endedAt" | "outcome" | "failure" | "figures"
  >[]
> {
  return await site.sql(`
    select kind, cluster, requested_by as "requestedBy", started_at::text as "startedAt", ended_at::text as "endedAt",
      outcome, failure, figures
    from backup_runs order by started_at`);
}
