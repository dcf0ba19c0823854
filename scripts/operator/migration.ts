import type { Migrations } from "../../server/migrate.ts";
import { logOf } from "../embedded/clusters.ts";
import { runningInstallation, takeLock } from "../embedded/lock.ts";
import { withOwnClusters } from "../embedded/own_clusters.ts";
import { type Installation, runningAs, ServerProgram } from "../embedded/program.ts";
import { exitCodes } from "../installation/refusal.ts";
import { during, say } from "../installation/terminal.ts";

/** Brings both clusters to this release's schema; those of a stopped installation run just for that. */
export async function migrate(directory: string): Promise<number> {
  await withClusters(directory, async (installation) => {
    const pending = await pendingMigrations(installation);
    const names = [...pending.keys, ...pending.data];
    if (names.length === 0) return say("Both clusters have this release's schema already; nothing to do.");
    say(`To do: ${names.join(", ")}`);
    await during("migrating", migration(installation).runOnce("--by-operator"));
    say("Both clusters have this release's schema now.");
  });
  return exitCodes.stopped;
}

/** What this release would still do to the schema of an installation whose clusters run. */
export async function pendingMigrations(installation: Installation): Promise<Migrations> {
  return JSON.parse(await migration(installation).runOnce("--pending")) as Migrations;
}

const migration = (installation: Installation) =>
  new ServerProgram("migrate", installation, logOf(installation.directory, "migrate"));

/** Does something with the clusters running: those that run anyway, or else ours, which nobody else may start meanwhile. */
async function withClusters(
  directory: string,
  act: (installation: Installation) => Promise<void>,
): Promise<void> {
  const running = await runningInstallation(directory);
  if (running) return await act(runningAs(directory, running));
  await takeLock(directory);
  await withOwnClusters(directory, act);
}
