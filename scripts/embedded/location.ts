import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import { type Account, canReach, unprivilegedAccount } from "./account.ts";
import { readIfExists } from "../installation/files.ts";
import { checkout } from "./program.ts";
import { exitCodes, Refusal } from "../installation/refusal.ts";
import { say } from "../installation/terminal.ts";

/**
 * The installation's directory, made when absent: the given one, or `data` in the checkout. A checkout that
 * PostgreSQL's account cannot enter (root's home) keeps its data under /var/lib/fleethold instead.
 *
 * @throws {Refusal} when a given directory cannot be entered or holds something else
 */
export async function installationDirectory(
  given: string | undefined,
): Promise<string> {
  const account = await unprivilegedAccount();
  const directory = await reachable(given, account);
  if (!given && dirname(directory) === fallback) {
    say(`keeping data in ${directory}: PostgreSQL, which cannot run as root, may not enter ${checkout}`);
    await Deno.mkdir(fallback, { recursive: true, mode: 0o711 });
  }
  await Deno.mkdir(directory, { recursive: true, mode: 0o700 });
  // A freshly formatted volume is not empty: it has a lost+found.
  const content = (await Array.fromAsync(Deno.readDir(directory), ({ name }) => name))
    .filter((name) => name !== "lost+found");
  if (content.length > 0 && !content.includes(mark)) {
    throw new Refusal(
      `${directory} holds something else than a Fleethold installation`,
      "name an empty directory, or one that does not exist yet",
      exitCodes.usage,
    );
  }
  // The account passes through to its clusters without being able to list what else is here.
  if (account) await Deno.chmod(directory, 0o711);
  return directory;
}

/**
 * The directory of an installation that was started before, given or where `installationDirectory` would put it.
 *
 * @throws {Refusal} when there is none
 */
export async function existingInstallation(given: string | undefined): Promise<string> {
  const directory = await reachable(given, await unprivilegedAccount());
  if (await readIfExists(join(directory, mark)) !== undefined) return directory;
  throw new Refusal(
    `There is no installation in ${directory}`,
    "name its directory with --data DIR, or make one there with deno task start",
    exitCodes.usage,
  );
}

/** The file that every start makes first. */
const mark = "lock";

/** Where data goes that PostgreSQL's account could not reach in the checkout. */
const fallback = "/var/lib/fleethold";

async function reachable(
  given: string | undefined,
  account: Account | undefined,
): Promise<string> {
  const wanted = given ?? join(checkout, "data");
  if (!account || await canReach(account, dirname(wanted))) return wanted;
  if (given) {
    throw new Refusal(
      `PostgreSQL, which cannot run as root, may not enter ${dirname(given)}`,
      "choose a directory under /var/lib, or open the directories above it with chmod o+x",
      exitCodes.usage,
    );
  }
  const name = createHash("sha256").update(checkout).digest("hex").slice(0, 12);
  return join(fallback, name);
}
