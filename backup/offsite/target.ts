import { join } from "node:path";
import { readText } from "../files.ts";
import { Fault } from "./fault.ts";

/** Where the copies go, as the operator wrote it. It holds no credentials. */
export type Target =
  | { kind: "sftp"; user: string; host: string; port: number; path: string }
  | { kind: "s3"; endpoint: string; bucket: string; prefix: string }
  | { kind: "rest"; url: string }
  | { kind: "folder" };

const forms =
  "must be folder, sftp://user@host:22/path, sftp:user@host:/path, s3:https://host/bucket/prefix or rest:https://host:8000/path";

/** The target, or what is wrong with the text. */
export function parseTarget(text: string): Target | string {
  if (text === "folder") return { kind: "folder" };
  if (text.startsWith("sftp:")) return parseSftp(text);
  const [, kind, address] = /^(s3|rest):(.+)$/.exec(text) ?? [];
  const url = address && URL.parse(address);
  if (!url || !/^https?:$/.test(url.protocol)) return forms;
  if (url.username || url.password) {
    return "must not hold credentials; they belong into files, see the handbook";
  }
  if (url.protocol === "http:" && !/^(127(\.\d+){3}|localhost|\[::1\])$/.test(url.hostname)) {
    return "must begin with https:// behind its kind";
  }
  const path = url.pathname.replace(/\/+$/, "");
  if (kind === "rest") return { kind, url: `${url.origin}${path}` };
  const [, bucket, ...prefix] = path.split("/");
  return bucket ? { kind: "s3", endpoint: url.origin, bucket, prefix: prefix.join("/") } : forms;
}

function parseSftp(text: string): Target | string {
  const [, user, host, port, path] =
    /^sftp:\/\/([^@/:\s]+)@([^@/:\s]+|\[[0-9a-f:]+\])(?::(\d{1,5}))?(\/\S*)$/i.exec(text) ??
      /^sftp:([^@/:\s]+)@([^@/:\s]+|\[[0-9a-f:]+\])()?:(\/\S*)$/i.exec(text) ?? [];
  if (!user || !host || !path || host.startsWith("-") || user.startsWith("-")) return forms;
  return { kind: "sftp", user, host, port: Number(port || 22), path: path.replace(/\/+$/, "") };
}

/** How a target is told to people. */
export function addressOf(target: Target): string {
  switch (target.kind) {
    case "folder":
      return "folder";
    case "sftp":
      return `sftp://${target.user}@${target.host}${
        target.port === 22 ? "" : `:${target.port}`
      }${target.path}`;
    case "s3":
      return `s3:${[target.endpoint, target.bucket, target.prefix].filter(Boolean).join("/")}`;
    case "rest":
      return `rest:${target.url}`;
  }
}

/**
 * The folder of a repository at the target. Not `data` and `keys`: servers of restic's REST protocol take those for
 * the names of what is inside a repository.
 */
export const folderOf = (cluster: "data" | "keys") => `fleethold-${cluster}`;

/** What is handed to the programs that speak with the target; it stays in their environment. */
export interface Credentials {
  sshKey?: string;
  knownHosts?: string;
  accessKey?: string;
  secretKey?: string;
  region?: string;
  user?: string;
  password?: string;
}

/**
 * Reads what the kind of target needs from the folder of credentials, anew each time: they may be replaced.
 * @throws {Fault} naming the file that is missing
 */
export async function readCredentials(target: Target, folder: string | undefined): Promise<Credentials> {
  const path = (name: string) => join(folder ?? "", name);
  const need = async (name: string) => {
    const text = folder === undefined ? undefined : (await readText(path(name)))?.trim();
    if (text) return text;
    throw new Fault(
      "credentials",
      `The credentials for ${addressOf(target)} lack the file ${name}`,
      `add it to the folder of credentials`,
    );
  };
  switch (target.kind) {
    case "folder":
      return {};
    case "sftp":
      await Promise.all([need("ssh_key"), need("known_hosts")]);
      return { sshKey: path("ssh_key"), knownHosts: path("known_hosts") };
    case "s3": {
      const region = folder && (await readText(path("s3_region")))?.trim();
      return {
        accessKey: await need("s3_access_key"),
        secretKey: await need("s3_secret_key"),
        ...(region && { region }),
      };
    }
    case "rest":
      // A server may also know the sidecar by its address alone.
      if (folder === undefined || await readText(path("rest_user")) === undefined) return {};
      return { user: await need("rest_user"), password: await need("rest_password") };
  }
}

/** The options of OpenSSH's programs: this host's key only, this key of ours only, and nobody to ask. */
export function sshOptions(
  { port }: Target & { kind: "sftp" },
  { sshKey, knownHosts }: Credentials,
): string[] {
  const options = [
    `Port=${port}`,
    `IdentityFile=${sshKey}`,
    "IdentitiesOnly=yes",
    "IdentityAgent=none",
    `UserKnownHostsFile=${knownHosts}`,
    "GlobalKnownHostsFile=/dev/null",
    "StrictHostKeyChecking=yes",
    "UpdateHostKeys=no",
    "PreferredAuthentications=publickey",
    "BatchMode=yes",
    "ConnectTimeout=20",
    "ServerAliveInterval=20",
    "ServerAliveCountMax=4",
  ];
  return ["-F", "none", ...options.flatMap((option) => ["-o", option])];
}

/** What restic is told about a repository: where it is by its environment, the rest by options without secrets. */
export function resticAccess(
  target: Target,
  credentials: Credentials,
  cluster: "data" | "keys",
  folder: string,
): { env: Record<string, string>; options: string[] } {
  const name = folderOf(cluster);
  switch (target.kind) {
    case "folder":
      return { env: { RESTIC_REPOSITORY: join(folder, name) }, options: [] };
    case "sftp": {
      // restic takes the path only: the command says where to.
      const ssh = [
        "ssh",
        ...sshOptions(target, credentials),
        "-l",
        target.user,
        unbracketed(target.host),
        "-s",
        "sftp",
      ];
      return {
        env: { RESTIC_REPOSITORY: `sftp:offsite:${target.path}/${name}` },
        options: ["-o", `sftp.command=${ssh.join(" ")}`],
      };
    }
    case "s3":
      return {
        env: {
          RESTIC_REPOSITORY: `s3:${
            [target.endpoint, target.bucket, target.prefix, name].filter(Boolean).join("/")
          }`,
          AWS_ACCESS_KEY_ID: credentials.accessKey!,
          AWS_SECRET_ACCESS_KEY: credentials.secretKey!,
        },
        options: credentials.region ? ["-o", `s3.region=${credentials.region}`] : [],
      };
    case "rest": {
      const url = new URL(`${target.url}/${name}/`);
      url.username = encodeURIComponent(credentials.user ?? "");
      url.password = encodeURIComponent(credentials.password ?? "");
      return { env: { RESTIC_REPOSITORY: `rest:${url.href}` }, options: [] };
    }
  }
}

/** An IPv6 address as ssh takes it. */
export const unbracketed = (host: string) => host.replace(/^\[|\]$/g, "");
