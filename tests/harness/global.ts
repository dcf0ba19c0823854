import pg from "pg";
import type { TestProject } from "vitest/node";
import { migrate } from "../../server/migrate.ts";
import { createLog } from "../../server/platform/log.ts";
import { startTestClusters, type TestClusters } from "./cluster.ts";

/** What every test file is told of the clusters. */
export type ClusterFacts = Pick<TestClusters, "data" | "keys" | "passwords" | "logs">;

declare module "vitest" {
  interface ProvidedContext {
    clusters: ClusterFacts;
  }
}

/** Starts both clusters once a run and migrates a template that each test file clones. */
export default async function setup(project: TestProject) {
  const clusters = await startTestClusters();
  await migrate({
    FLEETHOLD_DATA_URL: urlOf(clusters.data.port, "fleethold_migrator", "fleethold"),
    FLEETHOLD_DATA_PASSWORD: clusters.passwords.migrator,
    FLEETHOLD_KEYS_URL: urlOf(clusters.keys.port, "fleethold_migrator", "fleethold"),
    FLEETHOLD_KEYS_PASSWORD: clusters.passwords.migrator,
  }, createLog("silent", "test"));
  for (const cluster of [clusters.data, clusters.keys]) {
    const client = new pg.Client(cluster.superuserUrl);
    await client.connect();
    await client.query("alter database fleethold is_template true");
    await client.end();
  }
  const { data, keys, passwords, logs } = clusters;
  project.provide("clusters", { data, keys, passwords, logs });
  return () => clusters.stop();
}

export const urlOf = (port: number, role: string, database: string) =>
  `postgres://${role}@127.0.0.1:${port}/${database}`;
