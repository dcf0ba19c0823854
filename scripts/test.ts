/**
 * `deno task test`: format, lint, types, then every test; the last line counts them. `--quick` (`deno task ok`) leaves
 * out the tests that start whole installations. Further arguments go to vitest.
 */
import { apt, hasApt, installPackage, succeeds } from "./embedded/packages.ts";
import { say } from "./embedded/terminal.ts";

const quick = Deno.args.includes("--quick");
const passedOn = Deno.args.filter((argument) => argument !== "--quick");

const checks: [name: string, args: string[]][] = [
  ["format", ["fmt", "--check", "--quiet"]],
  ["lint", ["lint", "--quiet"]],
  ["types", ["check", "--quiet", "server", "scripts", "migrations", "tests", "web", "vitest.config.ts"]],
];

interface Counts {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests: number;
  numFailedTestSuites: number;
  testResults: { name: string; message: string; assertionResults: { status: string; fullName: string }[] }[];
}

const started = performance.now();
const faults: string[] = [];
if (passedOn.length === 0) {
  for (const [name, args] of checks) {
    say(`${name} …`);
    if (!(await deno(args))) faults.push(name);
  }
}
if (!quick) await ensureChromium();

const report = await Deno.makeTempFile({ suffix: ".json" });
say("tests …");
const ran = await deno([
  "run",
  "-A",
  "npm:vitest",
  "run",
  "--reporter=default",
  "--reporter=json",
  `--outputFile.json=${report}`,
  ...(quick ? ["--project", "slices"] : []),
  ...passedOn,
]);
const counts = await readCounts(report);
if (!counts) faults.push("vitest did not finish");
else if (!ran && counts.numFailedTests === 0) faults.push("vitest");
for (const name of faults) say(`${name}: failed`);
say(`${Math.round((performance.now() - started) / 1000)} s`);
const skipped = counts ? counts.numPendingTests + counts.numTodoTests : 0;
const failed = (counts?.numFailedTests ?? 0) + faults.length;
await Deno.stdout.write(
  new TextEncoder().encode(`${counts?.numPassedTests ?? 0} passed, ${failed} failed, ${skipped} skipped\n`),
);
Deno.exit(failed > 0 ? 1 : 0);

/** The browser's day needs Chromium; where it cannot be had, those tests are skipped and say so. */
async function ensureChromium(): Promise<void> {
  if (await succeeds("chromium", ["--version"]) || !await hasApt()) return;
  await apt(["update"]);
  await installPackage("chromium");
}

async function deno(args: string[]): Promise<boolean> {
  const { success } = await new Deno.Command(Deno.execPath(), { args, stdin: "null" }).spawn().status;
  return success;
}

async function readCounts(path: string): Promise<Counts | null> {
  try {
    return JSON.parse(await Deno.readTextFile(path));
  } catch {
    return null;
  } finally {
    await Deno.remove(path).catch(() => {});
  }
}
