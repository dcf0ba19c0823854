import { join } from "node:path";
// @ts-types="@types/pg"
import pg from "pg";
import { History } from "../../backup/history.ts";
import { assemble, liveOf, type Parts } from "../../backup/parts.ts";
import { Receiver } from "../../backup/receiver.ts";
import { type ClusterName, readSettings } from "../../backup/settings.ts";
import { Standing } from "../../backup/standing.ts";
import { Work } from "../../backup/work.ts";
import type { BackupState, RunFigures, RunKind } from "../../server/backups/schema.ts";
import { createLog } from "../../server/platform/log.ts";
import { type Account, unprivilegedAccount } from "../embedded/account.ts";
import { majorOf } from "../embedded/cluster.ts";
import { runningInstallation } from "../embedded/lock.ts";
import type { Postgres } from "../embedded/postgres.ts";
import { childrenOf } from "../embedded/processes.ts";
import { ensureTools } from "../embedded/provisioning.ts";
import { exitCodes, Refusal } from "../installation/refusal.ts";
import type { Endings } from "./backup_endings.ts";
import { launch, type Launched } from "./installation.ts";

/** A run of the service's work, with the seconds of each of its steps. */
export interface Ran {
  seconds: number;
  steps: Record<string, number>;
  figures: RunFigures;
}

/** The engine's parts for an installation whose clusters answer, if they run, on these ports. */
export async function partsOf(
  directory: string,
  ports: Record<ClusterName, number>,
): Promise<{ parts: Parts; postgres: Postgres; account: Account | undefined }> {
  const { postgres } = await ensureTools(
    join(directory, "postgresql"),
    await majorOf(join(directory, "keys")),
  );
  const account = await unprivilegedAccount(join(directory, "keys/pgdata"));
  const environment = environmentOf(directory, ports, postgres, account);
  const parts = assemble(readSettings(environment, Deno.readTextFileSync), createLog("error", "bench"));
  return { parts, postgres, account };
}

/** A running installation with backups, and the service's own code at hand to do its work at a chosen moment. */
export class BackedUp {
  private constructor(
    private readonly launched: Launched,
    readonly directory: string,
    readonly url: string,
    readonly dataPort: number,
    readonly postgres: Postgres,
    readonly account: Account | undefined,
    readonly parts: Parts,
    private readonly service: number,
  ) {}

  /** Starts one. @throws Refusal where there are no backups */
  static async start(endings: Endings): Promise<BackedUp> {
    const launched = await launch();
    endings.add(() => launched.end());
    const { directory, url, pid } = launched;
    const { dataPort, keysPort } = (await runningInstallation(directory))!;
    const service = (await childrenOf(pid)).find(({ command }) => command.includes("backup/main.ts"));
    if (!service) {
      const hint = "apt-get install postgresql pgbackrest";
      throw new Refusal("This installation makes no backups, as it said above", hint, exitCodes.toolsMissing);
    }
    const { parts, postgres, account } = await partsOf(directory, { data: dataPort, keys: keysPort });
    endings.add(() => Promise.all([parts.data.close(), parts.keys.close()]));
    return new BackedUp(launched, directory, url, dataPort, postgres, account, parts, service.pid);
  }

  get pid(): number {
    return this.launched.pid;
  }

  /** A connection as superuser; the caller ends it. */
  async connect(): Promise<pg.Client> {
    const client = new pg.Client({
      host: "127.0.0.1",
      port: this.dataPort,
      user: "postgres",
      password: await Deno.readTextFile(join(this.directory, "secrets/data_superuser_password")),
      database: "fleethold",
    });
    // Of a server that is killed on purpose; queries under way reject by themselves.
    client.on("error", () => {});
    await client.connect();
    return client;
  }

  /** Waits until the service has made its first backups, has proven them, and has nothing to do. */
  async untilIdle(): Promise<void> {
    const client = await this.connect();
    try {
      for (;;) {
        const { rows: [row] } = await client.query("select state from backup_state") as {
          rows: { state: BackupState }[];
        };
        const state = row?.state;
        const isProven = state?.lastDrillAt && state.lastVerificationAt;
        if (isProven && state.running === null && state.clusters.keys.backups.length > 0) return;
        await pause(1_000);
      }
    } finally {
      await client.end();
    }
  }

  /**
   * Holds the service still: each new full backup would be followed by a drill at once, amid what is measured. What it
   * started goes on, so that the log is received meanwhile.
   */
  async hold(endings: Endings): Promise<void> {
    endings.add(() => Promise.resolve(Deno.kill(this.service, "SIGCONT")));
    Deno.kill(this.service, "SIGSTOP");
    await pause(100);
  }

  /** Does what the service does when it is due. */
  async do(kind: RunKind, endings: Endings): Promise<Ran> {
    const { parts } = this;
    const history = new History(parts.places);
    const standing = (name: ClusterName) => new Standing(name, parts, receiverOf(parts, name), history);
    const work = new Work(parts, { data: standing("data"), keys: standing("keys") });
    const aborting = new AbortController();
    const stopped = Promise.withResolvers<void>();
    const done = endings.add(() => {
      aborting.abort();
      return stopped.promise;
    });
    const began = performance.now();
    const steps: Record<string, number> = {};
    let step = "starting", since = began;
    const turn = (next: string) => {
      const now = performance.now();
      steps[step] = (steps[step] ?? 0) + (now - since) / 1000;
      [step, since] = [next, now];
    };
    try {
      const figures = await work.do(kind, "data", { step: turn, signal: aborting.signal });
      turn("done");
      return { seconds: (performance.now() - began) / 1000, steps, figures };
    } finally {
      stopped.resolve();
      await done();
    }
  }

  /** Lets go of all full backups but the newest, with their log: many of them would not fit the disk. */
  async keepNewest(): Promise<void> {
    const { pgBackRest } = this.parts;
    const only = ["--repo1-retention-full-type=count", "--repo1-retention-full=1"];
    await pgBackRest.run(pgBackRest.live("data"), "expire", only);
  }

  /** Resident memory of the service and of the two receivers it started, in MB of 1,000,000 bytes. */
  async memory(): Promise<{ service: number; receivers: number }> {
    // Each on a leash of its own (backup/receiver.ts).
    const leashes = await childrenOf(this.service);
    const receivers = (await Promise.all(leashes.map(({ pid }) => childrenOf(pid)))).flat()
      .filter(({ command }) => command.startsWith("pg_receivewal"));
    const megabytes = async (pid: number) =>
      Number((await Deno.readTextFile(`/proc/${pid}/status`)).match(/^VmRSS:\s+(\d+) kB/m)![1]) * 1024 / 1e6;
    const each = await Promise.all(receivers.map(({ pid }) => megabytes(pid)));
    return { service: await megabytes(this.service), receivers: each.reduce((sum, one) => sum + one, 0) };
  }
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** One that is asked how it is and never started: the service's receives. */
const receiverOf = (parts: Parts, name: ClusterName) =>
  new Receiver(
    name,
    liveOf(parts, name),
    parts.settings,
    parts.places,
    parts.programs,
    parts.files,
    parts.log,
  );

/** What the launcher tells the backup service (scripts/embedded/backup_program.ts). */
function environmentOf(
  directory: string,
  ports: Record<ClusterName, number>,
  postgres: Postgres,
  account: Account | undefined,
): Record<string, string> {
  const secret = (name: string) => join(directory, "secrets", name);
  const of = (name: ClusterName) => {
    const prefix = `FLEETHOLD_${name.toUpperCase()}`;
    return {
      [`${prefix}_URL`]: `postgres://fleethold_backup@127.0.0.1:${ports[name]}/fleethold`,
      [`${prefix}_PASSWORD_FILE`]: secret(`${name}_backup_password`),
      [`${prefix}_RECEIVER_PASSWORD_FILE`]: secret(`${name}_receiver_password`),
      [`${prefix}_CIPHER_FILE`]: secret(`${name}_backup_cipher`),
    };
  };
  return {
    ...of("data"),
    ...of("keys"),
    FLEETHOLD_BACKUP_DIR: join(directory, "backup"),
    FLEETHOLD_BACKUP_RUN_DIR: join(directory, "backup/run"),
    FLEETHOLD_CLUSTER_FILES: join(directory, "{cluster}/pgdata"),
    FLEETHOLD_POSTGRES_BIN: postgres.bin,
    ...(account && { FLEETHOLD_POSTGRES_ACCOUNT: `${account.uid}:${account.gid}` }),
  };
}
