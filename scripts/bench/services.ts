import { join } from "node:path";
import type pg from "pg";
import { BlindIndex } from "../../server/platform/blind_index.ts";
import { appSettings, readConfig } from "../../server/platform/config.ts";
import { type DataTables, type KeysTables, kyselyOver, openPool } from "../../server/platform/database.ts";
import { KeyStore } from "../../server/platform/keys.ts";
import { createLog } from "../../server/platform/log.ts";
import { noOutside } from "../../server/platform/outside.ts";
import type { Services } from "../../server/platform/services.ts";
import { runningInstallation } from "../embedded/lock.ts";

/** The variables that `serve` and `work` of a running installation are started with. */
export async function environmentOf(directory: string): Promise<Record<string, string>> {
  const running = await runningInstallation(directory);
  if (!running) throw new Error(`No installation runs in ${directory}`);
  const secret = (name: string) => join(directory, "secrets", name);
  return {
    FLEETHOLD_DATA_URL: `postgres://fleethold_app@127.0.0.1:${running.dataPort}/fleethold`,
    FLEETHOLD_DATA_PASSWORD_FILE: secret("data_app_password"),
    FLEETHOLD_KEYS_URL: `postgres://fleethold_app@127.0.0.1:${running.keysPort}/fleethold`,
    FLEETHOLD_KEYS_PASSWORD_FILE: secret("keys_app_password"),
    FLEETHOLD_MASTER_KEY_FILE: secret("master_key"),
    FLEETHOLD_SEARCH_KEY_FILE: secret("search_key"),
    FLEETHOLD_PEPPER_FILE: secret("pepper"),
    FLEETHOLD_SETUP_TOKEN_FILE: secret("setup_token"),
    FLEETHOLD_PUBLIC_URL: running.url,
  };
}

export interface OpenedServices {
  services: Services;
  pools: Record<"data" | "keys", pg.Pool>;
  close(): Promise<unknown>;
}

/** Opens what `serve` opens, as the same database roles: for filling an installation and for variants of the server. */
export function openServices(
  environment: Record<string, string>,
  connections: number,
  makeKeys = (...given: ConstructorParameters<typeof KeyStore>) => new KeyStore(...given),
): OpenedServices {
  const config = readConfig(appSettings, environment, Deno.readTextFileSync);
  const log = createLog("info", "bench");
  const pool = (cluster: "DATA" | "KEYS", size: number) =>
    openPool({
      url: config[`FLEETHOLD_${cluster}_URL`],
      password: config[`FLEETHOLD_${cluster}_PASSWORD`],
      size,
      name: "fleethold-bench",
      log,
    });
  const pools = { data: pool("DATA", connections), keys: pool("KEYS", 4) };
  const services: Services = {
    config,
    log,
    db: kyselyOver<DataTables>(pools.data),
    keys: makeKeys(kyselyOver<KeysTables>(pools.keys), config.FLEETHOLD_MASTER_KEY),
    blindIndex: new BlindIndex(config.FLEETHOLD_SEARCH_KEY),
    outside: noOutside,
  };
  return { services, pools, close: () => Promise.all([pools.data.end(), pools.keys.end()]) };
}
