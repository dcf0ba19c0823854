import type { BlindIndex } from "./blind_index.ts";
import type { Config } from "./config.ts";
import type { Database } from "./database.ts";
import type { KeyStore } from "./keys.ts";
import type { Logger } from "./log.ts";
import type { Outside } from "./outside.ts";

/** What a process opens once and every slice may use. */
export interface Services {
  config: Config;
  log: Logger;
  db: Database;
  keys: KeyStore;
  blindIndex: BlindIndex;
  outside: Outside;
}
