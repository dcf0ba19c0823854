import type { Cluster } from "./cluster.ts";
import { arrange, prepareClusters } from "./clusters.ts";
import { freePorts } from "./ports.ts";
import type { Installation } from "./program.ts";
import { exitCodes } from "../installation/refusal.ts";
import { during } from "../installation/terminal.ts";

/**
 * Runs the clusters of an installation for as long as `act` takes, and nothing else of it. The caller holds its lock.
 */
export async function withOwnClusters(
  directory: string,
  act: (installation: Installation) => Promise<void>,
): Promise<void> {
  const [api, work, outbound, data, keys] = freePorts(5) as [number, number, number, number, number];
  const installation: Installation = { directory, web: "", ports: { api, work, outbound, data, keys } };
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
