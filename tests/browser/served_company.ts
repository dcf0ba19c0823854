import { freePorts } from "../../scripts/embedded/ports.ts";
import { ensureWebUi, webDirectory } from "../../scripts/embedded/web_ui.ts";
import { createApp } from "../../server/app.ts";
import { migrate } from "../../server/migrate.ts";
import { createLog } from "../../server/platform/log.ts";
import { Metrics } from "../../server/platform/metrics.ts";
import { Company } from "../harness/app.ts";
import { startTestClusters } from "../harness/cluster.ts";
import { urlOf } from "../harness/global.ts";

/** A company with clusters of its own and the web UI before it, all in this process, so that a test can reach in. */
export interface ServedCompany {
  company: Company;
  url: string;
  stop(): Promise<void>;
}

/** @param host by which browsers reach it on this machine: `127.0.0.1`, or `localhost` where a name is needed */
export async function serveCompany(host: string): Promise<ServedCompany> {
  await ensureWebUi();
  const clusters = await startTestClusters();
  await migrate({
    FLEETHOLD_DATA_URL: urlOf(clusters.data.port, "fleethold_migrator", "fleethold"),
    FLEETHOLD_DATA_PASSWORD: clusters.passwords.migrator,
    FLEETHOLD_KEYS_URL: urlOf(clusters.keys.port, "fleethold_migrator", "fleethold"),
    FLEETHOLD_KEYS_PASSWORD: clusters.passwords.migrator,
  }, createLog("silent", "test"));
  const company = new Company(clusters, "fleethold");
  await company.found();
  const port = freePorts(1)[0]!;
  const url = `http://${host}:${port}`;
  company.services.config.FLEETHOLD_PUBLIC_URL = url;
  const app = createApp(company.services, new Metrics({}), webDirectory(), company.live);
  const server = Deno.serve({ port, hostname: "127.0.0.1", onListen: () => {} }, app.fetch);
  return {
    company,
    url,
    async stop() {
      await server.shutdown();
      await company.close();
      await clusters.stop();
    },
  };
}
