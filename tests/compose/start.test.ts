import { X509Certificate } from "node:crypto";
import { describe, expect, inject, it } from "vitest";
import { Appliance, docker } from "../../scripts/bench/appliance.ts";
import { checkout } from "../../scripts/embedded/program.ts";
import { plain } from "./plain_http.ts";

const appliance = new Appliance(inject("appliance"));
const { project } = inject("appliance");
const lasting = [
  "proxy",
  "api-a",
  "api-b",
  "worker",
  "outbound",
  "db",
  "keys",
  "backup",
  "offsite",
  "certs",
  "acme",
];

/** Runs a one-shot once more and answers what it said and its exit code. */
async function runOnce(service: string, ...env: string[]) {
  const args = ["compose", "run", "--rm", "--no-deps", ...env.flatMap((line) => ["--env", line]), service];
  const { code, stdout, stderr } = await new Deno.Command("docker", {
    args,
    env: appliance.environment(),
    cwd: checkout,
    stdin: "null",
  }).output();
  return { code, said: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
}

const handedTo = (service: string) => appliance.exec(service, "sh", "-c", "cd /run/fleethold && sha256sum *");

describe("the command that starts everything", () => {
  it("changes nothing when it is given again", async () => {
    // Compose 2.26 takes what was started alone, as `scripts/fleethold restart` does, for another configuration.
    await appliance.compose("up", "--wait");
    const containers = () => Promise.all(lasting.map((service) => appliance.container(service)));
    const before = {
      containers: await containers(),
      files: await Promise.all(lasting.slice(0, 8).map(handedTo)),
    };
    await appliance.compose("up", "--wait");
    const after = {
      containers: await containers(),
      files: await Promise.all(lasting.slice(0, 8).map(handedTo)),
    };
    expect(after).toEqual(before);
    const { cookie } = inject("owner");
    expect((await appliance.fetch("/api/session", { headers: { cookie } })).status).toBe(200);
  });

  it("stops at a setting that cannot be, names it and says what was probably meant", async () => {
    const { code, said } = await runOnce("init", "FLEETHOLD_HOTS=fleet.lan", "FLEETHOLD_HTTP_PORT=http");
    expect(code).toBe(78);
    expect(said).toContain("FLEETHOLD_HOTS is not a setting; did you mean FLEETHOLD_HOST?");
    expect(said).toContain("FLEETHOLD_HTTP_PORT must be a port from 1 to 65535");
    expect(said).toContain("hint: ");
    expect(said).not.toMatch(/^ {4}at /m);
  });

  it("tells once more how to set up, and the same link", async () => {
    const { code, said } = await runOnce("init");
    expect(code).toBe(0);
    expect(said).toContain("the secrets are there");
    expect(said).toContain(`${appliance.url}/setup#${await appliance.setupToken()}`);
  });
});

it("another name in .env is certified and answered once the command is given again", async () => {
  const renamed = new Appliance({
    ...appliance.facts,
    settings: { ...appliance.facts.settings, FLEETHOLD_HOST_ALIASES: "fleet.lan, 192.0.2.20" },
  });
  const ask = () =>
    plain(appliance.facts.httpPort, "GET /orders HTTP/1.1\r\nHost: fleet.lan\r\nConnection: close\r\n\r\n");
  expect(await ask()).toMatch(/^HTTP\/1\.1 421/);
  try {
    await renamed.compose("up", "--wait");
    expect(await ask()).toMatch(/^HTTP\/1\.1 308/);
    expect(await ask()).toContain(`location: ${appliance.url}/orders`);
    const { subjectAltName } = new X509Certificate(
      await renamed.exec("proxy", "cat", "/run/fleethold/tls.pem"),
    );
    expect(subjectAltName).toContain("DNS:fleet.lan, IP Address:192.0.2.20");
  } finally {
    await appliance.compose("up", "--wait");
  }
});

it("a cluster that was lost is not begun anew while there are backups of it", async () => {
  const volume = `${project}-fresh`;
  try {
    await expect(
      appliance.compose("run", "--rm", "--no-deps", "--no-TTY", "-v", `${volume}:/var/lib/postgresql`, "db"),
    ).rejects.toThrow(
      /The data cluster is gone, and there are backups of it[^]*hint: scripts\/fleethold restore --cluster data/,
    );
  } finally {
    await docker(["volume", "rm", "--force", volume]);
  }
});

it("a cluster refuses to run with the secrets of another installation, and stays as it is", async () => {
  const volume = `${project}-foreign`;
  try {
    await docker([
      "run",
      "--rm",
      "--user",
      "0",
      "--volume",
      `${volume}:/to`,
      "--volume",
      `${project}_handover-db:/from:ro`,
      "--entrypoint",
      "sh",
      "fleethold/db:0.1.0",
      "-c",
      "cp /from/* /to/ && rm /to/installation_id && printf another > /to/installation_id && chown -R 10020:10020 /to",
    ]);
    await appliance.compose("stop", "db");
    const refused = docker([
      "run",
      "--rm",
      "--tmpfs",
      "/run/postgresql:uid=10020,gid=10020,mode=0700",
      "--volume",
      `${volume}:/run/fleethold:ro`,
      "--volume",
      `${project}_data:/var/lib/postgresql`,
      "fleethold/db:0.1.0",
    ]);
    await expect(refused).rejects.toThrow(
      /belongs to another installation[^]*hint: put back the volume vault/,
    );
  } finally {
    await appliance.compose("start", "db");
    await appliance.compose("up", "--wait", "--no-deps", "db");
    await docker(["volume", "rm", "--force", volume]);
  }
  const { cookie } = inject("owner");
  await expect.poll(async () => (await appliance.fetch("/api/session", { headers: { cookie } })).status, {
    timeout: 30_000,
  }).toBe(200);
});
