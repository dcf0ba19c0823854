import type { SecretName } from "./secrets.ts";

/** The programs of server/main.ts that are started from outside. */
export type Program = "serve" | "work" | "outbound" | "migrate" | "demo" | "operate";

/** What a program may need to reach, by the name used in the table below. */
export type Place =
  | SecretName
  | "listen"
  /** Where only this host or container asks how it is doing. */
  | "probes"
  | "data"
  | "keys"
  /** The mail server and the webhook that alerts go to, and what the operator was given by others for them. */
  | "smtp"
  | "smtp_password"
  | "smtp_authority"
  | "webhook"
  | "alert_secret"
  /** The identity providers that the operator set up in a file. */
  | "sso_providers"
  /** The program of that name, by which `serve` asks outside. */
  | "outbound"
  /** The certificate and key a program answers with, and the authority it trusts for the clusters. */
  | "certificate"
  | "authority"
  | "server"
  | "migrations"
  | "modules"
  | "web";

interface Permissions {
  /** Hosts and ports it connects to or listens on. */
  net: Place[] | "any";
  /** Files and directories it reads (its own code needs no permission). */
  read: Place[];
  /** Facts about the system, as in Deno's --allow-sys. */
  sys: string[];
}

/** What whoever acts as the app is handed. */
export const appSecrets: SecretName[] = [
  "master_key",
  "search_key",
  "pepper",
  "data_app_password",
  "keys_app_password",
];

/**
 * What each process may do, as narrow as it can work with: nobody writes files, runs programs or loads native code.
 * The embedded start and the appliance's containers use the same table.
 */
export const permissions: Record<Program, Permissions> = {
  serve: {
    net: ["listen", "probes", "data", "keys", "outbound"],
    read: [
      ...appSecrets,
      "setup_token",
      "sso_providers",
      "proxy_token",
      "outbound_token",
      "certificate",
      "authority",
      "server",
      "modules",
      "web",
    ],
    sys: ["hostname", "homedir"],
  },
  work: {
    net: ["listen", "data", "keys", "smtp", "webhook"],
    read: [
      ...appSecrets,
      "smtp_password",
      "smtp_authority",
      "alert_secret",
      "authority",
      "server",
      "modules",
    ],
    sys: ["hostname", "homedir"],
  },
  outbound: {
    // Which identity provider a company has is typed into a page, so Deno cannot be told whom it may reach: the program
    // checks every address itself. In the appliance it shares a network with both instances of the API, and none with a
    // cluster.
    net: "any",
    read: ["outbound_token", "certificate", "server", "modules"],
    sys: ["hostname", "homedir"],
  },
  migrate: {
    net: ["data", "keys"],
    read: [
      "data_migrator_password",
      "keys_migrator_password",
      "authority",
      "server",
      "migrations",
      "modules",
    ],
    sys: ["hostname", "homedir"],
  },
  demo: {
    net: ["data", "keys"],
    read: [...appSecrets, "authority", "server", "modules"],
    sys: ["hostname", "homedir"],
  },
  operate: {
    net: ["data", "keys"],
    read: [...appSecrets, "authority", "server", "modules"],
    sys: ["hostname", "homedir"],
  },
};

/**
 * The arguments of `deno run` for the program; `places` says where this installation keeps what the table names. What
 * an installation does not have, such as certificates in the embedded start, is not allowed either.
 */
export function permissionFlags(program: Program, places: Partial<Record<Place, string>>): string[] {
  const { net, read, sys } = permissions[program];
  const at = (names: Place[]) => names.flatMap((name) => places[name] ?? []).join(",");
  return [
    "--no-prompt",
    "--cached-only",
    net === "any" ? "--allow-net" : `--allow-net=${at(net)}`,
    `--allow-read=${at(read)}`,
    // The environment is cleared before it is filled, and a misspelt FLEETHOLD_* can only be refused if it is seen.
    "--allow-env",
    `--allow-sys=${sys.join(",")}`,
  ];
}
