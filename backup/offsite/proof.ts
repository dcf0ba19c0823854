import { join } from "node:path";
import { removeIfExists } from "../../scripts/installation/files.ts";
import { Fault, faultOf } from "./fault.ts";
import { type Copies, type Options, runProgram } from "./restic.ts";
import { folderOf, sshOptions, type Target } from "./target.ts";

/** What came of trying to destroy an object: it is as it was, it is gone, or it holds something else. */
export type Fate = "kept" | "deleted" | "overwritten";

export interface Proof {
  refuses: boolean;
  fate: Fate;
  /** An object that is left for the next attempt. */
  left: string;
}

/**
 * Tries, with the sidecar's own credentials, to destroy an object of its own making beside the copies:
 * what it can do to that one, whoever breaks into this host can do to all. No other object is ever touched.
 *
 * @param earlier an object that an earlier attempt left: some servers protect what has lain there for a while only
 * @throws {Fault} when it could not be tried
 */
export async function tryToDelete(copies: Copies, earlier: string | null, options: Options): Promise<Proof> {
  const way = await wayTo(copies, { ...options, limit: 120_000 });
  const fresh = await way.put();
  const aged = earlier !== null && await way.isThere(earlier) ? earlier : undefined;
  const fate = await way.destroy(aged ?? fresh);
  const isLeft = aged !== undefined || fate === "kept";
  return { refuses: fate === "kept", fate, left: isLeft ? fresh : await way.put() };
}

/** Whether copies can be removed there: tried on an object made for it, since a pruning that is refused leaves a lock. */
export async function canDelete(copies: Copies, options: Options): Promise<boolean> {
  const way = await wayTo(copies, { ...options, limit: 120_000 });
  return await way.destroy(await way.put()) === "deleted";
}

/** What to do about it, in words. */
export const advice: Record<Target["kind"], string> = {
  rest: "start the server in append-only mode",
  s3:
    "switch on versioning and object lock for the bucket, and give the sidecar an account without s3:DeleteObjectVersion",
  sftp:
    "have the server take files over as they arrive, or take snapshots of its file system that this account cannot reach",
  folder:
    "a folder that is mounted here can be emptied from here: keep a second target, or take turns with two disks",
};

interface Way {
  /** Puts an object there and says which. */
  put(): Promise<string>;
  isThere(object: string): Promise<boolean>;
  destroy(object: string): Promise<Fate>;
}

function wayTo(copies: Copies, options: Options): Promise<Way> {
  switch (copies.target.kind) {
    case "folder":
      return Promise.resolve(byFile(copies));
    case "sftp":
      return bySftp(copies, copies.target, options);
    case "s3":
      return byS3(copies, copies.target, options);
    case "rest":
      return byRest(copies, copies.target, options);
  }
}

const newName = () => `probe-${crypto.randomUUID()}`;
/** Beside what restic keeps in a repository, where the rules for the copies hold too; restic does not look at it. */
const probeFolderOf = ({ cluster }: Copies) => `${folderOf(cluster)}/probe`;

function byFile(copies: Copies): Way {
  const folder = join(copies.settings.FLEETHOLD_OFFSITE_FOLDER, probeFolderOf(copies));
  const isRefused = async (work: Promise<void>) => {
    try {
      await work;
      return false;
    } catch (error) {
      if ((error as { code?: string }).code === "ENOENT") return false;
      return true;
    }
  };
  return {
    async put() {
      await Deno.mkdir(folder, { recursive: true });
      const name = newName();
      await Deno.writeTextFile(join(folder, name), "first");
      return name;
    },
    isThere: (name) => Deno.lstat(join(folder, name)).then(() => true, () => false),
    async destroy(name) {
      if (!await isRefused(removeIfExists(join(folder, name)))) return "deleted";
      return await isRefused(Deno.writeTextFile(join(folder, name), "second")) ? "kept" : "overwritten";
    },
  };
}

async function bySftp(copies: Copies, target: Target & { kind: "sftp" }, options: Options): Promise<Way> {
  const credentials = await copies.credentials();
  const content = join(copies.settings.FLEETHOLD_OFFSITE_CACHE, "probe");
  await Deno.writeTextFile(content, newName());
  const path = (name: string) => `"${target.path}/${probeFolderOf(copies)}/${name}"`;
  /** Whether the server did it; a connection that failed is no answer. */
  const isDone = async (lines: string[]) => {
    const { code, err } = await runProgram(
      "sftp",
      ["-q", "-b", "-", ...sshOptions(target, credentials), `${target.user}@${target.host}`],
      {},
      { ...options, input: lines.map((line) => `${line}\n`).join("") },
    );
    options.signal?.throwIfAborted();
    const fault = code === 0 ? undefined : faultOf(copies.address, code, err);
    const isAnswer =
      /permission denied|operation not permitted|failure|unsupported|couldn't|can't|not found|remote (open|delete)/i;
    if (fault && (code === 255 || !isAnswer.test(err))) throw fault;
    return !fault;
  };
  return {
    async put() {
      const name = newName();
      if (
        await isDone([`-mkdir "${target.path}/${probeFolderOf(copies)}"`, `put "${content}" ${path(name)}`])
      ) {
        return name;
      }
      throw new Fault(
        "credentials",
        `Nothing can be written to ${copies.address}`,
        "check what the account may do there",
      );
    },
    isThere: (name) => isDone([`ls ${path(name)}`]),
    async destroy(name) {
      if (await isDone([`rm ${path(name)}`])) return "deleted";
      return await isDone([`put "${content}" ${path(name)}`]) ? "overwritten" : "kept";
    },
  };
}

/** A copy of nothing, made by restic so that any server takes it; then what restic would send to remove it. */
async function byRest(copies: Copies, target: Target & { kind: "rest" }, options: Options): Promise<Way> {
  const { user, password } = await copies.credentials();
  const send = (id: string, lines: string[]) =>
    request(copies, options, [
      `url = ${quoted(`${target.url}/${folderOf(copies.cluster)}/snapshots/${id}`)}`,
      ...(user ? [`user = ${quoted(`${user}:${password}`)}`] : []),
      ...lines,
    ]);
  return {
    async put() {
      await copies.run(
        ["backup", "--stdin", "--stdin-filename", "probe", "--tag", "probe", "--host", "probe", "--json"],
        { ...options, input: newName() },
      );
      const probes = await copies.list(options, "probe");
      return probes.at(-1)!.id;
    },
    isThere: async (id) => (await send(id, ["head"])).status === 200,
    async destroy(id) {
      const { status } = await send(id, ["request = DELETE"]);
      if (status >= 200 && status < 300) return "deleted";
      if (status === 401) throw faultOf(copies.address, 1, "401 unauthorized");
      // Whatever is at an address, the server does not take anything else for it: its name is what it holds.
      if (status >= 400 && status < 500 && status !== 404) return "kept";
      throw faultOf(copies.address, 1, `answered ${status} to a request to delete`);
    },
  };
}

async function byS3(copies: Copies, target: Target & { kind: "s3" }, options: Options): Promise<Way> {
  const { accessKey, secretKey, region = "us-east-1" } = await copies.credentials();
  const content = join(copies.settings.FLEETHOLD_OFFSITE_CACHE, "probe");
  await Deno.writeTextFile(content, newName());
  const send = (object: string, lines: string[]) =>
    request(copies, options, [
      `url = ${
        quoted(
          [target.endpoint, target.bucket, target.prefix, probeFolderOf(copies), object].filter(Boolean).join(
            "/",
          ),
        )
      }`,
      `aws-sigv4 = ${quoted(`aws:amz:${region}:s3`)}`,
      `user = ${quoted(`${accessKey}:${secretKey}`)}`,
      // Older curls do not say so by themselves, and S3 asks for it.
      'header = "x-amz-content-sha256: UNSIGNED-PAYLOAD"',
      ...lines,
    ]);
  const isRefused = (status: number) => {
    if (status >= 200 && status < 300) return false;
    if (status >= 400 && status < 500) return true;
    throw faultOf(copies.address, 1, `answered ${status} to a request to delete`);
  };
  const write = (name: string) => send(name, [`upload-file = ${quoted(content)}`]);
  return {
    async put() {
      const name = newName();
      const { status, headers } = await write(name);
      if (status < 200 || status > 299) throw faultOf(copies.address, 1, `${status} access denied`);
      const version = /^x-amz-version-id:\s*(\S+)/im.exec(headers)?.[1];
      return version && version !== "null" ? `${name}?versionId=${encodeURIComponent(version)}` : name;
    },
    isThere: async (object) => (await send(object, ["head"])).status === 200,
    async destroy(object) {
      const { status } = await send(object, ["request = DELETE"]);
      if (!isRefused(status)) return "deleted";
      // Where versions are kept, writing anew only adds one.
      return object.includes("?") || isRefused((await write(object)).status) ? "kept" : "overwritten";
    },
  };
}

/** One request by curl, which reads everything from its standard input so that no secret is in the process list. */
async function request(
  copies: Copies,
  options: Options,
  lines: string[],
): Promise<{ status: number; headers: string }> {
  const { FLEETHOLD_OFFSITE_CACERT } = copies.settings;
  const { code, out, err } = await runProgram("curl", ["--disable", "--config", "-"], {}, {
    ...options,
    input: [
      "silent",
      "show-error",
      "include",
      "max-time = 60",
      'write-out = "\\nstatus %{http_code}"',
      ...(FLEETHOLD_OFFSITE_CACERT ? [`cacert = ${quoted(FLEETHOLD_OFFSITE_CACERT)}`] : []),
      ...lines,
    ].map((line) => `${line}\n`).join(""),
  });
  options.signal?.throwIfAborted();
  if (code !== 0) throw faultOf(copies.address, code + 100, err);
  return { status: Number(/status (\d+)$/.exec(out)?.[1] ?? 0), headers: out };
}

const quoted = (text: string) => `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
