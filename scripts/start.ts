/**
 * Runs the whole product on this machine without Docker: two PostgreSQL clusters, the API and the worker as children
 * of this process. See `--help` and docs/decisions/0003-embedded-postgres.md.
 */

import { join } from "node:path";
import { unprivilegedAccount } from "./embedded/account.ts";
import { Cluster, majorOf } from "./embedded/cluster.ts";
import { installationDirectory } from "./embedded/location.ts";
import { takeLock } from "./embedded/lock.ts";
import { LogFile } from "./embedded/log_file.ts";
import { help, type Options, parseOptions } from "./embedded/options.ts";
import { choosePort, freePorts, untilFree } from "./embedded/ports.ts";
import type { Program } from "./embedded/permissions.ts";
import { type Installation, publicUrl, ServerProgram } from "./embedded/program.ts";
import { ensureTools } from "./embedded/provisioning.ts";
import { exitCodes, Refusal } from "./embedded/refusal.ts";
import { applyRoles } from "./embedded/roles.ts";
import { ensureSecrets } from "./embedded/secrets.ts";
import { keepRunning, type Part } from "./embedded/supervision.ts";
import { during, print, say } from "./embedded/terminal.ts";
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

async function start({ port, data, demo }: Options): Promise<void> {
  const directory = await installationDirectory(data);
  const lock = await takeLock(directory);
  // After a launcher was killed, its API still finishes the requests it had.
  if (lock.former) await untilFree(Number(new URL(lock.former.url).port), 10_000);
  const [workPort, dataPort, keysPort] = freePorts(3) as [number, number, number];
  const ports = { api: choosePort(port), work: workPort, data: dataPort, keys: keysPort };
  const installation: Installation = { directory, web: webDirectory(), ports };
  const url = publicUrl(installation);
  await lock.publish({ pid: Deno.pid, url, dataPort, keysPort });

  const major = await majorOf(join(directory, "data")) ?? await majorOf(join(directory, "keys"));
  const { postgres, hasBackups } = await ensureTools(join(directory, "postgresql"), major);
  if (!hasBackups) say("backups are off: they need PostgreSQL and pgBackRest from this system's packages");
  const account = await unprivilegedAccount(join(directory, "data/pgdata"));
  const secrets = await ensureSecrets(join(directory, "secrets"), major !== undefined);
  await Deno.mkdir(join(directory, "logs"), { recursive: true, mode: 0o700 });
  const logOf = (name: string) => new LogFile(join(directory, "logs", `${name}.log`));

  const startCluster = async (name: "data" | "keys", sharedBuffersMb: number) => {
    const cluster = new Cluster({
      name,
      directory: join(directory, name),
      port: ports[name],
      postgres,
      account,
      superuserPassword: secrets[`${name}_superuser_password`],
      log: logOf(name),
      sharedBuffersMb,
      durable: true,
    });
    running.clusters.push(cluster);
    await cluster.create();
    await keepRunning(cluster, () => isStopping);
    await applyRoles(cluster, {
      app: secrets[`${name}_app_password`],
      migrator: secrets[`${name}_migrator_password`],
    });
  };
  await Promise.all([
    ensureWebUi(),
    during(`${major ? "starting" : "creating"} the data cluster`, startCluster("data", dataBuffersMb())),
    during(`${major ? "starting" : "creating"} the keys cluster`, startCluster("keys", 32)),
  ]);

  const program = (name: Program) => new ServerProgram(name, installation, logOf(name));
  await during("bringing the databases to this release", program("migrate").runOnce());
  running.programs = [program("serve"), program("work")];
  await during(
    "starting the API and the worker",
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

async function needsSetUp(url: string): Promise<boolean> {
  const response = await fetch(`${url}/api/setup`);
  if (!response.ok) throw new Refusal(`${url}/api/setup answered ${response.status}`, "read logs/serve.log");
  return (await response.json() as { needed: boolean }).needed;
}

/** PostgreSQL's own advice is a quarter of the memory; half of that, as the machine may have other work. */
function dataBuffersMb(): number {
  const eighth = Deno.systemMemoryInfo().total / 8 / 1024 ** 2;
  return Math.round(Math.min(Math.max(eighth, 128), 2048));
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

/** Tells the operator what failed and returns the exit code that says so to scripts. */
function explain(error: unknown): number {
  if (error instanceof Refusal) {
    say(error.message);
    say(`hint: ${error.hint}`);
    return error.exitCode;
  }
  say(error instanceof Error ? error.stack ?? error.message : String(error));
  return exitCodes.notStarted;
}
