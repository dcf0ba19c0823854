import type { SecretName } from "../installation/secrets.ts";

/** The secrets of an embedded installation. */
export const embeddedSecrets = [
  "master_key",
  "search_key",
  "pepper",
  "setup_token",
  "outbound_token",
  "data_app_password",
  "data_migrator_password",
  "data_superuser_password",
  "data_backup_password",
  "data_receiver_password",
  "data_backup_cipher",
  "keys_app_password",
  "keys_migrator_password",
  "keys_superuser_password",
  "keys_backup_password",
  "keys_receiver_password",
  "keys_backup_cipher",
] as const satisfies SecretName[];
export type EmbeddedSecret = (typeof embeddedSecrets)[number];
