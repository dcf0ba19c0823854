import { join } from "node:path";
// @ts-types="@types/pg"
import pg from "pg";
import { planRestore, restore } from "../../backup/restore.ts";
import { runningInstallation } from "../embedded/lock.ts";
import { isAlive } from "../embedded/processes.ts";
import { say } from "../installation/terminal.ts";
import type { Endings } from "./backup_endings.ts";
import { partsOf, pause } from "./backup_site.ts";
import { launch, type Launched } from "./installation.ts";

const WRITERS = 8;
/** How long is written before the installation dies; drawn between the two, in milliseconds. */
const LIFE = [2_000, 5_000] as const;

export interface Losses {
  /** Acknowledged writes that a restore did not bring back, in the worst trial. */
  most: number;
  acknowledged: number;
  perSecond: number;
  /** From the beginning of the restore until the installation answers again, on average. */
  secondsBack: number;
}

/**
 * Lets an installation die as hosts do, so many times: amid writes everything is killed by signal 9 at once, and the
 * files of the data cluster are removed. The engine brings them back from the repository and the streamed log, the
 * installation starts again, and every write that was ever acknowledged is looked for.
 */
export async function loseInstallations(trials: number, endings: Endings): Promise<Losses> {
  const folder = await endings.folder();
  const directory = join(folder.path, "installation");
  let launched = await started(directory, endings);
  await asked(
    directory,
    "create table bench_writes (n bigint primary key, words text not null default repeat('x', 200))",
  );
  await holds(directory, hasBackup);
  const acknowledged = new Set<number>();
  let most = 0, written = 0, seconds = 0, secondsBack = 0;
  for (let trial = 1; trial <= trials; trial++) {
    await holds(directory, isReceived);
    const life = (LIFE[0] + Math.random() * (LIFE[1] - LIFE[0])) / 1000;
    const before = acknowledged.size;
    const writing = write(directory, acknowledged);
    await pause(life * 1000);
    await killTree(launched.pid);
    await writing;
    await launched.end();
    await Deno.remove(join(directory, "data"), { recursive: true });

    const began = performance.now();
    await restoreData(directory);
    launched = await started(directory, endings);
    secondsBack += (performance.now() - began) / 1000;
    const rows = await asked<{ n: string }>(directory, "select n from bench_writes");
    const lost = acknowledged.difference(new Set(rows.map(({ n }) => Number(n))));
    const made = acknowledged.size - before;
    say(`trial ${trial}: ${made} writes acknowledged in ${life.toFixed(1)} s, ${lost.size} lost`);
    most = Math.max(most, lost.size);
    written += made;
    seconds += life;
    // Lost once is lost: the next trial counts its own.
    for (const n of lost) acknowledged.delete(n);
  }
  await launched.end();
  await folder.remove();
  return {
    most,
    acknowledged: written,
    perSecond: Math.round(written / seconds),
    secondsBack: secondsBack / trials,
  };
}

/** There is something to begin with. */
const hasBackup = "select from backup_runs where kind = 'full' and cluster = 'data' and outcome = 'done'";
/** Before that, nothing that was acknowledged is promised to survive the disk. */
const isReceived =
  "select from pg_stat_replication where application_name = 'fleethold_receiver' and state = 'streaming'";

/** What the operator's command does with the data cluster. */
async function restoreData(directory: string): Promise<void> {
  // Neither cluster runs, and neither is asked.
  const { parts } = await partsOf(directory, { data: 1, keys: 1 });
  await restore(parts, await planRestore(parts, "data", "latest"), () => {});
  await Promise.all([parts.data.close(), parts.keys.close()]);
}

async function started(directory: string, endings: Endings): Promise<Launched> {
  const launched = await launch({ data: directory });
  const end = endings.add(() => launched.end());
  return { ...launched, end };
}

async function superuser(directory: string): Promise<pg.Client> {
  const client = new pg.Client({
    host: "127.0.0.1",
    port: (await runningInstallation(directory))!.dataPort,
    user: "postgres",
    password: await Deno.readTextFile(join(directory, "secrets/data_superuser_password")),
    database: "fleethold",
  });
  // It will be cut off; queries under way reject by themselves.
  client.on("error", () => {});
  await client.connect();
  return client;
}

/** Writes one row a transaction over several connections, and notes each that was acknowledged, until all are cut off. */
async function write(directory: string, acknowledged: Set<number>): Promise<void> {
  let next = Date.now() * 1000;
  const clients = await Promise.all(Array.from({ length: WRITERS }, () => superuser(directory)));
  await Promise.all(clients.map(async (client) => {
    try {
      for (;;) {
        const n = next++;
        await client.query("insert into bench_writes (n) values ($1)", [n]);
        acknowledged.add(n);
      }
    } catch {
      // Cut off: that write was not acknowledged.
      await client.end().catch(() => {});
    }
  }));
}

async function holds(directory: string, query: string): Promise<void> {
  while ((await asked(directory, query)).length === 0) await pause(200);
}

async function asked<Row extends pg.QueryResultRow>(directory: string, query: string): Promise<Row[]> {
  const client = await superuser(directory);
  try {
    return (await client.query<Row>(query)).rows;
  } finally {
    await client.end();
  }
}

/** Kills a process and all that descend from it, by signal 9 and within a millisecond. */
async function killTree(root: number): Promise<void> {
  const { stdout } = await new Deno.Command("ps", { args: ["-e", "-o", "pid=,ppid="] }).output();
  const all = new TextDecoder().decode(stdout).trim().split("\n").map((line) =>
    line.trim().split(/\s+/).map(Number)
  );
  const tree = [root];
  // Grows while it is walked.
  for (const parent of tree) {
    tree.push(...all.filter(([, ppid]) => ppid === parent).map(([pid]) => pid!));
  }
  for (const pid of tree) {
    try {
      Deno.kill(pid, "SIGKILL");
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  while (tree.some(isAlive)) await pause(20);
}
