/**
 * Writes the containers' commands: `deno run` with the permissions of each program. Those of server/main.ts stand in the
 * table that the embedded start uses too; those that only containers run stand here. Run while the image is built:
 * `write_commands.ts DIRECTORY`.
 */
import {
  appSecrets,
  permissionFlags,
  type Place,
  type Program,
} from "../../scripts/installation/permissions.ts";

/** Where a service finds what it was handed; see appliance/services.ts. */
const handed = "/run/fleethold";

/** What the table of permissions names, as it is in a container. */
const places: Partial<Record<Place, string>> = {
  listen: "0.0.0.0:8443",
  probes: "127.0.0.1:8081",
  data: "db:5432",
  keys: "keys:5432",
  outbound: "outbound:8443",
  certificate: `${handed}/tls.pem`,
  authority: `${handed}/authority.pem`,
  smtp_authority: `${handed}/trust.pem`,
  server: "/app/server",
  migrations: "/app/migrations",
  modules: "/app/node_modules",
  web: "/app/web/dist",
  ...Object.fromEntries(
    ([
      ...appSecrets,
      "setup_token",
      "proxy_token",
      "outbound_token",
      "data_migrator_password",
      "keys_migrator_password",
      "smtp_password",
      "alert_secret",
      "sso_providers",
    ] as const).map((name) => [name, `${handed}/${name}`]),
  ),
};

const programs: Program[] = ["serve", "work", "outbound", "migrate", "operate", "demo"];

interface OwnProgram {
  /** Below /app. */
  entry: string;
  read: string[];
  write: string[];
  /** Hosts and ports. */
  net?: string[];
  /** Programs it starts. Whoever starts one that starts others is bounded by the container alone. */
  run?: string[];
  /** Facts about the system, as in Deno's --allow-sys; `all` for any. */
  sys: string[] | "all";
}

const ownPrograms: Record<string, OwnProgram> = {
  // Neither reaches any network, or anything else than its own folders.
  init: {
    entry: "appliance/init.ts",
    read: ["/vault", "/authority", "/handover", "/own", "/acme", "/ca", "/credentials"],
    write: ["/vault", "/authority", "/handover"],
    // Which group has to be able to read what an operator brought.
    sys: ["gid"],
  },
  certs: {
    entry: "appliance/certs.ts",
    read: ["/authority", "/handover", "/own", "/acme", "/ca"],
    write: ["/handover", "/tmp/looked"],
    sys: ["gid"],
  },
  backup: {
    entry: "backup/main.ts",
    net: [
      ...[places.data!, places.keys!, places.probes!],
      // The copies it restores listen on a socket each.
      ...["drill", "restore", "peek"].map((use) => `unix:/run/backup/${use}/.s.PGSQL.5432`),
    ],
    read: [
      ...["/var/lib/backup", "/run/backup", "/tmp", handed, "/status", "/returned"],
      // Only the service `restore` has the clusters there; whether one runs is seen in the list of processes.
      ...["/clusters", "/proc"],
      // What fetches the log for a restored copy is a script of ours.
      "/app/backup",
      "/app/node_modules",
    ],
    write: ["/var/lib/backup", "/run/backup", "/tmp", "/clusters"],
    run: [
      ...[
        "pgbackrest",
        "pg_receivewal",
        "postgres",
        "pg_ctl",
        "pg_amcheck",
        "pg_checksums",
        "pg_verifybackup",
      ],
      ...["nice", "ionice", "cp", "sh", "du", "df"],
    ],
    sys: "all",
  },
  offsite: {
    entry: "backup/offsite/main.ts",
    read: ["/repository", "/status", "/returned", "/cache", "/target", "/tmp", handed, "/app/node_modules"],
    write: ["/status", "/returned", "/cache", "/target", "/tmp"],
    run: ["restic", "sftp", "curl"],
    sys: "all",
  },
};

const directory = Deno.args[0]!;
for (const program of programs) {
  const flags = permissionFlags(program, { ...places, ...(program === "work" && { listen: places.probes }) });
  write(program, [...flags, "main.ts", program]);
}
for (const [name, { entry, read, write: written, net, run, sys }] of Object.entries(ownPrograms)) {
  write(name, [
    "--no-prompt",
    "--cached-only",
    "--allow-env",
    `--allow-read=${read.join(",")}`,
    `--allow-write=${written.join(",")}`,
    ...(net ? [`--allow-net=${net.join(",")}`] : []),
    ...(run ? [`--allow-run=${run.join(",")}`] : []),
    sys === "all" ? "--allow-sys" : `--allow-sys=${sys.join(",")}`,
    `../${entry}`,
  ]);
}

function write(name: string, args: string[]): void {
  const words = args.map((word) =>
    // Where the worker sends alerts is set by the operator, and known when it starts.
    name === "work" && word.startsWith("--allow-net=") ? `'${word}'"$(alert_hosts)"` : `'${word}'`
  );
  const line = `exec deno run ${words.join(" ")} "$@"`;
  Deno.writeTextFileSync(`${directory}/${name}`, `#!/bin/sh\ncd /app/server\n${line}\n`, { mode: 0o755 });
}
