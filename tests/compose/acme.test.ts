import { join } from "node:path";
import { connect, type PeerCertificate } from "node:tls";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Authority } from "../../appliance/authority.ts";
import { Appliance } from "../../scripts/bench/appliance.ts";
import { eventually } from "../harness/launcher.ts";
import { makeFolders, withFolders } from "./setup.ts";

/** A name as public as any; only the networks of this test know it. */
const host = "fleet.kestrel-trial.com";

let appliance: Appliance;
let directory: string;

beforeAll(async () => {
  directory = await Deno.makeTempDir({ prefix: "fleethold-acme-" });
  const folders = await makeFolders(directory);
  // The authority's own server is certified by the company, whose root lies in ca/ as an operator would put it.
  const company = await Authority.create("company");
  const { chain, key } = await (await Authority.open(company)).issue(["pebble"], 86_400);
  await Deno.writeTextFile(join(folders.ca, "company.crt"), company.chain);
  await Deno.writeTextFile(join(directory, "pebble.pem"), chain + key);
  await Deno.writeTextFile(join(directory, "pebble.json"), JSON.stringify(pebbleSettings));
  await Deno.writeTextFile(join(directory, "Dockerfile"), pebbleImage);
  const override = join(directory, "override.yaml"), replaced = join(directory, "folders.yaml");
  await Deno.writeTextFile(override, JSON.stringify(withPebble(directory)));
  await Deno.writeTextFile(replaced, withFolders(folders));
  appliance = await Appliance.start("fleethold-acme", {
    overrides: [override, replaced],
    settings: {
      FLEETHOLD_HOST: host,
      FLEETHOLD_ACME_MAIL: "it@kestrel-trial.com",
      FLEETHOLD_ACME_SERVER: "https://pebble:14000/dir",
    },
  });
});

afterAll(async () => {
  await appliance?.end();
  await Deno.remove(directory, { recursive: true });
});

describe("with a mail address for ACME", () => {
  it("browsers get the public authority's certificate, and nothing has to be installed", async () => {
    await eventually(async () => String((await served()).issuer.CN).startsWith("Pebble"), 2);
    const { subjectaltname } = await served();
    expect(subjectaltname).toBe(`DNS:${host}`);
    const page = await fetch(`http://localhost:${appliance.facts.httpPort}/ca`, { headers: { host } });
    expect(await page.text()).not.toContain("fleethold-ca.crt");
    expect((await appliance.compose("ps", "--format", "{{.Health}}", "acme")).trim()).toBe("healthy");
  });

  it("under a public name browsers are told never to come without TLS again", async () => {
    const headers = await appliance.exec(
      "api-a",
      "sh",
      "-c",
      `DENO_CERT=/run/fleethold/authority.pem deno eval 'const r = await fetch("https://api-b:8443/healthz"); console.log(r.headers.get("strict-transport-security"))'`,
    );
    expect(headers.trim()).toBe("max-age=63072000; includeSubDomains");
  });
});

async function served(): Promise<PeerCertificate> {
  return await new Promise((resolve, reject) => {
    // Pebble's roots are made anew at each start, and nobody is meant to trust them.
    const options = {
      host: "127.0.0.1",
      port: appliance.facts.httpsPort,
      servername: host,
      rejectUnauthorized: false,
    };
    const socket = connect(options, () => {
      resolve(socket.getPeerCertificate());
      socket.destroy();
    });
    socket.once("error", reject);
  });
}

/** Pebble, the ACME test server of Let's Encrypt, as Debian has it. */
const pebbleImage = `FROM debian:trixie-slim
RUN apt-get -q update && apt-get -q install -y --no-install-recommends pebble
`;

const pebbleSettings = {
  pebble: {
    listenAddress: "0.0.0.0:14000",
    managementListenAddress: "0.0.0.0:15000",
    certificate: "/pebble/pebble.pem",
    privateKey: "/pebble/pebble.pem",
    // Where the authority looks for the answer to its challenge: the proxy's port for plain HTTP, as within Docker.
    httpPort: 8080,
    tlsPort: 8443,
  },
};

const withPebble = (directory: string) => ({
  services: {
    pebble: {
      build: { context: directory },
      command: ["pebble", "-config", "/pebble/pebble.json"],
      environment: { PEBBLE_VA_NOSLEEP: "1" },
      volumes: [`${directory}:/pebble:ro`],
      // Not on the way out, where nobody sees anybody else.
      networks: ["edge", "proxy-acme"],
    },
    proxy: { networks: { edge: { aliases: [host] } } },
  },
});
