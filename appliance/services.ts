import { appSecrets } from "../scripts/installation/permissions.ts";
import type { SecretName } from "../scripts/installation/secrets.ts";

/** The appliance's services that are handed files: secrets, certificates, and whom to trust. */
export type Service =
  | "proxy"
  | "api-a"
  | "api-b"
  | "worker"
  | "outbound"
  | "migrate"
  | "db"
  | "keys"
  | "backup"
  | "offsite"
  | "acme";

const targetCredentials = [
  "ssh_key",
  "known_hosts",
  "s3_access_key",
  "s3_secret_key",
  "s3_region",
  "rest_user",
  "rest_password",
] as const;
type TargetCredential = (typeof targetCredentials)[number];

/**
 * What an operator may put into the folder credentials/: what others gave them for services of theirs. In its folder
 * keys/ lies what is for FLEETHOLD_OFFSITE_KEYS.
 */
export type Credential =
  | "smtp_password"
  | "alert_secret"
  | "sso_providers"
  | TargetCredential
  | `keys/${TargetCredential}`;

/** What one service is handed, and nothing else of what there is. */
interface Handover {
  /** Secrets as they are. */
  secrets: SecretName[];
  /** Passwords of which only the SCRAM verifier (RFC 5803) is needed. */
  verifiers: SecretName[];
  /** What the operator gave for a service of somebody else. */
  credentials?: Credential[];
  /** Whether it answers by TLS inside the bundle, under its service name. */
  answers: boolean;
}

const apiSecrets: SecretName[] = [...appSecrets, "setup_token", "proxy_token", "outbound_token"];

/** Least rights for files: the one table of who is handed what. */
export const handovers: Record<Service, Handover> = {
  proxy: { secrets: ["proxy_token"], verifiers: [], answers: false },
  "api-a": { secrets: apiSecrets, verifiers: [], credentials: ["sso_providers"], answers: true },
  "api-b": { secrets: apiSecrets, verifiers: [], credentials: ["sso_providers"], answers: true },
  worker: {
    secrets: appSecrets,
    verifiers: [],
    credentials: ["smtp_password", "alert_secret"],
    answers: false,
  },
  outbound: { secrets: ["outbound_token"], verifiers: [], answers: true },
  migrate: { secrets: ["data_migrator_password", "keys_migrator_password"], verifiers: [], answers: false },
  db: {
    secrets: [],
    verifiers: [
      "data_app_password",
      "data_migrator_password",
      "data_backup_password",
      "data_receiver_password",
    ],
    answers: true,
  },
  keys: {
    secrets: [],
    verifiers: [
      "keys_app_password",
      "keys_migrator_password",
      "keys_backup_password",
      "keys_receiver_password",
    ],
    answers: true,
  },
  backup: {
    secrets: [
      "data_backup_password",
      "data_receiver_password",
      "data_backup_cipher",
      "keys_backup_password",
      "keys_receiver_password",
      "keys_backup_cipher",
    ],
    verifiers: [],
    answers: true,
  },
  offsite: {
    secrets: ["offsite_key"],
    verifiers: [],
    credentials: [...targetCredentials, ...targetCredentials.map((name) => `keys/${name}` as const)],
    answers: false,
  },
  acme: { secrets: [], verifiers: [], answers: false },
};

export const services = Object.keys(handovers) as Service[];
