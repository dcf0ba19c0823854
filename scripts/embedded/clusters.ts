import { join } from "node:path";
import { unprivilegedAccount } from "./account.ts";
import { Cluster, majorOf } from "./cluster.ts";
import { LogFile } from "./log_file.ts";
import type { Installation } from "./program.ts";
import { ensureTools } from "./provisioning.ts";
import { applyRoles } from "./roles.ts";
import { ensureSecrets, type SecretName } from "./secrets.ts";

/** The two clusters of an installation, known but not started yet. */
export interface Clusters {
  data: Cluster;
  keys: Cluster;
  /** Whether they were created by an earlier start. */
  exist: boolean;
  hasBackups: boolean;
  secrets: Record<SecretName, string>;
}

/**
 * Finds all that the clusters of an installation need to start, and makes or installs what is missing.
 *
 * @throws {Refusal} when PostgreSQL or an irreplaceable secret is missing
 */
export async function prepareClusters({ directory, ports }: Installation): Promise<Clusters> {
  const major = await majorOf(join(directory, "data")) ?? await majorOf(join(directory, "keys"));
  const { postgres, hasBackups } = await ensureTools(join(directory, "postgresql"), major);
  const account = await unprivilegedAccount(join(directory, "data/pgdata"));
  const secrets = await ensureSecrets(join(directory, "secrets"), major !== undefined);
  const cluster = (name: "data" | "keys", sharedBuffersMb: number) =>
    new Cluster({
      name,
      directory: join(directory, name),
      port: ports[name],
      postgres,
      account,
      superuserPassword: secrets[`${name}_superuser_password`],
      log: logOf(directory, name),
      sharedBuffersMb,
      durable: true,
    });
  return {
    data: cluster("data", dataBuffersMb()),
    // A key is a tenth of the row it opens, and a page of orders asks for fifty of them from all over the table.
    keys: cluster("keys", Math.max(32, Math.round(dataBuffersMb() / 8))),
    exist: major !== undefined,
    hasBackups,
    secrets,
  };
}

/** Gives a cluster that answers its database and roles, with this installation's passwords. */
export async function arrange(cluster: Cluster, secrets: Record<SecretName, string>): Promise<void> {
  await applyRoles(cluster, {
    app: secrets[`${cluster.options.name}_app_password`],
    migrator: secrets[`${cluster.options.name}_migrator_password`],
  });
}

/** The log of a part of the installation. */
export function logOf(directory: string, part: string): LogFile {
  Deno.mkdirSync(join(directory, "logs"), { recursive: true, mode: 0o700 });
  return new LogFile(join(directory, "logs", `${part}.log`));
}

/** PostgreSQL's own advice is a quarter of the memory; half of that, as the machine may have other work. */
function dataBuffersMb(): number {
  const eighth = Deno.systemMemoryInfo().total / 8 / 1024 ** 2;
  return Math.round(Math.min(Math.max(eighth, 128), 2048));
}
