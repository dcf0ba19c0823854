import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { Appliance, docker } from "../../scripts/bench/appliance.ts";
import { handovers, type Service, services as handed } from "../../appliance/services.ts";
import { eventually } from "../harness/launcher.ts";
import { type Outside, startOutside } from "./outside.ts";

/** Who runs for long, with the user each must be. */
const users: Record<string, string> = {
  proxy: "10030",
  "api-a": "10010",
  "api-b": "10010",
  worker: "10011",
  outbound: "10013",
  db: "10020",
  keys: "10020",
  backup: "10020",
  offsite: "10060",
  certs: "10001",
  acme: "10040",
};
const running = Object.keys(users);
const oneShots = ["init", "migrate"];
const everybody = [...running, ...oneShots];

const appliance = new Appliance(inject("appliance"));
// deno-lint-ignore no-explicit-any -- Docker's own description of a container
const inspected: Record<string, any> = {};

beforeAll(async () => {
  // Another test may have ended a cluster just now, upon which the worker starts anew.
  await eventually(async () => {
    for (const service of everybody) inspected[service] = await appliance.inspect(service);
    return running.every((service) => inspected[service].State.Health?.Status === "healthy");
  });
});

describe.each(everybody)("the container of %s", (service) => {
  it("runs as nobody of importance, without a capability, and cannot gain any", async () => {
    const { Config, HostConfig } = inspected[service];
    expect(HostConfig.CapDrop).toEqual(["ALL"]);
    expect(HostConfig.CapAdd ?? []).toEqual([]);
    expect(HostConfig.SecurityOpt).toContain("no-new-privileges:true");
    expect(HostConfig.Privileged).toBe(false);
    expect(Config.User).toMatch(/^100\d\d:100\d\d$/);
    if (!running.includes(service)) return;
    const status = await appliance.exec(service, "cat", "/proc/1/status");
    expect(status).toMatch(new RegExp(`^Uid:\\s+${users[service]}\\s+${users[service]}`, "m"));
    expect(status).toMatch(/^CapEff:\s+0{16}$/m);
    expect(status).toMatch(/^NoNewPrivs:\s+1$/m);
  });

  it("can change nothing of its image", async () => {
    expect(inspected[service].HostConfig.ReadonlyRootfs).toBe(true);
    if (!running.includes(service)) return;
    await expect(appliance.exec(service, "touch", "/usr/bin/planted")).rejects.toThrow(
      /Read-only file system/,
    );
  });

  it("has bounds for memory, processes and logs", () => {
    const { HostConfig: { Memory, PidsLimit, LogConfig } } = inspected[service];
    expect(Memory).toBeGreaterThan(0);
    expect(PidsLimit).toBeGreaterThan(0);
    expect(LogConfig.Config).toMatchObject({ "max-size": "10m", "max-file": "3" });
  });

  it("shares nothing with the host and never sees Docker's socket", () => {
    const { HostConfig, Mounts } = inspected[service];
    for (const mode of ["PidMode", "UTSMode", "UsernsMode"]) expect(HostConfig[mode]).toBe("");
    expect(HostConfig.NetworkMode).not.toBe("host");
    expect(HostConfig.IpcMode).toBe("private");
    expect(HostConfig.Devices ?? []).toEqual([]);
    const binds = (Mounts as { Type: string; Destination: string; RW: boolean }[]).filter(({ Type }) =>
      Type === "bind"
    );
    // The folders tls/, ca/ and credentials/ beside compose.yaml, to be read.
    const folders: Record<string, string[]> = {
      init: ["/ca", "/credentials", "/own"],
      certs: ["/ca", "/own"],
    };
    expect(binds.map(({ Destination, RW }) => [Destination, RW]).toSorted()).toEqual(
      (folders[service] ?? []).map((folder) => [folder, false]),
    );
  });
});

it.each(running)("%s is asked how it is, and Docker starts it again when it dies", (service) => {
  const { Config, HostConfig, State } = inspected[service];
  expect(Config.Healthcheck.Test.length).toBeGreaterThan(1);
  expect(State.Health.Status).toBe("healthy");
  expect(HostConfig.RestartPolicy.Name).toBe("unless-stopped");
});

it("only the proxy can be reached from outside", () => {
  const published = everybody.filter((service) =>
    Object.keys(inspected[service].HostConfig.PortBindings ?? {}).length > 0
  );
  expect(published).toEqual(["proxy"]);
});

describe("secrets", () => {
  /** Every secret of the installation, by its name. */
  let secrets: Record<string, string>;

  beforeAll(async () => {
    const listed = await docker([
      "run",
      "--rm",
      "--user",
      "0",
      "--volume",
      `${inject("appliance").project}_vault:/vault:ro`,
      "--entrypoint",
      "sh",
      "debian:trixie-slim",
      "-c",
      `cd /vault; for f in *; do printf '%s %s\\n' "$f" "$(cat "$f")"; done`,
    ]);
    secrets = Object.fromEntries(
      listed.trim().split("\n").map((line) => line.split(" ") as [string, string]),
    );
    expect(Object.keys(secrets)).toContain("master_key");
  });

  it("stand in no environment, no description of a container, no list of processes and no image", async () => {
    const images = new Set(everybody.map((service) => inspected[service].Config.Image as string));
    const places = {
      inspect: JSON.stringify(inspected),
      processes: (await Promise.all(
        running.map(async (service) =>
          docker(["top", await appliance.container(service), "-eo", "pid,args"])
        ),
      )).join(),
      history: (await Promise.all([...images].map((image) => docker(["history", "--no-trunc", image]))))
        .join(),
      environment:
        (await Promise.all(running.map((service) => appliance.exec(service, "cat", "/proc/1/environ"))))
          .join(),
    };
    expect(places.processes).toContain("postgres");
    const found = Object.entries(places).flatMap(([place, text]) =>
      Object.entries(secrets).filter(([, value]) => text.includes(value)).map(([name]) =>
        `${name} in ${place}`
      )
    );
    expect(found).toEqual([]);
  });

  it("are in no log but for the set-up link, which init is asked for", async () => {
    const logs = await Promise.all(
      everybody.map(async (service) => [service, await appliance.compose("logs", service)] as const),
    );
    const found = logs.flatMap(([service, text]) =>
      Object.entries(secrets).filter(([, value]) => text.includes(value)).map(([name]) =>
        `${name} in ${service}`
      )
    );
    expect(found).toEqual(["setup_token in init"]);
  });

  it.each(handed.filter((service) => service !== "migrate"))(
    "%s holds its own and no others, and may only read them",
    async (service) => {
      const listing = await appliance.exec(service, "sh", "-c", "cd /run/fleethold && stat -c '%a %n' *");
      const modes = Object.fromEntries(
        listing.trim().split("\n").map((line) => line.split(" ").toReversed() as [string, string]),
      );
      expect(new Set(Object.values(modes))).toEqual(new Set(["440"]));
      expect(Object.keys(modes).toSorted()).toEqual(expectedFiles(service).toSorted());
      await expect(appliance.exec(service, "touch", "/run/fleethold/planted")).rejects.toThrow(
        /Read-only|Permission denied/,
      );
    },
  );

  function expectedFiles(service: Service): string[] {
    const { secrets, verifiers, answers } = handovers[service];
    return [
      ...secrets,
      ...verifiers.map((name) => name.replace("password", "verifier")),
      "installation_id",
      "authority.pem",
      "trust.pem",
      ...(answers || service === "proxy" ? ["tls.pem"] : []),
      ...(service === "proxy"
        ? ["token.map", "facts.map", "host.lst", "aliases.lst", "fleethold-ca.mobileconfig"]
        : []),
    ];
  }
});

describe("backups", () => {
  it("are readable for the service that makes them, and for the one that copies them, which changes none", async () => {
    const file = "/var/lib/backup/repository/data/archive/data/archive.info";
    // The first backup begins once both clusters have answered.
    await eventually(async () => {
      const found = await appliance.exec("backup", "sh", "-c", `ls ${file} || true`);
      return found.trim() === file;
    }, 2);
    const copied = file.replace("/var/lib/backup", "");
    expect(await appliance.exec("offsite", "cat", copied)).not.toBe("");
    await expect(appliance.exec("offsite", "touch", copied)).rejects.toThrow(
      /Read-only file system|Permission denied/,
    );
    for (const mine of ["streamed", "state"]) {
      await expect(appliance.exec("offsite", "ls", `/var/lib/backup/${mine}`)).rejects.toThrow(
        /No such file/,
      );
    }
  });

  it("are encrypted before they reach the disk", async () => {
    const name = await appliance.exec(
      "backup",
      "sh",
      "-c",
      "head -c 8 $(find /var/lib/backup/repository -name archive.info | head -n 1)",
    );
    expect(name).toBe("Salted__");
  });

  it.each(["db", "keys"])("of the other cluster are not for %s", async (cluster) => {
    const [own, other] = cluster === "db" ? ["data", "keys"] : ["keys", "data"];
    const ls = (stanza: string) =>
      appliance.exec(
        cluster,
        "sh",
        "-c",
        `sed 's/^\\[${own}\\]/[${stanza}]/' /run/postgresql/pgbackrest.conf > /tmp/as.conf; chmod 600 /tmp/as.conf
         pgbackrest --config=/tmp/as.conf --stanza=${stanza} --log-level-stderr=error repo-ls; code=$?; rm /tmp/as.conf; exit $code`,
      );
    expect(await ls(own!)).toContain("archive");
    await expect(ls(other!)).rejects.toThrow(/access denied/i);
  });
});

describe("inside an instance of the API", () => {
  /** Runs code in the container with the permissions of the process that runs there. */
  async function attempt(code: string): Promise<string> {
    const commandLine = await appliance.exec("api-a", "cat", "/proc/1/cmdline");
    const flags = commandLine.split("\0").filter((word) => word.startsWith("--"));
    expect(flags.join(" ")).toContain("--allow-net=0.0.0.0:8443");
    const script = `try { ${code}; console.log("allowed") } catch (error) { console.log(error.name) }`;
    const quoted = [...flags, "/tmp/attempt.ts"].map((word) => `'${word}'`).join(" ");
    return (await appliance.exec(
      "api-a",
      "sh",
      "-c",
      `printf '%s' "$1" > /tmp/attempt.ts; exec deno run ${quoted}`,
      "sh",
      script,
    )).trim();
  }

  it.each([
    ["reads the system's list of accounts", `Deno.readTextFileSync("/etc/passwd")`],
    ["reads another service's folder", `Deno.readTextFileSync("/run/fleethold/installation_id")`],
    ["starts a program", `new Deno.Command("/bin/true").outputSync()`],
    ["connects elsewhere", `await Deno.connect({ hostname: "192.0.2.1", port: 443 })`],
    ["connects to itself by another name", `await Deno.connect({ hostname: "127.0.0.1", port: 22 })`],
    ["writes a file", `Deno.writeTextFileSync("/tmp/planted", "")`],
    ["loads native code", `Deno.dlopen("/lib/x86_64-linux-gnu/libc.so.6", {})`],
  ])("nobody who takes it over %s", async (_, code) => {
    expect(await attempt(code)).toBe("NotCapable");
  });

  it("what it needs it gets", async () => {
    expect(
      await attempt(
        `Deno.readTextFileSync("/run/fleethold/authority.pem"); (await Deno.connect({ hostname: "db", port: 5432 })).close()`,
      ),
    ).toBe("allowed");
  });
});

describe("networks", () => {
  let outside: Outside | undefined;
  beforeAll(async () => {
    outside = await startOutside();
  });
  afterAll(() => outside?.end());

  const reaches = async (service: string, host: string, port: number) => {
    const asked = `timeout 4 bash -c 'exec 3<>/dev/tcp/${host}/${port}' 2>/dev/null && echo yes || echo no`;
    return (await appliance.exec(service, "bash", "-c", asked)).trim() === "yes";
  };

  it("let nobody out but who sends alerts, asks identity providers, copies backups, or asks for certificates", async ({ skip }) => {
    if (!outside) skip("only root can make a host outside of Docker's networks to be reached");
    const { address, port } = outside!;
    const isOut = await Promise.all(running.map((service) => reaches(service, address, port)));
    expect(running.filter((_, index) => isOut[index])).toEqual(["worker", "outbound", "offsite", "acme"]);
  });

  it("let each service reach what it works with and nothing else", async () => {
    const ways: [string, string, number, boolean][] = [
      ["api-a", "db", 5432, true],
      ["api-a", "keys", 5432, true],
      ["worker", "db", 5432, true],
      ["proxy", "api-a", 8443, true],
      ["proxy", "acme", 8402, false], // nothing listens there, and yet the name is known
      ["proxy", "db", 5432, false],
      ["proxy", "keys", 5432, false],
      ["db", "keys", 5432, false],
      ["keys", "db", 5432, false],
      ["db", "proxy", 8443, false],
      ["acme", "db", 5432, false],
      ["acme", "api-a", 8443, false],
      ["certs", "db", 5432, false],
      ["backup", "db", 5432, true],
      ["backup", "keys", 5432, true],
      ["backup", "db", 8432, true],
      ["backup", "keys", 8432, true],
      ["db", "backup", 8432, true],
      ["keys", "backup", 8432, true],
      ["backup", "api-a", 8443, false],
      ["api-a", "backup", 8432, false],
      ["worker", "backup", 8432, false],
      ["offsite", "backup", 8432, false],
      ["api-a", "outbound", 8443, true],
      ["api-b", "outbound", 8443, true],
      ["proxy", "outbound", 8443, false],
      ["worker", "outbound", 8443, false],
      ["outbound", "db", 5432, false],
      ["outbound", "keys", 5432, false],
      ["outbound", "backup", 8432, false],
      ["offsite", "db", 5432, false],
      ["acme", "backup", 8432, false],
    ];
    const found = await Promise.all(ways.map(([from, to, port]) => reaches(from, to, port)));
    const wrong = ways.filter(([, , , wanted], index) => found[index] !== wanted);
    expect(wrong).toEqual([]);
  });

  it("carry nothing to an API that did not come through the proxy", async () => {
    const direct =
      `fetch("https://api-b:8443/api/setup").then(async (r) => console.log(r.status, (await r.json()).slug))`;
    const said = await appliance.exec(
      "api-a",
      "sh",
      "-c",
      `DENO_CERT=/run/fleethold/authority.pem deno eval '${direct}'`,
    );
    expect(said.trim()).toBe("403 not-through-proxy");
  });
});

describe("the clusters", () => {
  /** Tries to sign in to a cluster from a network it listens on, and answers what psql said. */
  async function signIn(cluster: "db" | "keys", connection: string): Promise<string> {
    const { project } = inject("appliance");
    const network = cluster === "db" ? "data" : "keys";
    const command = `psql "host=${cluster} dbname=fleethold ${connection}" -c 'select 1' 2>&1; true`;
    return await docker([
      "run",
      "--rm",
      "--network",
      `${project}_${network}`,
      "--volume",
      `${project}_handover-acme:/trust:ro`,
      "--user",
      "0",
      "--env",
      "PGPASSWORD=a-guess",
      "--env",
      "PGCONNECT_TIMEOUT=5",
      "--entrypoint",
      "sh",
      "fleethold/db:0.1.0",
      "-c",
      command,
    ]);
  }

  it.each(["db", "keys"] as const)(
    "%s lets nobody in without TLS, and nobody at all as its superuser",
    async (cluster) => {
      expect(await signIn(cluster, "user=fleethold_app sslmode=disable")).toMatch(
        /no pg_hba.conf entry .* no encryption/,
      );
      expect(await signIn(cluster, "user=postgres sslmode=require")).toMatch(/no pg_hba.conf entry/);
      const checked = "sslmode=verify-full sslrootcert=/trust/authority.pem";
      expect(await signIn(cluster, `user=fleethold_app ${checked}`)).toMatch(
        /password authentication failed/,
      );
    },
  );

  it("are reached by TLS 1.3 with a certificate that names them", async () => {
    const sql =
      "select distinct usename, ssl, version from pg_stat_ssl join pg_stat_activity using (pid) where usename = 'fleethold_app'";
    for (const cluster of ["db", "keys"]) {
      expect((await appliance.exec(cluster, "psql", "-qAt", "-d", "fleethold", "-c", sql)).trim()).toBe(
        "fleethold_app|t|TLSv1.3",
      );
    }
  });
});
