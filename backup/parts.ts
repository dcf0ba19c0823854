import type { Logger } from "../server/platform/log.ts";
import { Files } from "./files.ts";
import { LiveCluster } from "./live.ts";
import { PgBackRest } from "./pgbackrest.ts";
import { Programs } from "./program.ts";
import { type ClusterName, Places, type Settings } from "./settings.ts";

/** What everything in here works with, put together once. */
export interface Parts {
  settings: Settings;
  places: Places;
  programs: Programs;
  files: Files;
  pgBackRest: PgBackRest;
  data: LiveCluster;
  keys: LiveCluster;
  log: Logger;
}

export function assemble(settings: Settings, log: Logger): Parts {
  const places = new Places(settings);
  const programs = new Programs(settings);
  return {
    settings,
    places,
    programs,
    files: new Files(settings),
    pgBackRest: new PgBackRest(settings, places, programs),
    data: new LiveCluster("data", settings, log),
    keys: new LiveCluster("keys", settings, log),
    log,
  };
}

export const liveOf = (parts: Parts, cluster: ClusterName): LiveCluster => parts[cluster];
