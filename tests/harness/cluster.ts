import { join } from "node:path";
import { unprivilegedAccount } from "../../scripts/embedded/account.ts";
import { Cluster } from "../../scripts/embedded/cluster.ts";
import { removeIfExists } from "../../scripts/installation/files.ts";
import { LogFile } from "../../scripts/embedded/log_file.ts";
import type { Postgres } from "../../scripts/embedded/postgres.ts";
import { freePorts } from "../../scripts/embedded/ports.ts";
import { checkout } from "../../scripts/embedded/program.ts";
import { ensureTools } from "../../scripts/embedded/provisioning.ts";
import { stopLeftover } from "../../scripts/embedded/postmaster.ts";
import { isAlive } from "../../scripts/embedded/processes.ts";
import { applyRoles, type RolePasswords } from "../../scripts/embedded/roles.ts";

export interface TestCluster {
  host: string;
  port: number;
  /** Into the database `postgres`; tests make and drop their own databases with it. */
  superuserUrl: string;
}

export interface TestClusters {
  data: TestCluster;
  keys: TestCluster;
  /** The same for both clusters. */
  passwords: RolePasswords & { superuser: string };
  /** Holds `data.log` and `keys.log`, for tests that search what PostgreSQL wrote. */
  logs: string;
  /** Ends both clusters and removes all they wrote. */
  stop(): Promise<void>;
}

const passwords = {
  app: "test-app",
  migrator: "test-migrator",
  backup: "test-backup",
  receiver: "test-receiver",
  superuser: "test-superuser",
};
/** Only used on a machine without a PostgreSQL of its own. */
const downloads = join(checkout, "node_modules/.cache/postgresql");
const prefix = "fleethold-test-";

/**
 * Starts a data and a keys cluster that live until `stop()`, with the roles and the empty database `fleethold` of a
 * first start. They forgo durability for speed. Works as root and as anybody else.
 */
export async function startTestClusters(): Promise<TestClusters> {
  await removeAbandoned();
  const directory = await Deno.makeTempDir({ prefix: `${prefix}${Deno.pid}-` });
  await Deno.chmod(directory, 0o755);
  const { postgres } = await ensureTools(downloads, undefined);
  const [dataPort, keysPort] = freePorts(2) as [number, number];
  const clusters = await Promise.all([
    startOne("data", dataPort, directory, postgres),
    startOne("keys", keysPort, directory, postgres),
  ]);
  const [data, keys] = clusters.map(({ options: { port } }) => ({
    host: "127.0.0.1",
    port,
    superuserUrl: `postgres://postgres:${passwords.superuser}@127.0.0.1:${port}/postgres`,
  })) as [TestCluster, TestCluster];
  return {
    data,
    keys,
    passwords,
    logs: directory,
    async stop() {
      await Promise.all(clusters.map((cluster) => cluster.stop(0)));
      await Deno.remove(directory, { recursive: true });
    },
  };
}

async function startOne(
  name: "data" | "keys",
  port: number,
  directory: string,
  postgres: Postgres,
): Promise<Cluster> {
  const cluster = new Cluster({
    name,
    directory: join(directory, name),
    port,
    postgres,
    account: await unprivilegedAccount(),
    superuserPassword: passwords.superuser,
    log: new LogFile(join(directory, `${name}.log`)),
    sharedBuffersMb: name === "data" ? 128 : 32,
    durable: false,
  });
  await cluster.create();
  await cluster.start();
  await applyRoles(cluster, passwords);
  return cluster;
}

/** Ends the clusters of test runs that were killed: their directories carry the number of a process that is gone. */
async function removeAbandoned(): Promise<void> {
  const temporary = Deno.env.get("TMPDIR") ?? "/tmp";
  for await (const { name } of Deno.readDir(temporary)) {
    const run = name.startsWith(prefix) ? Number(name.slice(prefix.length).split("-")[0]) : 0;
    if (!run || isAlive(run)) continue;
    for (const cluster of ["data", "keys"]) await stopLeftover(join(temporary, name, cluster, "pgdata"));
    // Another run that starts now may be removing the same.
    await removeIfExists(join(temporary, name));
  }
}
