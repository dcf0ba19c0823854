import { join } from "node:path";
import { type Account, unprivilegedAccount } from "./account.ts";
import { backupConfig } from "./backup_program.ts";
import { Cluster, longestSocketFolder, majorOf } from "./cluster.ts";
import { LogFile } from "./log_file.ts";
import type { Installation } from "./program.ts";
import type { Postgres } from "./postgres.ts";
import { ensureTools } from "./provisioning.ts";
import { applyRoles } from "./roles.ts";
import { ensureSecrets } from "../installation/secrets.ts";
import { type EmbeddedSecret, embeddedSecrets } from "./secret_names.ts";

/** The two clusters of an installation, known but not started yet. */
export interface Clusters {
  data: Cluster;
  keys: Cluster;
  /** Whether they were created by an earlier start. */
  exist: boolean;
  /** Why there are no backups; undefined when there are. */
  noBackups: string | undefined;
  postgres: Postgres;
  /** Whom PostgreSQL and pgBackRest run as; undefined: as this process. */
  account: Account | undefined;
  secrets: Record<EmbeddedSecret, string>;
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
  const secrets = await ensureSecrets(join(directory, "secrets"), embeddedSecrets, major !== undefined);
  const isReachable = join(directory, "data").length <= longestSocketFolder;
  const canBackUp = hasBackups && isReachable;
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
      backups: canBackUp ? backupConfig(directory) : undefined,
    });
  return {
    data: cluster("data", dataBuffersMb()),
    // A key is a tenth of the row it opens, and a page of orders asks for fifty of them from all over the table.
    keys: cluster("keys", Math.max(32, Math.round(dataBuffersMb() / 8))),
    exist: major !== undefined,
    noBackups: canBackUp
      ? undefined
      : !hasBackups
      ? "they need PostgreSQL and pgBackRest from this system's packages"
      : `the path ${directory} is too long for a socket; choose a shorter one with --data`,
    postgres,
    account,
    secrets,
  };
}

/** Gives a cluster that answers its database and roles, with this installation's passwords. */
export async function arrange(cluster: Cluster, secrets: Clusters["secrets"]): Promise<void> {
  await applyRoles(cluster, {
    app: secrets[`${cluster.options.name}_app_password`],
    migrator: secrets[`${cluster.options.name}_migrator_password`],
    backup: secrets[`${cluster.options.name}_backup_password`],
    receiver: secrets[`${cluster.options.name}_receiver_password`],
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
