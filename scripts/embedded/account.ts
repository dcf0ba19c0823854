import { dirname } from "node:path";

/** The operating system account that PostgreSQL runs as. */
export interface Account {
  uid: number;
  gid: number;
}

/**
 * The account PostgreSQL has to run as, or undefined when we are not root and it simply runs as us. PostgreSQL
 * refuses to run as root, so root lends it Debian's `postgres` account, or else `nobody`.
 *
 * @param existing a cluster that was created earlier, perhaps before `postgres` was there; it stays with its owner
 */
export async function unprivilegedAccount(existing?: string): Promise<Account | undefined> {
  if (Deno.uid() !== 0) return undefined;
  const owner = existing === undefined ? undefined : await ownerOf(existing);
  if (owner) return owner;
  const accounts = (await Deno.readTextFile("/etc/passwd")).split("\n").map((line) => line.split(":"));
  for (const name of ["postgres", "nobody"]) {
    const found = accounts.find((fields) => fields[0] === name);
    if (found) return { uid: Number(found[2]), gid: Number(found[3]) };
  }
  throw new Error("Neither postgres nor nobody is listed in /etc/passwd");
}

/** Whether the account may enter the directory, or the nearest of its parents that exists. */
export async function canReach(account: Account | undefined, directory: string): Promise<boolean> {
  if (!account) return true;
  const existing = await nearestExisting(directory);
  const { success } = await new Deno.Command("test", {
    args: ["-x", existing],
    uid: account.uid,
    gid: account.gid,
    cwd: "/",
  }).output();
  return success;
}

/** Makes the directory (mode 0700) and hands it to the account, also when an earlier start was killed in between. */
export async function ownedDirectory(directory: string, account: Account | undefined): Promise<void> {
  await Deno.mkdir(directory, { recursive: true, mode: 0o700 });
  if (account) await Deno.chown(directory, account.uid, account.gid);
}

/**
 * Writes a file (mode 0600) as the account, not as root: a link that somebody who broke into PostgreSQL put in its place
 * then leads no further than they could go by themselves.
 */
export async function writeAs(account: Account | undefined, path: string, text: string): Promise<void> {
  if (!account) return await Deno.writeTextFile(path, text, { mode: 0o600 });
  const writing = new Deno.Command("sh", {
    args: ["-c", 'umask 077; exec cat >"$1"', "sh", path],
    ...account,
    cwd: "/",
    stdin: "piped",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  // A shell that could not open the file reads nothing; what it says of that is the error to tell.
  await new Blob([text]).stream().pipeTo(writing.stdin).catch(() => {});
  const { success, stderr } = await writing.output();
  if (!success) throw new Error(`Cannot write ${path}: ${new TextDecoder().decode(stderr).trim()}`);
}

async function ownerOf(path: string): Promise<Account | undefined> {
  try {
    const { uid, gid } = await Deno.stat(path);
    return { uid: uid!, gid: gid! };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

async function nearestExisting(path: string): Promise<string> {
  try {
    await Deno.stat(path);
    return path;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound) || path === dirname(path)) throw error;
    return await nearestExisting(dirname(path));
  }
}
