import { BackupProgram } from "../embedded/backup_program.ts";
import { logOf, prepareClusters } from "../embedded/clusters.ts";
import { runningInstallation, takeLock } from "../embedded/lock.ts";
import { withOwnClusters } from "../embedded/own_clusters.ts";
import { freePorts } from "../embedded/ports.ts";
import { type Installation, runningAs, ServerProgram } from "../embedded/program.ts";
import { exitCodes, Refusal } from "../installation/refusal.ts";
import { during, print, say } from "../installation/terminal.ts";
import { agree, ask } from "./accounts.ts";
import type { CommandLine } from "./command_line.ts";

/** Says in words what can be brought back. */
export async function backups(directory: string, { json, cluster }: CommandLine): Promise<number> {
  const known = await (await backupsOf(directory)).ask<Worded>("list", `--cluster=${cluster}`);
  if (json) print(JSON.stringify(known, null, 2));
  else for (const words of known.words) print(words);
  return exitCodes.stopped;
}

/** An answer that says in words what it says. */
interface Worded {
  words: string[];
}

/** Brings a cluster back as of a moment, or undoes or completes an earlier restore. */
export async function restore(directory: string, line: CommandLine): Promise<number> {
  const { cluster, to, yes, putBack, discardAside } = line;
  if (await runningInstallation(directory)) {
    throw new Refusal(
      "The installation is running",
      "stop it with Ctrl-C where deno task start runs, then repeat this",
      exitCodes.inUse,
    );
  }
  await takeLock(directory);
  const program = await backupsOf(directory);
  if (discardAside) return await discard(program, yes);
  if (putBack) {
    agree("Put back the data that the last restore kept aside?", yes);
    tell(await program.ask("put-back", `--cluster=${cluster}`));
  } else {
    tell(await program.ask("plan", `--cluster=${cluster}`, `--to=${to}`));
    agree("Restore?", yes);
    tell(await program.ask("restore", `--cluster=${cluster}`, `--to=${to}`));
  }
  await makeReady(directory);
  say("deno task start starts it. deno task fleethold restore --put-back undoes this.");
  return exitCodes.stopped;
}

async function discard(program: BackupProgram, yes: boolean): Promise<number> {
  const asides = await program.ask<Worded & { kept: unknown[] }>("asides");
  tell(asides);
  if (asides.kept.length === 0) return exitCodes.stopped;
  agree("Let go of it for good?", yes);
  tell(await program.ask("forget-asides"));
  return exitCodes.stopped;
}

function tell({ words }: Worded): void {
  for (const line of words) say(line);
}

/** Before anybody works with restored data: this release's schema, nobody signed in, and the search made anew. */
async function makeReady(directory: string): Promise<void> {
  await withOwnClusters(directory, async (installation) => {
    const once = (name: "migrate" | "operate", ...args: string[]) =>
      new ServerProgram(name, installation, logOf(directory, name)).runOnce(...args);
    await during("bringing the databases to this release", once("migrate"));
    const answer = await during("making the search anew", once("operate", "after-restore"));
    const { sessionsEnded } = JSON.parse(answer) as { sessionsEnded: number };
    say(`Everybody was signed out (${sessionsEnded} sessions).`);
  });
}

/** Shows an order as it was beside what it is now. */
export async function peek(
  directory: string,
  { argument: order, to, customer, json }: CommandLine,
): Promise<number> {
  const { orders } = await (await backupsOf(directory)).ask<{ orders: unknown[] }>(
    "peek",
    `--order=${order}`,
    `--to=${to}`,
    ...(customer ? ["--of-customer"] : []),
  );
  const past = await ask<{ orders: unknown[]; text: string }>(
    directory,
    "past-orders",
    "-",
    JSON.stringify({ orders }),
  );
  print(json ? JSON.stringify(past.orders, null, 2) : past.text);
  return exitCodes.stopped;
}

/** Gives the present moment a name. */
export async function mark(directory: string, { argument: name }: CommandLine): Promise<number> {
  const running = await runningInstallation(directory);
  if (!running) {
    throw new Refusal(
      "The installation is not running",
      "start it with deno task start",
      exitCodes.notRunning,
    );
  }
  tell(await (await backupsOf(directory)).ask("mark", `--name=${name}`));
  return exitCodes.stopped;
}

/** The backup program of an installation, whether it runs or not. @throws {Refusal} where there are no backups */
async function backupsOf(directory: string): Promise<BackupProgram> {
  const running = await runningInstallation(directory);
  const [api, work, outbound, data, keys, backup] = freePorts(6) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const installation: Installation = running
    ? runningAs(directory, running)
    : { directory, web: "", ports: { api, work, outbound, data, keys } };
  const { noBackups, postgres, account } = await prepareClusters(installation);
  if (noBackups) throw new Refusal(`Backups are off: ${noBackups}`, "install them, then start again");
  return new BackupProgram(
    { ...installation, ports: { ...installation.ports, backup } },
    postgres,
    account,
    logOf(directory, "backup"),
  );
}
