/**
 * Runs the whole product on this machine without Docker: two PostgreSQL clusters, the API, the worker and what
 * asks outside for the API, as children of this process. See `--help` and docs/decisions/0003-embedded-postgres.md.
 */

import { join } from "node:path";
import { type Cluster, majorOf } from "./embedded/cluster.ts";
import { arrange, logOf, prepareClusters } from "./embedded/clusters.ts";
import { installationDirectory } from "./embedded/location.ts";
import { takeLock } from "./embedded/lock.ts";
import { help, type Options, parseOptions } from "./embedded/options.ts";
import { choosePort, freePorts, untilFree } from "./embedded/ports.ts";
import type { Program } from "./installation/permissions.ts";
import { BackupProgram } from "./embedded/backup_program.ts";
import { publicUrl, ServerProgram } from "./embedded/program.ts";
import { readIfExists } from "./installation/files.ts";
import { exitCodes, Refusal } from "./installation/refusal.ts";
import { keepRunning, type Part } from "./embedded/supervision.ts";
import { during, explain, print, say } from "./installation/terminal.ts";
import { ensureWebUi, webDirectory } from "./embedded/web_ui.ts";

/** Everything that runs, to be stopped in this order: the programs first, then the clusters they use. */
const running: { programs: Part[]; clusters: Part[] } = { programs: [], clusters: [] };
let isStopping = false;
let stoppingSince = 0;

if (import.meta.main) await main();

async function main(): Promise<void> {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) Deno.addSignalListener(signal, stopAsAsked);
  try {
    const options = parseOptions(Deno.args);
    if (!options.help) return await start(options);
    print(help.trimEnd());
    Deno.exit(exitCodes.stopped);
  } catch (error) {
    if (isStopping) return;
    isStopping = true;
    const exitCode = explain(error);
    await stopAll();
    Deno.exit(exitCode);
  }
}

async function start({ port, data: given, demo }: Options): Promise<void> {
  const directory = await installationDirectory(given);
  const lock = await takeLock(directory);
  // After a launcher was killed, its API still finishes the requests it had.
  if (lock.former) await untilFree(Number(new URL(lock.former.url).port), 10_000);
  const [work, outbound, dataPort, keysPort, backup] = freePorts(5) as [
    number,
    number,
    number,
    number,
    number,
  ];
  const ports = { api: choosePort(port), work, outbound, data: dataPort, keys: keysPort, backup };
  const installation = { directory, web: webDirectory(), ports };
  const url = publicUrl(installation);
  await lock.publish({ pid: Deno.pid, url, dataPort, keysPort });

  const { data, keys, secrets, exist, noBackups, postgres, account } = await prepareClusters(installation);
  if (noBackups) say(`backups are off: ${noBackups}`);
  const startCluster = async (cluster: Cluster) => {
    running.clusters.push(cluster);
    await refuseIfLost(directory, cluster.name);
    await cluster.create();
    await keepRunning(cluster, () => isStopping);
    await arrange(cluster, secrets);
  };
  await Promise.all([
    ensureWebUi(),
    ...[data, keys].map((cluster) =>
      during(`${exist ? "starting" : "creating"} the ${cluster.name} cluster`, startCluster(cluster))
    ),
  ]);

  const program = (name: Program) => new ServerProgram(name, installation, logOf(directory, name));
  await during("bringing the databases to this release", program("migrate").runOnce());
  running.programs = [
    program("serve"),
    program("work"),
    program("outbound"),
    ...(noBackups ? [] : [new BackupProgram(installation, postgres, account, logOf(directory, "backup"))]),
  ];
  await during(
    "starting the API, the worker and the backups",
    Promise.all(running.programs.map((part) => keepRunning(part, () => isStopping))),
  );

  const isNew = await needsSetUp(url);
  if (demo && isNew) print((await during("inventing a company", program("demo").runOnce())).trimEnd());
  if (demo && !isNew) {
    say("--demo needs an empty data directory; this one is set up already and stays as it is");
  }
  print(`ready ${url}`);
  if (await needsSetUp(url)) print(`set-up: ${url}/setup#${secrets.setup_token} (works once)`);
}

/** An empty cluster in the place of one that was lost would look like a first start. */
async function refuseIfLost(directory: string, name: string): Promise<void> {
  const backups = join(directory, "backup/repository", name, "backup", name, "backup.info");
  if (await majorOf(join(directory, name)) || await readIfExists(backups) === undefined) return;
  throw new Refusal(
    `The ${name} cluster is gone, and there are backups of it`,
    `deno task fleethold restore --cluster ${name} brings it back`,
  );
}

async function needsSetUp(url: string): Promise<boolean> {
  const response = await fetch(`${url}/api/setup`);
  if (!response.ok) throw new Refusal(`${url}/api/setup answered ${response.status}`, "read logs/serve.log");
  return (await response.json() as { needed: boolean }).needed;
}

/**
 * Ctrl-C: stops everything in order. A second one, a second later at least (npx and `deno task` hand on the first one
 * again), does not wait for requests and transactions under way.
 */
async function stopAsAsked(): Promise<void> {
  if (isStopping) {
    if (Date.now() - stoppingSince < 1_000) return;
    for (const part of [...running.programs, ...running.clusters]) part.stop(0);
    return;
  }
  isStopping = true;
  stoppingSince = Date.now();
  say("stopping");
  await stopAll();
  Deno.exit(exitCodes.stopped);
}

async function stopAll(): Promise<void> {
  await Promise.all(running.programs.map((part) => part.stop()));
  await Promise.all(running.clusters.map((part) => part.stop()));
}
