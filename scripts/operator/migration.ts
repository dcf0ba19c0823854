import type { Migrations } from "../../server/migrate.ts";
import type { Cluster } from "../embedded/cluster.ts";
import { arrange, logOf, prepareClusters } from "../embedded/clusters.ts";
import { runningInstallation, takeLock } from "../embedded/lock.ts";
import { freePorts } from "../embedded/ports.ts";
import { type Installation, runningAs, ServerProgram } from "../embedded/program.ts";
import { exitCodes } from "../embedded/refusal.ts";
import { during, say } from "../embedded/terminal.ts";

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
  const [api, work, data, keys] = freePorts(4) as [number, number, number, number];
  const installation: Installation = { directory, web: "", ports: { api, work, data, keys } };
  const clusters = await prepareClusters(installation);
  const both: Cluster[] = [clusters.data, clusters.keys];
  // Stopped in order first: a cluster killed with this process would have to recover at its next start.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    Deno.addSignalListener(signal, () => void stopAll(both).then(() => Deno.exit(exitCodes.notStarted)));
  }
  try {
    await during("starting the clusters", Promise.all(both.map((cluster) => startOnce(cluster, clusters))));
    await act(installation);
  } finally {
    await during("stopping the clusters", stopAll(both));
  }
}

async function startOnce(cluster: Cluster, { secrets }: { secrets: Parameters<typeof arrange>[1] }) {
  await cluster.create();
  await cluster.start();
  await arrange(cluster, secrets);
}

const stopAll = (clusters: Cluster[]) => Promise.all(clusters.map((cluster) => cluster.stop()));
