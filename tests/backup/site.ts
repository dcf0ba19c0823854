import { join } from "node:path";
import type pg from "pg";
import { vi } from "vitest";
import { History } from "../../backup/history.ts";
import { assemble, liveOf, type Parts } from "../../backup/parts.ts";
import { Receiver } from "../../backup/receiver.ts";
import { RestoredCopy } from "../../backup/restored_copy.ts";
import { BackupService } from "../../backup/service.ts";
import { type ClusterName, clusterNames, readSettings } from "../../backup/settings.ts";
import { Standing } from "../../backup/standing.ts";
import { type Progress, Work } from "../../backup/work.ts";
import { type Account, ownedDirectory, unprivilegedAccount } from "../../scripts/embedded/account.ts";
import { Cluster } from "../../scripts/embedded/cluster.ts";
import { LogFile } from "../../scripts/embedded/log_file.ts";
import { freePorts } from "../../scripts/embedded/ports.ts";
import type { Postgres } from "../../scripts/embedded/postgres.ts";
import { checkout } from "../../scripts/embedded/program.ts";
import { ensureTools } from "../../scripts/embedded/provisioning.ts";
import { applyRoles } from "../../scripts/embedded/roles.ts";
import { migrate } from "../../server/migrate.ts";
import type { BackupState } from "../../server/backups/schema.ts";
import { createLog } from "../../server/platform/log.ts";

// Programs of PostgreSQL and pgBackRest by the dozen: on a machine with much else to do that takes its time.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

const passwords = {
  app: "test-app",
  migrator: "test-migrator",
  backup: "test-backup",
  receiver: "test-receiver",
};
const superuserPassword = "test-superuser";
const downloads = join(checkout, "node_modules/.cache/postgresql");

/**
 * What an installation has of clusters, log archive and repository, in a folder of its own: small, real, and for a test
 * to break. The name of the folder lets the next run of the tests clear up after one that was killed.
 */
export class Site {
  readonly clusters: Partial<Record<ClusterName, Cluster>> = {};
  /** What ends when the site does, the last begun first. */
  readonly #endings: (() => Promise<unknown>)[] = [];
  readonly #services: BackupService[] = [];
  #parts: Parts | undefined;
  #ports: Record<ClusterName, number>;

  private constructor(
    readonly folder: string,
    readonly postgres: Postgres,
    readonly account: Account | undefined,
    private readonly settings: Record<string, string>,
  ) {
    const [data, keys] = freePorts(2) as [number, number];
    this.#ports = { data, keys };
  }

  /**
   * A data and a keys cluster with archiving on and a table `journal` to write into.
   * @param settings of the backup service, besides where everything is
   * @param before called once the folder is there and nothing else
   */
  static async start(
    { settings = {}, before }: {
      settings?: Record<string, string>;
      before?: (site: Site) => Promise<void>;
    } = {},
  ): Promise<Site> {
    const folder = await Deno.makeTempDir({ prefix: `fleethold-test-${Deno.pid}-` });
    await Deno.chmod(folder, 0o755);
    const { postgres, hasBackups } = await ensureTools(downloads, undefined);
    if (!hasBackups) {
      throw new Error("These tests need pgBackRest: install it with apt-get install pgbackrest");
    }
    const site = new Site(folder, postgres, await unprivilegedAccount(), settings);
    try {
      await ownedDirectory(site.backups, site.account);
      await before?.(site);
      await site.#prepare();
      await Promise.all(clusterNames.map((name) => site.startCluster(name)));
      await site.migrate();
    } catch (error) {
      await site.end();
      throw error;
    }
    return site;
  }

  /** Brings both clusters to this release's tables, and a journal. */
  async migrate(): Promise<void> {
    await migrate({
      FLEETHOLD_DATA_URL: this.#url("data", "fleethold_migrator"),
      FLEETHOLD_DATA_PASSWORD: passwords.migrator,
      FLEETHOLD_KEYS_URL: this.#url("keys", "fleethold_migrator"),
      FLEETHOLD_KEYS_PASSWORD: passwords.migrator,
    }, createLog("silent", "test"));
    await this.sql("create table journal (n bigint primary key, words text not null)");
  }

  get backups(): string {
    return join(this.folder, "backup");
  }

  /** What the backup service is told by its environment here. */
  get environment(): Record<string, string> {
    const of = (name: ClusterName) => ({
      [`FLEETHOLD_${name.toUpperCase()}_URL`]: this.#url(name, "fleethold_backup"),
      [`FLEETHOLD_${name.toUpperCase()}_PASSWORD`]: passwords.backup,
      [`FLEETHOLD_${name.toUpperCase()}_RECEIVER_PASSWORD`]: passwords.receiver,
      [`FLEETHOLD_${name.toUpperCase()}_CIPHER`]: `test-cipher-of-${name}`,
    });
    return {
      ...of("data"),
      ...of("keys"),
      FLEETHOLD_BACKUP_DIR: this.backups,
      FLEETHOLD_BACKUP_RUN_DIR: join(this.backups, "run"),
      FLEETHOLD_CLUSTER_FILES: join(this.folder, "{cluster}/pgdata"),
      FLEETHOLD_POSTGRES_BIN: this.postgres.bin,
      ...(this.account && { FLEETHOLD_POSTGRES_ACCOUNT: `${this.account.uid}:${this.account.gid}` }),
      ...this.settings,
    };
  }

  #url(name: ClusterName, role: string): string {
    return `postgres://${role}@127.0.0.1:${this.#ports[name]}/fleethold`;
  }

  /** Everything the backup code works with; whoever asks for it closes its connections. */
  assemble(log = createLog(Deno.env.get("FLEETHOLD_TEST_LOG") ? "info" : "silent", "backup")): Parts {
    return assemble(readSettings(this.environment, Deno.readTextFileSync), log);
  }

  get parts(): Parts {
    if (!this.#parts) {
      const parts = this.#parts = this.assemble();
      this.#endings.push(() => Promise.all([parts.data.close(), parts.keys.close()]));
    }
    return this.#parts;
  }

  /** What the service makes at its start, for tests that do without it. */
  async #prepare(): Promise<void> {
    const { places, files, pgBackRest } = this.parts;
    await files.folder(places.run);
    await Deno.mkdir(places.state, { recursive: true, mode: 0o700 });
    for (const name of clusterNames) await files.folder(places.repository(name), 0o750);
    await pgBackRest.configure((path, text) => files.write(path, text));
  }

  /** Starts a cluster, which is made when there is none, with its roles. */
  async startCluster(name: ClusterName): Promise<Cluster> {
    const cluster = new Cluster({
      name,
      directory: join(this.folder, name),
      port: this.#ports[name],
      postgres: this.postgres,
      account: this.account,
      superuserPassword,
      log: new LogFile(join(this.folder, `${name}.log`)),
      sharedBuffersMb: 32,
      durable: false,
      backups: this.parts.pgBackRest.config,
    });
    await cluster.create();
    await cluster.start();
    const client = await cluster.connect();
    // Acknowledged is written, as in production; that it may not outlast a power cut makes it quick.
    for (const name of ["synchronous_commit", "full_page_writes"]) {
      await client.query(`alter system set ${name} = on`);
    }
    await client.query("select pg_reload_conf()");
    await client.end();
    await applyRoles(cluster, passwords);
    this.clusters[name] = cluster;
    return cluster;
  }

  async stopCluster(name: ClusterName): Promise<void> {
    await this.clusters[name]?.stop();
    delete this.clusters[name];
  }

  /** The files of a cluster. */
  filesOf(name: ClusterName): string {
    return join(this.folder, name, "pgdata");
  }

  /** A statement as superuser, in `fleethold`. */
  async sql<Row extends pg.QueryResultRow>(
    text: string,
    values: unknown[] = [],
    name: ClusterName = "data",
  ): Promise<Row[]> {
    const client = await this.clusters[name]!.connect("fleethold");
    try {
      return (await client.query<Row>(text, values)).rows;
    } finally {
      await client.end();
    }
  }

  /** Writes rows into the journal, and ends the segment of the log they stand in. Answers the segment's name. */
  async write(rows: number, from?: number): Promise<string> {
    const [{ next }] = from === undefined
      ? await this.sql<{ next: number }>("select coalesce(max(n), 0)::int + 1 as next from journal") as [
        { next: number },
      ]
      : [{ next: from }];
    await this.sql("insert into journal select n, md5(n::text) from generate_series($1::int, $2::int) n", [
      next,
      next + rows - 1,
    ]);
    const { segment } = await this.parts.data.position();
    await this.sql("select pg_switch_wal()");
    return segment;
  }

  /** Waits until a segment of the log is in the repository. */
  async archived(segment: string, name: ClusterName = "data"): Promise<void> {
    const { pgBackRest, places } = this.parts;
    await until(
      `${segment} is archived`,
      async () => (await pgBackRest.archived(places.repository(name), name)).has(segment),
    );
  }

  /** The file of a segment in the repository. */
  async fileOf(segment: string, name: ClusterName = "data"): Promise<string> {
    const root = join(this.parts.places.repository(name), "archive", name);
    for await (const file of walk(root)) if (file.includes(`/${segment}-`)) return file;
    throw new Error(`${segment} is not in the repository`);
  }

  /** Files of the repository whose path matches. */
  async repositoryFiles(pattern: RegExp, name: ClusterName = "data"): Promise<string[]> {
    const found = [];
    for await (const file of walk(this.parts.places.repository(name))) {
      if (pattern.test(file)) found.push(file);
    }
    return found.sort();
  }

  /** The service's work without the service around it. */
  workshop(options: WorkshopOptions = {}): Workshop {
    return new Workshop(options.parts ?? this.parts, options);
  }

  /** Brings the data cluster back where it was, as after the loss of its disk, and starts it. */
  async bringBack(): Promise<void> {
    const { places } = this.parts;
    const copy = await RestoredCopy.restore({
      use: "restore",
      cluster: "data",
      repository: places.repository("data"),
      streamed: places.streamed("data"),
      into: this.filesOf("data"),
      until: { type: "latest" },
    }, this.parts);
    await copy.start({ settings: { archive_mode: "on", archive_command: "/bin/false" } });
    await copy.stop();
    await this.startCluster("data");
  }

  /** The data cluster's machine is gone, with all that was on its disk. */
  async loseCluster(): Promise<void> {
    const cluster = this.clusters.data!;
    delete this.clusters.data;
    Deno.kill(cluster.pid!, "SIGKILL");
    await until("PostgreSQL is gone", () => cluster.pid === undefined);
    await removeAll(this.filesOf("data"));
  }

  /** A service that runs until the site ends or `stopServices` is called. */
  async serve(parts = this.assemble()): Promise<BackupService> {
    const service = new BackupService(parts);
    await service.start();
    if (this.#services.length === 0) this.#endings.push(() => this.stopServices());
    this.#services.push(service);
    return service;
  }

  async stopServices(): Promise<void> {
    await Promise.all(this.#services.splice(0).map((service) => service.stop()));
  }

  /** What the service told the product last. */
  async state(): Promise<BackupState | undefined> {
    return (await this.sql<{ state: BackupState }>("select state from backup_state"))[0]?.state;
  }

  /** Restores the data cluster to the latest moment into a throw-away folder, and tells the journal's rows in it. */
  async restored({ streamed, label }: { streamed?: boolean; label?: string } = {}): Promise<Set<number>> {
    const { places } = this.parts;
    const copy = await RestoredCopy.restore({
      use: "drill",
      cluster: "data",
      repository: places.repository("data"),
      streamed: streamed ? places.streamed("data") : undefined,
      into: join(this.folder, "restored/data"),
      until: { type: "latest" },
      ...(label && { label }),
    }, this.parts);
    try {
      await copy.start();
      const client = await copy.connect();
      const { rows } = await client.query<{ n: string }>("select n from journal");
      await client.end();
      return new Set(rows.map(({ n }) => Number(n)));
    } finally {
      await copy.discard();
    }
  }

  /** Receives the data cluster's log until the site ends. */
  receiver(): Receiver {
    const { data, settings, places, programs, files, log } = this.parts;
    const receiver = new Receiver("data", data, settings, places, programs, files, log);
    this.#endings.push(() => receiver.stop());
    return receiver;
  }

  ending(act: () => Promise<unknown>): void {
    this.#endings.push(act);
  }

  async end(): Promise<void> {
    const faults: unknown[] = [];
    for (const act of this.#endings.splice(0).reverse()) await act().catch((error) => faults.push(error));
    await Promise.all(Object.values(this.clusters).map((cluster) => cluster.stop(0)));
    await removeAll(this.folder);
    if (faults.length > 0) throw new AggregateError(faults, "the site did not end well");
  }
}

interface WorkshopOptions {
  parts?: Parts;
  /** What receives the data cluster's log; undefined: nobody. */
  receiver?: Receiver;
}

/** Does what the service does, when a test says so. */
export class Workshop {
  readonly standing: Record<ClusterName, Standing>;
  readonly history: History;
  readonly work: Work;
  /** The steps of the last run. */
  steps: string[] = [];

  constructor(private readonly parts: Parts, { receiver }: WorkshopOptions) {
    const { settings, places, programs, files, log } = parts;
    this.history = new History(places);
    const idle = (name: ClusterName) =>
      new Receiver(name, liveOf(parts, name), settings, places, programs, files, log);
    this.standing = {
      data: new Standing("data", parts, receiver ?? idle("data"), this.history),
      keys: new Standing("keys", parts, idle("keys"), this.history),
    };
    this.work = new Work(parts, this.standing);
  }

  async do(kind: Parameters<Work["do"]>[0], cluster: ClusterName | null = "data", progress?: Progress) {
    this.steps = [];
    return await this.work.do(
      kind,
      cluster,
      progress ??
        {
          step: (step) => {
            if (this.steps.at(-1) !== step) this.steps.push(step);
          },
          signal: new AbortController().signal,
        },
    );
  }

  /** The labels in the repository, the oldest first. */
  async labels(cluster: ClusterName = "data"): Promise<string[]> {
    const { backup } = await this.parts.pgBackRest.info(this.parts.pgBackRest.live(cluster));
    return backup.map(({ label }) => label);
  }
}

/** Removes a folder in which processes that are just ending may still write. */
async function removeAll(folder: string): Promise<void> {
  await until(`${folder} is gone`, async () => {
    await Deno.remove(folder, { recursive: true }).catch(() => {});
    return !await Deno.stat(folder).catch(() => undefined);
  });
}

/** Waits for something that is to come. @throws when it has not come after `ms` */
export async function until<T>(
  what: string,
  holds: () => Promise<T> | T,
  ms = 60_000,
): Promise<Exclude<T, Falsy>> {
  for (const end = Date.now() + ms; Date.now() < end; await pause(100)) {
    const found = await holds();
    if (found) return found as Exclude<T, Falsy>;
  }
  throw new Error(`it did not come within ${ms / 1000} s that ${what}`);
}
type Falsy = false | null | undefined | "" | 0;

export const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Turns one byte of a file into another. @param share where, from 0 at the beginning to 1 at the end */
export async function flipByte(path: string, share: number): Promise<void> {
  using file = await Deno.open(path, { read: true, write: true });
  const { size } = await file.stat();
  const at = Math.min(size - 1, Math.floor(size * share));
  const byte = new Uint8Array(1);
  await file.seek(at, Deno.SeekMode.Start);
  await file.read(byte);
  byte[0]! ^= 0x55;
  await file.seek(at, Deno.SeekMode.Start);
  await file.write(byte);
}

/** Runs with a file broken, and puts it back as it was. */
export async function withDamage<T>(
  path: string,
  damage: (path: string) => Promise<void>,
  act: () => Promise<T>,
) {
  const whole = await Deno.readFile(path);
  const { mode, uid, gid, atime, mtime } = await Deno.stat(path);
  try {
    await damage(path);
    return await act();
  } finally {
    await Deno.writeFile(path, whole, { mode: mode! });
    await Deno.chown(path, uid, gid);
    await Deno.utime(path, atime!, mtime!);
  }
}

/**
 * Mounts an empty file system of a size where a folder is, until the site ends.
 * @returns why that cannot be done here, or undefined
 */
export async function mountSmall(site: Site, folder: string, megabytes: number): Promise<string | undefined> {
  await Deno.mkdir(folder, { recursive: true });
  const options = `size=${megabytes}m,mode=0750,uid=${site.account?.uid ?? 0},gid=${site.account?.gid ?? 0}`;
  const { success, stderr } = await new Deno.Command("mount", {
    args: ["-t", "tmpfs", "-o", options, "tmpfs", folder],
  }).output();
  if (!success) {
    return `a small file system cannot be mounted here: ${new TextDecoder().decode(stderr).trim()}`;
  }
  site.ending(async () => {
    await new Deno.Command("umount", { args: ["--lazy", folder] }).output();
  });
}

async function* walk(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) yield* walk(join(folder, name));
    else yield join(folder, name);
  }
}
