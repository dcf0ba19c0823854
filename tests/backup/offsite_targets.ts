import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { freePorts } from "../../scripts/embedded/ports.ts";
import type { BackupRun } from "../../server/backups/schema.ts";
import { copiesOf } from "../../backup/offsite/pass.ts";
import { readSettings } from "../../backup/offsite/settings.ts";
import type { Status } from "../../backup/offsite/memory.ts";
import { checkout } from "../../scripts/embedded/program.ts";

/** The programs that a test needs and this machine lacks; empty: it can run. */
export async function missing(...programs: string[]): Promise<string> {
  const lacking = await Promise.all(programs.map(async (program) => {
    const { success } = await new Deno.Command("sh", {
      args: ["-c", `command -v ${program}`],
      stdout: "null",
    }).output();
    return success ? [] : [program];
  }));
  return lacking.flat().join(", ");
}

/** A server, or a folder, that copies go to. */
export interface TestTarget {
  /** What FLEETHOLD_OFFSITE says. */
  address: string;
  env: Record<string, string>;
  /** Where what it holds lies on this machine. */
  files: string;
  /** The folder of credentials. */
  credentials: string;
  start(): Promise<void>;
  stop(): Promise<void>;
}

export const targets = { folder, sftp, rest: restWithKeysApart, s3 };
export type TargetName = keyof typeof targets;
export const programsOf: Record<TargetName, string[]> = {
  folder: ["restic"],
  sftp: ["restic", "/usr/sbin/sshd", "sftp", "ssh-keygen"],
  rest: ["restic", "rclone", "curl", "openssl"],
  s3: ["restic", "node", "curl", "openssl"],
};

interface Base {
  files: string;
  credentials: string;
  own: string;
}

async function base(directory: string, name: string): Promise<Base> {
  const own = join(directory, name);
  const [files, credentials] = [join(own, "files"), join(own, "credentials")];
  await Deno.mkdir(files, { recursive: true });
  await Deno.mkdir(credentials);
  return { files, credentials, own };
}

async function folder(directory: string): Promise<TestTarget> {
  const { files, credentials, own } = await base(directory, "folder");
  // It is away while it is not mounted.
  return {
    address: "folder",
    env: { FLEETHOLD_OFFSITE_FOLDER: files },
    files,
    credentials,
    start: () => Deno.rename(join(own, "away"), files).catch(() => {}),
    stop: () => Deno.rename(files, join(own, "away")).then(() => Deno.mkdir(files)).catch(() => {}),
  };
}

/** OpenSSH's server with its own host key; `subsystem` as in sshd_config. */
export async function sftp(directory: string, subsystem = "internal-sftp"): Promise<TestTarget> {
  const { files, credentials, own } = await base(directory, "sftp");
  const [port] = freePorts(1) as [number];
  const user = (await output("id", ["-un"])).trim();
  await output("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", join(own, "host_key")]);
  await output("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", join(credentials, "ssh_key")]);
  const hostKey = (await Deno.readTextFile(join(own, "host_key.pub"))).split(" ").slice(0, 2).join(" ");
  await Deno.writeTextFile(join(credentials, "known_hosts"), `[127.0.0.1]:${port} ${hostKey}\n`);
  await Deno.writeTextFile(
    join(own, "sshd_config"),
    [
      `Port ${port}`,
      "ListenAddress 127.0.0.1",
      `HostKey ${join(own, "host_key")}`,
      `AuthorizedKeysFile ${join(credentials, "ssh_key.pub")}`,
      "PidFile none",
      "UsePAM no",
      "StrictModes no",
      "PasswordAuthentication no",
      "PermitRootLogin prohibit-password",
      `Subsystem sftp ${subsystem}`,
    ].join("\n"),
  );
  // Debian's sshd asks for it when it runs as root.
  await Deno.mkdir("/run/sshd", { recursive: true }).catch(() => {});
  const server = process(port, "/usr/sbin/sshd", ["-D", "-e", "-f", join(own, "sshd_config")]);
  await server.start();
  return {
    address: `sftp://${user}@127.0.0.1:${port}${files}`,
    env: { FLEETHOLD_OFFSITE_CREDENTIALS: credentials },
    files,
    credentials,
    ...server,
  };
}

/** rclone's REST server for restic, append-only unless said otherwise. */
export async function rest(directory: string, mode = ["--append-only"], name = "rest"): Promise<TestTarget> {
  const { files, credentials, own } = await base(directory, name);
  const [port] = freePorts(1) as [number];
  const { certificate, key } = await certify(own);
  // Whatever a password holds, it has to arrive.
  const password = "p:w@x/é%20";
  await Deno.writeTextFile(join(credentials, "rest_user"), "fleethold\n");
  await Deno.writeTextFile(join(credentials, "rest_password"), `${password}\n`);
  const tls = ["--cert", certificate, "--key", key];
  const login = ["--user", "fleethold", "--pass", password];
  const server = process(port, "rclone", [
    ...["serve", "restic", ...mode, "--addr", `127.0.0.1:${port}`, ...tls, ...login, files],
  ]);
  await server.start();
  return {
    address: `rest:https://127.0.0.1:${port}/offsite`,
    env: { FLEETHOLD_OFFSITE_CREDENTIALS: credentials, FLEETHOLD_OFFSITE_CACERT: certificate },
    files,
    credentials,
    ...server,
  };
}

/** As the handbook has it: append-only for the data, and a server beside it that lets go of the keys. */
async function restWithKeysApart(directory: string): Promise<TestTarget> {
  const data = await rest(directory);
  const [port] = freePorts(1) as [number];
  const own = join(directory, "rest");
  const [user, password] = await Promise.all(
    ["rest_user", "rest_password"].map(async (name) =>
      (await Deno.readTextFile(join(data.credentials, name))).trim()
    ),
  );
  const files = join(data.files, "apart");
  await Deno.mkdir(files);
  const keys = process(port, "rclone", [
    ...["serve", "restic", "--addr", `127.0.0.1:${port}`, "--user", user!, "--pass", password!],
    ...["--cert", join(own, "certificate.pem"), "--key", join(own, "key.pem"), files],
  ]);
  await keys.start();
  return {
    ...data,
    env: { ...data.env, FLEETHOLD_OFFSITE_KEYS: `rest:https://127.0.0.1:${port}/offsite` },
    start: async () => void await Promise.all([data.start(), keys.start()]),
    stop: async () => void await Promise.all([data.stop(), keys.stop()]),
  };
}

export async function s3(directory: string, guarded = true): Promise<TestTarget> {
  const { files, credentials, own } = await base(directory, guarded ? "s3" : "s3-unguarded");
  const [port, innerPort] = freePorts(2) as [number, number];
  const { certificate, key } = await certify(own);
  await Deno.writeTextFile(join(credentials, "s3_access_key"), "S3RVER");
  await Deno.writeTextFile(join(credentials, "s3_secret_key"), "S3RVER");
  const program = join(checkout, "tests/backup/offsite_s3_server.mjs");
  const what = { port, innerPort, directory: files, certificate, key, guarded };
  const server = process(port, "node", [program, JSON.stringify(what)]);
  await server.start();
  return {
    address: `s3:https://127.0.0.1:${port}/backups/depot`,
    env: { FLEETHOLD_OFFSITE_CREDENTIALS: credentials, FLEETHOLD_OFFSITE_CACERT: certificate },
    files,
    credentials,
    ...server,
  };
}

function process(port: number, program: string, args: string[]) {
  let child: Deno.ChildProcess | undefined;
  return {
    async start() {
      child = new Deno.Command(program, { args, stdin: "null", stdout: "null", stderr: "null" }).spawn();
      await until(
        `${program} answers`,
        () =>
          Deno.connect({ hostname: "127.0.0.1", port }).then((connection) => {
            connection.close();
            return true;
          }, () => false),
      );
    },
    async stop() {
      child?.kill("SIGKILL");
      await child?.status;
      child = undefined;
    },
  };
}

async function certify(own: string): Promise<{ certificate: string; key: string }> {
  const [certificate, key] = [join(own, "certificate.pem"), join(own, "key.pem")];
  await output("openssl", [
    ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"],
    ...[
      "-subj",
      "/CN=127.0.0.1",
      "-addext",
      "subjectAltName=IP:127.0.0.1",
      "-keyout",
      key,
      "-out",
      certificate,
    ],
  ]);
  return { certificate, key };
}

/** What the backup service has on its disk: both repositories and the snapshot of them. */
export class Backups {
  private constructor(readonly directory: string, readonly repositories: string) {}

  static async make(bytes = 4_000_000): Promise<Backups> {
    const directory = await Deno.makeTempDir({ prefix: "fleethold-offsite-" });
    const backups = new Backups(directory, join(directory, "repository"));
    for (const cluster of ["data", "keys"]) {
      const label = join(backups.repositories, cluster, "backup/main/20261126-020000F");
      await Deno.mkdir(join(label, "bundle"), { recursive: true });
      await Deno.mkdir(join(backups.repositories, cluster, "archive/main/17-1/0000000100000000"), {
        recursive: true,
      });
      await Deno.writeFile(join(label, "bundle/1"), randomBytes(cluster === "data" ? bytes : 300_000));
      await Deno.writeTextFile(join(label, "backup.manifest"), "manifest");
      await Deno.symlink("20261126-020000F", join(backups.repositories, cluster, "backup/main/latest"));
    }
    await Deno.writeTextFile(join(directory, "offsite_key"), "correct horse battery staple\n");
    for (const folder of ["status", "returned"]) await Deno.mkdir(join(directory, folder));
    await backups.go();
    return backups;
  }

  /** Goes on as pgBackRest does: more log, infos replaced by rename, the oldest log expired. */
  async go(): Promise<void> {
    for (const cluster of ["data", "keys"]) {
      const log = join(this.repositories, cluster, "archive/main/17-1/0000000100000000");
      const present = (await Array.fromAsync(Deno.readDir(log))).map(({ name }) => name).sort();
      if (present.length > 4) await Deno.remove(join(log, present[0]!));
      const name = `${Date.now().toString(16).padStart(24, "0")}-${randomBytes(20).toString("hex")}.lz4`;
      await Deno.writeFile(join(log, name), randomBytes(60_000));
      for (const info of ["backup/main/backup.info", "archive/main/archive.info"]) {
        const path = join(this.repositories, cluster, info);
        await Deno.writeFile(`${path}.tmp`, randomBytes(900));
        await Deno.rename(`${path}.tmp`, path);
      }
    }
    await this.snapshot();
  }

  /** Puts a whole new snapshot in the place of the last one, as the backup service does. */
  async snapshot(): Promise<void> {
    using lock = await Deno.open(join(this.repositories, "snapshot.lock"), { write: true, create: true });
    await lock.lock(true);
    const made = join(this.repositories, "snapshot.new");
    await Deno.mkdir(made);
    for (const cluster of ["data", "keys"]) {
      await output("cp", ["-al", join(this.repositories, cluster), join(made, cluster)]);
    }
    await Deno.remove(join(this.repositories, "snapshot"), { recursive: true }).catch(() => {});
    await Deno.rename(made, join(this.repositories, "snapshot"));
  }

  /** What differs between the snapshot and what came back; empty: nothing, byte by byte. */
  async differences(folder: string): Promise<string> {
    const told = await Promise.all(["data", "keys"].map((cluster) =>
      new Deno.Command("diff", {
        args: ["-r", "--no-dereference", join(this.repositories, "snapshot", cluster), join(folder, cluster)],
      }).output()
    ));
    return told.map(({ stdout, stderr }) =>
      new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr)
    ).join("");
  }

  env(target: TestTarget, more: Record<string, string> = {}): Record<string, string> {
    return {
      FLEETHOLD_OFFSITE: target.address,
      FLEETHOLD_OFFSITE_KEY_FILE: join(this.directory, "offsite_key"),
      FLEETHOLD_OFFSITE_SNAPSHOT: this.repositories,
      FLEETHOLD_OFFSITE_STATUS: join(this.directory, "status"),
      FLEETHOLD_OFFSITE_RETURNED: join(this.directory, "returned"),
      FLEETHOLD_OFFSITE_CACHE: join(this.directory, "cache"),
      ...target.env,
      ...more,
    };
  }

  async status(): Promise<Status> {
    return JSON.parse(await Deno.readTextFile(join(this.directory, "status/status.json")));
  }

  async runs(): Promise<BackupRun[]> {
    const text = await Deno.readTextFile(join(this.directory, "status/runs.jsonl"));
    return text.trim().split("\n").map((line) => JSON.parse(line));
  }

  /** Changes what the sidecar remembers, for instance when it did something last. */
  async remember(change: Record<string, unknown>): Promise<void> {
    const path = join(this.directory, "cache/memory.json");
    const known = JSON.parse(await Deno.readTextFile(path));
    await Deno.writeTextFile(path, JSON.stringify({ ...known, memory: { ...known.memory, ...change } }));
  }

  /** The keys are pruned again by the next pass, though it was done a moment ago. */
  async pruneAnew(): Promise<void> {
    const path = join(this.directory, "cache/memory.json");
    const known = JSON.parse(await Deno.readTextFile(path));
    for (const place of Object.values<{ prunedAt?: string }>(known.memory.places)) delete place.prunedAt;
    await Deno.writeTextFile(path, JSON.stringify(known));
  }

  /** Runs restic by hand with what the sidecar has at its disposal, as whoever broke into it would. */
  async restic(target: TestTarget, cluster: "data" | "keys", args: string[]): Promise<Finished> {
    const copies = copiesOf(readSettings(this.env(target)))[cluster];
    const { code, out, err } = await copies.say(args, { endOn: /Remove\(.*(403|denied)/ });
    return { code, out, err };
  }

  start(target: TestTarget, args: string[], more: Record<string, string> = {}): Deno.ChildProcess {
    const env = this.env(target, more);
    return new Deno.Command("deno", {
      args: ["run", ...permissions(env, this.directory), join(checkout, "backup/offsite/main.ts"), ...args],
      cwd: checkout,
      env,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  }

  /** Runs a command of the sidecar to its end. */
  async run(target: TestTarget, args: string[], more: Record<string, string> = {}): Promise<Finished> {
    const { code, stdout, stderr } = await this.start(target, args, more).output();
    return { code, out: new TextDecoder().decode(stdout), err: new TextDecoder().decode(stderr) };
  }

  async remove(): Promise<void> {
    await Deno.remove(this.directory, { recursive: true });
  }
}

export interface Finished {
  code: number;
  out: string;
  err: string;
}

/** As narrow as in the appliance. */
function permissions(env: Record<string, string>, directory: string): string[] {
  const read = [
    env.FLEETHOLD_OFFSITE_SNAPSHOT,
    env.FLEETHOLD_OFFSITE_STATUS,
    env.FLEETHOLD_OFFSITE_RETURNED,
    env.FLEETHOLD_OFFSITE_CACHE,
    env.FLEETHOLD_OFFSITE_CREDENTIALS,
    env.FLEETHOLD_OFFSITE_KEYS_CREDENTIALS,
    env.FLEETHOLD_OFFSITE_FOLDER,
    join(directory, "fetched"),
  ].filter(Boolean);
  const written = [
    env.FLEETHOLD_OFFSITE_STATUS,
    env.FLEETHOLD_OFFSITE_RETURNED,
    env.FLEETHOLD_OFFSITE_CACHE,
    env.FLEETHOLD_OFFSITE_FOLDER,
    join(directory, "fetched"),
  ].filter(Boolean);
  return [
    "--no-prompt",
    "--cached-only",
    "--allow-env",
    "--allow-sys=statfs,hostname",
    "--allow-run=restic,sftp,curl",
    `--allow-read=${read.join(",")}`,
    `--allow-write=${written.join(",")}`,
  ];
}

/** Ends a program of ours and all that it started at once, as a container's end does. */
export async function killAll(child: Deno.ChildProcess): Promise<void> {
  const { stdout } = await new Deno.Command("ps", { args: ["-o", "pid=", "--ppid", `${child.pid}`] })
    .output();
  child.kill("SIGKILL");
  for (const pid of new TextDecoder().decode(stdout).split("\n").map(Number).filter(Boolean)) {
    try {
      Deno.kill(pid, "SIGKILL");
    } catch { /* it has just ended */ }
  }
  await child.output();
}

/** Waits for something that comes within half a minute, or as long as said. */
export async function until(what: string, check: () => Promise<boolean>, seconds = 30): Promise<void> {
  const end = Date.now() + seconds * 1_000;
  while (!await check()) {
    if (Date.now() > end) throw new Error(`waited ${seconds} s in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function output(program: string, args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program, { args, stdin: "null" }).output();
  if (!success) throw new Error(`${program}: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}
