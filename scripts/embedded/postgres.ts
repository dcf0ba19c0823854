import { delimiter, join } from "node:path";

/** One installation of PostgreSQL's programs; we need `initdb` and `postgres` only. */
export interface Postgres {
  /** Directory of the programs. */
  bin: string;
  major: number;
}

/** The oldest PostgreSQL we run on. */
export const oldestMajor = 15;

/** Every PostgreSQL on this machine that is new enough, the newest first. */
export async function installedPostgres(): Promise<Postgres[]> {
  const found = new Map<string, Postgres>();
  for (const bin of await likelyDirectories()) {
    for (const postgres of await postgresIn(bin)) found.set(bin, postgres);
  }
  return [...found.values()].sort((a, b) => b.major - a.major);
}

/** The PostgreSQL whose programs stand in the directory; none when they are absent, too old or do not run here. */
export async function postgresIn(bin: string): Promise<Postgres[]> {
  if (!await isFile(join(bin, "initdb"))) return [];
  const answer = await outputOf(join(bin, "postgres"), ["--version"]);
  const major = Number(answer?.match(/\(PostgreSQL\) (\d+)/)?.[1]);
  return major >= oldestMajor ? [{ bin, major }] : [];
}

async function likelyDirectories(): Promise<string[]> {
  // Debian keeps the server programs of each release out of PATH; so do Red Hat's packages and Homebrew.
  const byRelease = [
    ...await childrenOf("/usr/lib/postgresql"),
    ...(await childrenOf("/usr")).filter((path) => path.includes("/pgsql-")),
    ...(await childrenOf("/opt/homebrew/opt")).filter((path) => path.includes("/postgresql@")),
  ].map((path) => join(path, "bin"));
  const onPath = (Deno.env.get("PATH") ?? "").split(delimiter).filter((path) => path !== "");
  const configured = await outputOf("pg_config", ["--bindir"]);
  return [...byRelease, ...onPath, ...(configured ? [configured.trim()] : [])];
}

async function childrenOf(directory: string): Promise<string[]> {
  try {
    return (await Array.fromAsync(Deno.readDir(directory))).map((entry) => join(directory, entry.name));
  } catch {
    return [];
  }
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch {
    return false;
  }
}

async function outputOf(program: string, args: string[]): Promise<string | undefined> {
  try {
    const { success, stdout } = await new Deno.Command(program, { args, stderr: "null" }).output();
    return success ? new TextDecoder().decode(stdout) : undefined;
  } catch {
    return undefined;
  }
}
