import type { TestProject } from "vitest/node";
import { join } from "node:path";
import { Appliance, type ApplianceFacts } from "../../scripts/bench/appliance.ts";
import { setUp } from "../../scripts/bench/installation.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** The appliance that runs for all of these tests. */
    appliance: ApplianceFacts;
    /** The company's owner, signed in. */
    owner: { cookie: string; siteId: string };
    /** Stand for the folders tls/, ca/ and credentials/ beside compose.yaml. */
    folders: Folders;
  }
}

interface Folders {
  tls: string;
  ca: string;
  credentials: string;
}

/** Builds and starts the real bundle once, with folders beside compose.yaml that are not the checkout's. */
export default async function setup(project: TestProject) {
  const directory = await Deno.makeTempDir({ prefix: "fleethold-compose-" });
  const folders = await makeFolders(directory);
  const override = join(directory, "override.yaml");
  await Deno.writeTextFile(override, withFolders(folders));
  const appliance = await Appliance.start("fleethold-test", {
    overrides: [override],
    settings: { FLEETHOLD_CLIENT_RATE: "20000" },
  });
  const { cookie, siteId } = await setUp(
    appliance.url,
    await appliance.setupToken(),
    await appliance.client(),
  );
  project.provide("appliance", appliance.facts);
  project.provide("owner", { cookie, siteId });
  project.provide("folders", folders);
  return async () => {
    await appliance.end();
    await Deno.remove(directory, { recursive: true });
  };
}

/** Folders that stand for those beside compose.yaml. */
export async function makeFolders(directory: string): Promise<Folders> {
  const folders = {
    tls: join(directory, "tls"),
    ca: join(directory, "ca"),
    credentials: join(directory, "credentials"),
  };
  for (const path of [directory, ...Object.values(folders)]) {
    await Deno.mkdir(path, { recursive: true });
    await Deno.chmod(path, 0o755);
  }
  return folders;
}

/** A compose file that puts other folders in the place of tls/, ca/ and credentials/. */
export const withFolders = ({ tls, ca, credentials }: Folders): string => {
  const certificates = [`${tls}:/own:ro`, `${ca}:/ca:ro`];
  return JSON.stringify({
    services: {
      certs: { volumes: certificates },
      init: { volumes: [...certificates, `${credentials}:/credentials:ro`] },
    },
  });
};
