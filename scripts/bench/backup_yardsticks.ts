import { join } from "node:path";
import { numberOf, SEGMENT_BYTES } from "../../backup/log_segments.ts";
import { RestoredCopy } from "../../backup/restored_copy.ts";
import { ownedDirectory } from "../embedded/account.ts";
import { Cluster } from "../embedded/cluster.ts";
import { LogFile } from "../embedded/log_file.ts";
import { freePorts } from "../embedded/ports.ts";
import { applyRoles } from "../embedded/roles.ts";
import type { Endings } from "./backup_endings.ts";
import type { BackedUp } from "./backup_site.ts";

/** Whoever dumps takes compression that is quick: with the default the dump alone would take most of the measurement. */
const DUMP_LEVEL = 1;
const JOBS = 2;

/** Copies the data cluster with `pg_basebackup`, all log it needs included, to the same disk. @returns seconds */
export async function baseBackup(site: BackedUp, endings: Endings): Promise<number> {
  const folder = await endings.folder();
  const { seconds } = await endings.run(join(site.postgres.bin, "pg_basebackup"), [
    "--host=127.0.0.1",
    `--port=${site.dataPort}`,
    "--username=fleethold_receiver",
    `--pgdata=${join(folder.path, "copy")}`,
    "--wal-method=stream",
    "--checkpoint=fast",
  ], { env: { PGPASSWORD: await secretOf(site, "data_receiver_password") } });
  await folder.remove();
  return seconds;
}

/** Dumps the database and restores the dump into a fresh cluster with the same settings. @returns seconds of either */
export async function dumpAndRestore(
  site: BackedUp,
  endings: Endings,
): Promise<{ dump: number; restore: number; bytes: number }> {
  const folder = await endings.folder();
  const file = join(folder.path, "dump");
  const password = await secretOf(site, "data_superuser_password");
  const program = (name: string) => join(site.postgres.bin, name);
  const to = (port: number) => ["--host=127.0.0.1", `--port=${port}`, "--username=postgres"];
  const dump = await endings.run(program("pg_dump"), [
    ...to(site.dataPort),
    "--dbname=fleethold",
    "--format=custom",
    `--compress=${DUMP_LEVEL}`,
    // The blind index: no backup has it, it is made again.
    "--no-unlogged-table-data",
    `--file=${file}`,
  ], { env: { PGPASSWORD: password } });
  const cluster = await freshCluster(site, folder.path);
  const stop = endings.add(() => cluster.stop(0));
  const restore = await endings.run(program("pg_restore"), [
    ...to(cluster.options.port),
    "--dbname=fleethold",
    `--jobs=${JOBS}`,
    "--exit-on-error",
    file,
  ], { env: { PGPASSWORD: cluster.options.superuserPassword } });
  const { size: bytes } = await Deno.stat(file);
  await refuseIfOther(site, await cluster.connect("fleethold"));
  await stop();
  await folder.remove();
  return { dump: dump.seconds, restore: restore.seconds, bytes };
}

async function freshCluster(site: BackedUp, folder: string): Promise<Cluster> {
  const live = await site.connect();
  const { rows: [buffers] } = await live.query<{ mb: number }>(
    "select setting::int / 128 as mb from pg_settings where name = 'shared_buffers'",
  );
  await live.end();
  const cluster = new Cluster({
    name: "data",
    directory: join(folder, "fresh"),
    port: freePorts(1)[0]!,
    postgres: site.postgres,
    account: site.account,
    superuserPassword: crypto.randomUUID(),
    log: new LogFile(join(folder, "fresh.log")),
    sharedBuffersMb: buffers!.mb,
    durable: true,
  });
  await ownedDirectory(cluster.options.directory, site.account);
  await cluster.create();
  await cluster.start();
  const password = crypto.randomUUID();
  await applyRoles(cluster, { app: password, migrator: password, backup: password, receiver: password });
  return cluster;
}

/** Restores the newest backup and replays the log up to now, as the operator's command does. @returns seconds of either */
export async function restoreCopy(
  site: BackedUp,
  endings: Endings,
): Promise<{ copy: number; replay: number; logBytes: number }> {
  const { places, pgBackRest, data } = site.parts;
  const { backup } = await pgBackRest.info(pgBackRest.live("data"));
  const logBytes = (await data.position()).written -
    numberOf(backup.at(-1)!.archive.stop) * SEGMENT_BYTES;
  const folder = join(places.scratch, "bench");
  const began = performance.now();
  const copy = await RestoredCopy.restore({
    use: "restore",
    cluster: "data",
    repository: places.repository("data"),
    streamed: places.streamed("data"),
    into: folder,
    until: { type: "latest" },
  }, site.parts);
  const discard = endings.add(() => copy.discard());
  const copied = performance.now();
  await copy.start({ durable: true, settings: { archive_mode: "on", archive_command: "/bin/false" } });
  const replayed = performance.now();
  await refuseIfOther(site, await copy.connect());
  await discard();
  return { copy: (copied - began) / 1000, replay: (replayed - copied) / 1000, logBytes };
}

/** A yardstick that lost something measures nothing. Ends the connection. */
async function refuseIfOther(
  site: BackedUp,
  restored: Awaited<ReturnType<Cluster["connect"]>>,
): Promise<void> {
  const live = await site.connect();
  try {
    for (const table of ["deliveries", "delivery_steps", "proofs"]) {
      const counted = await Promise.all(
        [live, restored].map(async (client) =>
          (await client.query(`select count(*)::int as rows from ${table}`)).rows[0].rows as number
        ),
      );
      if (counted[0] !== counted[1]) {
        throw new Error(`${table}: ${counted[1]} of ${counted[0]} rows came back`);
      }
    }
  } finally {
    await Promise.all([live.end(), restored.end()]);
  }
}

const secretOf = (site: BackedUp, name: string) => Deno.readTextFile(join(site.directory, "secrets", name));
