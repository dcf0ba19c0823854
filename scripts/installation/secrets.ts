import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { readIfExists, writeWhole } from "./files.ts";
import { exitCodes, Refusal } from "./refusal.ts";

/** Every secret of an installation: 32 random bytes each, in the encoding its reader expects. */
const encodings = {
  /** Wraps the data keys of all persons. */
  master_key: "base64",
  /** Keys the blind indexes. */
  search_key: "base64",
  /** Goes into every password hash. */
  pepper: "base64",
  /** Opens the set-up page once. */
  setup_token: "base64url",
  data_app_password: "base64url",
  data_migrator_password: "base64url",
  data_superuser_password: "base64url",
  data_backup_password: "base64url",
  data_receiver_password: "base64url",
  /** Encrypts the backups of this cluster. */
  data_backup_cipher: "base64url",
  keys_app_password: "base64url",
  keys_migrator_password: "base64url",
  keys_superuser_password: "base64url",
  keys_backup_password: "base64url",
  keys_receiver_password: "base64url",
  /** Encrypts the backups of this cluster. */
  keys_backup_cipher: "base64url",
  /** Encrypts once more what leaves for the offsite target. */
  offsite_key: "base64url",
  /** By it the appliance's API knows that a request came through the appliance's proxy. */
  proxy_token: "base64url",
  /** By it the service `outbound` knows that it is asked by the API. */
  outbound_token: "base64url",
  /** Says which installation a cluster belongs to, so that none is ever run with another one's secrets. */
  installation_id: "base64url",
} satisfies Record<string, "base64" | "base64url">;

export type SecretName = keyof typeof encodings;

/** The passwords of roles are set anew at each start, so a lost one can be replaced; these cannot. */
const irreplaceable = new Set<SecretName>([
  "master_key",
  "search_key",
  "pepper",
  "data_superuser_password",
  "keys_superuser_password",
  "installation_id",
]);

/**
 * Reads the named secrets in the directory (mode 0700, files 0600), after making those that are missing.
 *
 * @param isInUse whether a cluster exists already, which was written with the secrets of its time
 * @throws {Refusal} when a secret is missing that the clusters in use depend on
 */
export async function ensureSecrets<N extends SecretName>(
  directory: string,
  names: readonly N[],
  isInUse: boolean,
): Promise<Record<N, string>> {
  await Deno.mkdir(directory, { recursive: true, mode: 0o700 });
  const secrets = {} as Record<N, string>;
  for (const name of names) {
    const path = join(directory, name);
    const existing = await readIfExists(path);
    if (existing === undefined && isInUse && irreplaceable.has(name)) {
      throw new Refusal(
        `${path} is missing, and what is stored here cannot be opened without it`,
        "put the secrets folder back from your own copy",
        exitCodes.notStarted,
      );
    }
    secrets[name] = existing ?? randomBytes(32).toString(encodings[name]);
    if (existing === undefined) await writeWhole(path, secrets[name]);
  }
  return secrets;
}
