/**
 * `deno task test`: format, lint, types, then every test; the last line counts them. `--quick` (`deno task ok`) leaves
 * out the tests that start whole installations, `--long` adds those that take minutes each: traps of tests/backup, the
 * recovery of an appliance, and a thousand bad inputs for each endpoint in the place of 200. Further arguments go to vitest.
 */
import { apt, hasApt, installPackage, succeeds } from "./embedded/packages.ts";
import { missingDocker } from "./bench/appliance.ts";
import { say } from "./installation/terminal.ts";

const quick = Deno.args.includes("--quick");
const long = Deno.args.includes("--long");
const passedOn = Deno.args.filter((argument) => argument !== "--quick" && argument !== "--long");

const checks: [name: string, args: string[]][] = [
  ["format", ["fmt", "--check", "--quiet"]],
  ["lint", ["lint", "--quiet"]],
  ["types", [
    "check",
    "--quiet",
    "server",
    "backup",
    "appliance",
    "scripts",
    "migrations",
    "tests",
    "web",
    "vitest.config.ts",
  ]],
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
const noAppliance = quick ? "not among the quick checks" : await missingDocker();
if (!long) {
  say(
    "the traps of tests/backup and the recovery of tests/compose, minutes each, are left out; deno task test --long has them",
  );
}
if (noAppliance) say(`tests/compose: skipped, ${noAppliance}`);

// The appliance comes last, in a run of its own: it would take part of the machine from all the others.
const runs = [
  ["slices", ...(quick ? [] : ["installations"]), ...(long ? ["traps"] : [])],
  ...(noAppliance ? [] : [["appliance", ...(long ? ["recovery"] : [])]]),
];
let passed = 0, failed = 0, skipped = 0;
const red: string[] = [];
for (const projects of runs) {
  say(`tests: ${projects.join(", ")} …`);
  const report = await Deno.makeTempFile({ suffix: ".json" });
  const ran = await deno([
    "run",
    "-A",
    "npm:vitest",
    "run",
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${report}`,
    ...projects.flatMap((project) => ["--project", project]),
    ...(passedOn.length > 0 ? ["--passWithNoTests", ...passedOn] : []),
  ]);
  const counts = await readCounts(report);
  if (!counts) faults.push("vitest did not finish");
  else if (!ran && counts.numFailedTests === 0) faults.push("vitest");
  passed += counts?.numPassedTests ?? 0;
  red.push(...namesOfFailed(counts));
  failed += counts?.numFailedTests ?? 0;
  skipped += counts ? counts.numPendingTests + counts.numTodoTests : 0;
}
if (passed + failed + skipped === 0 && passedOn.length > 0) {
  faults.push(`no test is named ${passedOn.join(" ")}`);
}
// Said again at the end: of a long run only the last page may be left.
for (const name of red) say(`failed: ${name}`);
for (const name of faults) say(`${name}: failed`);
failed += faults.length;
say(`${Math.round((performance.now() - started) / 1000)} s`);
await Deno.stdout.write(new TextEncoder().encode(`${passed} passed, ${failed} failed, ${skipped} skipped\n`));
Deno.exit(failed > 0 ? 1 : 0);

/** The browser's day needs Chromium; where it cannot be had, those tests are skipped and say so. */
async function ensureChromium(): Promise<void> {
  if (await succeeds("chromium", ["--version"]) || !await hasApt()) return;
  await apt(["update"]);
  await installPackage("chromium");
}

async function deno(args: string[]): Promise<boolean> {
  const env: Record<string, string> = long ? { FLEETHOLD_TEST_BAD_INPUTS: "1000" } : {};
  const { success } = await new Deno.Command(Deno.execPath(), { args, env, stdin: "null" }).spawn().status;
  return success;
}

/** A line for each test that failed, and for each file that could not even be begun. */
function namesOfFailed(counts: Counts | null): string[] {
  return (counts?.testResults ?? []).flatMap(({ name, message, assertionResults }) => {
    const file = name.replace(`${Deno.cwd()}/`, "");
    const tests = assertionResults.filter((test) => test.status === "failed");
    if (tests.length > 0) return tests.map((test) => `${file}: ${test.fullName}`);
    return message ? [`${file}: ${message.split("\n")[0]}`] : [];
  });
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
