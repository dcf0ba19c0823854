import { createHash } from "node:crypto";
import { join, relative, resolve } from "node:path";
import { readIfExists } from "../installation/files.ts";
import { checkout } from "./program.ts";
import { exitCodes, Refusal } from "../installation/refusal.ts";
import { say } from "../installation/terminal.ts";

/** Where the built web UI stands: in the checkout, unless FLEETHOLD_WEB_DIR names a ready build (packagers, tests). */
export function webDirectory(): string {
  return resolve(checkout, Deno.env.get("FLEETHOLD_WEB_DIR") ?? "web/dist");
}

/**
 * Builds the web UI unless the present build was made from the present sources. A ready build is left alone. Of two
 * starts at once one builds, and the other waits for it.
 *
 * @throws {Refusal} when the build fails
 */
export async function ensureWebUi(): Promise<void> {
  if (Deno.env.has("FLEETHOLD_WEB_DIR")) return;
  const stamp = join(webDirectory(), ".built-from");
  const sources = await fingerprint();
  if (await readIfExists(stamp) === sources) return;
  // Locks a file that every checkout has: the build's own folder is emptied by the build.
  using building = await Deno.open(join(checkout, "deno.json"));
  await building.lock(true);
  if (await readIfExists(stamp) === sources) return;
  say("building the web UI");
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["task", "--quiet", "build"],
    cwd: checkout,
    stdin: "null",
  }).output();
  if (!success) {
    const output = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)).join("");
    const words = output.split("\n").filter((line) => !line.trimStart().startsWith("at ")).join("\n").trim();
    throw new Refusal(
      `The web UI cannot be built: ${words}`,
      "deno task build repeats it alone",
      exitCodes.notStarted,
    );
  }
  // Written last, so that a build that was killed half-way is done again.
  await Deno.writeTextFile(stamp, sources);
}

/** A hash over everything the build reads: the web sources, the schemas shared with the server, the dependencies. */
async function fingerprint(): Promise<string> {
  const files = [join(checkout, "deno.json"), join(checkout, "deno.lock")];
  for await (const path of filesBelow(join(checkout, "web"))) files.push(path);
  for await (const path of filesBelow(join(checkout, "server"))) {
    if (path.endsWith("/schema.ts")) files.push(path);
  }
  const hash = createHash("sha256");
  for (const path of files.sort()) {
    hash.update(`${relative(checkout, path)}\0`).update(await Deno.readFile(path));
  }
  return hash.digest("hex");
}

async function* filesBelow(directory: string): AsyncGenerator<string> {
  for await (const { name, isDirectory, isFile } of Deno.readDir(directory)) {
    const path = join(directory, name);
    if (isDirectory && name !== "dist") yield* filesBelow(path);
    if (isFile) yield path;
  }
}
