import { join } from "node:path";
import { type Account, ownedDirectory } from "./account.ts";
import { ChildProgram } from "./child_program.ts";
import type { LogFile } from "./log_file.ts";
import type { Postgres } from "./postgres.ts";
import { exitCodes, Refusal } from "../installation/refusal.ts";
import { say } from "../installation/terminal.ts";
import { checkout, denoDirectory, type Installation, passedOn } from "./program.ts";

const folderOf = (directory: string) => join(directory, "backup");
const runFolderOf = (directory: string) => join(directory, "backup", "run");

/** Where the backup service of an installation writes pgBackRest's configuration. */
export const backupConfig = (directory: string): string => join(runFolderOf(directory), "pgbackrest.conf");

/** Programs of PostgreSQL and of the system that the backup service starts; nothing else. */
const programs = [
  "pgbackrest",
  "pg_receivewal",
  "postgres",
  "pg_amcheck",
  "pg_checksums",
  "nice",
  "sh",
  "df",
  "du",
];

/** The backup service of an embedded installation: the same program as the appliance's, with both clusters at hand. */
export class BackupProgram extends ChildProgram {
  constructor(
    private readonly installation: Installation & { ports: { backup: number } },
    private readonly postgres: Postgres,
    private readonly account: Account | undefined,
    log: LogFile,
  ) {
    super("backup", log, `127.0.0.1:${installation.ports.backup}/readyz`);
  }

  override async start() {
    // PostgreSQL's account has to get through it, and owns what is inside.
    await ownedDirectory(folderOf(this.installation.directory), this.account);
    return await super.start();
  }

  /**
   * Runs one of its one-shots, shows what it tells on the way, and answers what it answered.
   * @throws {Refusal} in its own words
   */
  async ask<T>(...args: string[]): Promise<T> {
    await ownedDirectory(folderOf(this.installation.directory), this.account);
    const child = this.command(args, { stdin: "null", stdout: "piped", stderr: "piped" }).spawn();
    const answer = new Response(child.stdout).text();
    let said = "";
    for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) {
      said += text;
      for (let end = said.indexOf("\n"); end >= 0 && !said.startsWith("error: "); end = said.indexOf("\n")) {
        say(said.slice(0, end));
        said = said.slice(end + 1);
      }
    }
    if ((await child.status).success) return JSON.parse(await answer) as T;
    const [, message, hint] = said.match(/^error: (.+)\nhint: (.+)/) ?? [];
    if (message && hint) throw new Refusal(message, hint, exitCodes.refused);
    this.log.write(new TextEncoder().encode(await answer + said));
    throw new Refusal(`${args[0]} failed`, `read ${this.log.path}`);
  }

  protected override command(args: string[], options: Deno.CommandOptions): Deno.Command {
    const { directory, ports } = this.installation;
    const folder = folderOf(directory);
    const clusters = [join(directory, "data"), join(directory, "keys")];
    const isRestoring = ["restore", "put-back", "forget-asides"].includes(args[0]!);
    const reach = [
      `127.0.0.1:${ports.data}`,
      `127.0.0.1:${ports.keys}`,
      `127.0.0.1:${ports.backup}`,
      ...["drill", "restore", "peek"].map((use) => `unix:${join(runFolderOf(directory), use)}/.s.PGSQL.5432`),
    ];
    return new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--no-prompt",
        "--cached-only",
        `--allow-net=${reach.join(",")}`,
        `--allow-read=${
          [
            folder,
            join(directory, "secrets"),
            ...clusters,
            // To see whether a cluster that left its mark still runs.
            "/proc",
            join(checkout, "backup"),
            join(checkout, "node_modules"),
          ].join(",")
        }`,
        // A restore puts clusters in place; the service itself never touches them.
        `--allow-write=${[folder, ...(isRestoring ? clusters : [])].join(",")}`,
        `--allow-run=${programs.join(",")}`,
        "--allow-env",
        "--allow-sys=hostname,homedir,uid,gid",
        join(checkout, "backup/main.ts"),
        ...(args.includes("--end-with-stdin") ? ["run"] : []),
        ...args,
      ],
      cwd: join(checkout, "backup"),
      clearEnv: true,
      env: this.#environment(),
      ...options,
    });
  }

  #environment(): Record<string, string> {
    const { directory, ports } = this.installation;
    const secret = (name: string) => join(directory, "secrets", name);
    const of = (cluster: "data" | "keys") => {
      const prefix = `FLEETHOLD_${cluster.toUpperCase()}`;
      return {
        [`${prefix}_URL`]: `postgres://fleethold_backup@127.0.0.1:${ports[cluster]}/fleethold`,
        [`${prefix}_PASSWORD_FILE`]: secret(`${cluster}_backup_password`),
        [`${prefix}_RECEIVER_PASSWORD_FILE`]: secret(`${cluster}_receiver_password`),
        [`${prefix}_CIPHER_FILE`]: secret(`${cluster}_backup_cipher`),
      };
    };
    return {
      ...passedOn(),
      PATH: `${this.postgres.bin}:${Deno.env.get("PATH") ?? "/usr/local/bin:/usr/bin:/bin"}`,
      HOME: join(checkout, "backup"),
      DENO_DIR: denoDirectory(),
      NO_COLOR: "1",
      ...of("data"),
      ...of("keys"),
      FLEETHOLD_BACKUP_DIR: folderOf(directory),
      FLEETHOLD_BACKUP_RUN_DIR: runFolderOf(directory),
      FLEETHOLD_CLUSTER_FILES: join(directory, "{cluster}/pgdata"),
      FLEETHOLD_POSTGRES_BIN: this.postgres.bin,
      ...(this.account && { FLEETHOLD_POSTGRES_ACCOUNT: `${this.account.uid}:${this.account.gid}` }),
      FLEETHOLD_PROBE_LISTEN: `127.0.0.1:${ports.backup}`,
    };
  }
}
