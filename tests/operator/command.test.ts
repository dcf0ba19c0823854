import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { exitCodes } from "../../scripts/installation/refusal.ts";
import { applianceServices, noteCommand, operatorCommands } from "../../server/access/operator.ts";
import { useCompany } from "../harness/app.ts";

const checkout = new URL("../../", import.meta.url).pathname;
const company = useCompany();

/** The shells that people have as /bin/sh; those that this machine has. */
const shells = (await Promise.all(
  [["dash"], ["bash", "--posix"], ["busybox", "sh"]].map(async (shell) =>
    (await started("sh", ["-c", `command -v ${shell[0]}`])).code === 0 ? [shell] : []
  ),
)).flat();

/** A checkout of its own, so that what is kept beside compose.yaml is ours. */
let directory: string;
/** Where the Docker that answers from files finds them, and writes what it was asked. */
const fake = (name: string) => `${directory}/fake/${name}`;
const journal = () => `${directory}/.operator-journal`;

beforeAll(async () => {
  directory = await Deno.realPath(await Deno.makeTempDir({ prefix: "fleethold-command-" }));
  for (const folder of ["scripts/operator", "server", "fake"]) {
    await Deno.mkdir(`${directory}/${folder}`, { recursive: true });
  }
  const parts = [...Deno.readDirSync(`${checkout}scripts/operator`)].filter(({ name }) =>
    name.endsWith(".sh")
  );
  const files = ["scripts/fleethold", "compose.yaml", ".env.example", "server/version.ts"];
  for (const file of [...files, ...parts.map(({ name }) => `scripts/operator/${name}`)]) {
    await Deno.copyFile(`${checkout}${file}`, `${directory}/${file}`);
  }
  await Deno.writeTextFile(fake("docker"), fakeDocker, { mode: 0o755 });
  await Deno.writeTextFile(
    fake("config"),
    'name: fleethold\nservices:\n  api-a:\n    image: fleethold/server:0.1.0\n    environment:\n      FLEETHOLD_PUBLIC_URL: "https://fleet.lan:443"\n',
  );
});

afterAll(() => Deno.remove(directory, { recursive: true }));

beforeEach(async () => {
  for (const { name } of Deno.readDirSync(directory)) {
    if (name.startsWith(".operator-journal")) await Deno.remove(`${directory}/${name}`);
  }
  for (const name of ["asked", "told"]) await Deno.writeTextFile(fake(name), "");
  await apiRuns(false);
});

/** A Docker of which only what the command asks for is there. */
const fakeDocker = `#!/bin/sh
here=$(dirname "$0")
printf '%s\\n' "$*" >> "$here/asked"
case "$1 $2" in
  'version --format') echo 28.0.0 ;;
  'compose version') echo 2.30.0 ;;
  'compose config') cat "$here/config" ;;
  'ps --all') cat "$here/containers" ;;
  'exec a1') [ "$3 $4" = 'operate note' ] && printf '%s\\n' "$5" >> "$here/told" ;;
esac
`;

async function apiRuns(yes: boolean): Promise<void> {
  const state = yes ? "running|Up 2 minutes (healthy)" : "exited|Exited (0) 2 minutes ago";
  await Deno.writeTextFile(
    fake("containers"),
    `api-a|a1|${state}\nworker|w1|running|Up 2 minutes (healthy)\n`,
  );
}

async function started(program: string, args: string[], environment: Record<string, string> = {}) {
  const { code, stdout, stderr } = await new Deno.Command(program, {
    args,
    env: environment,
    stdin: "null",
  }).output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)) as [string, string];
  return { code, out, err };
}

const [anyShell] = shells as [string[], ...string[][]];

function run(args: string[], { shell = anyShell, environment = {} as Record<string, string> } = {}) {
  const [program, ...flags] = shell as [string, ...string[]];
  return started(program, [...flags, `${directory}/scripts/fleethold`, ...args], {
    PATH: `${directory}/fake:${Deno.env.get("PATH")}`,
    SUDO_UID: "1000",
    COMPOSE_PROJECT_NAME: "",
    ...environment,
  });
}

/** What a function of the command prints. */
async function call(part: string, words: string, ...args: string[]) {
  const script = `. "${directory}/scripts/operator/${part}.sh"; ${words}`;
  return await started("sh", ["-c", script, "sh", ...args]);
}

const lines = async (path: string) => (await Deno.readTextFile(path)).trim().split("\n").filter(Boolean);

describe.each(shells)("the operator's command, run by %s", (...shell) => {
  it("explains itself, in a checkout that it finds through a symbolic link too", async () => {
    const { code, out } = await run(["help"], { shell });
    expect(code).toBe(0);
    expect(out).toContain(`appliance in ${directory}.`);
    for (const command of [...operatorCommands, "status", "doctor", "new-link", "end-sessions", "sso"]) {
      expect(out).toMatch(new RegExp(`^ {2}${command} `, "m"));
    }
    await Deno.symlink("scripts/fleethold", `${directory}/linked-${shell[0]}`);
    const [program, ...flags] = shell as [string, ...string[]];
    expect((await started(program, [...flags, `${directory}/linked-${shell[0]}`])).out).toBe(out);
  });

  it.each([
    [["statsu"], "did you mean status?"],
    [["start"], "did you mean up?"],
    [["stop"], "did you mean down?"],
    [["logs", "wroker"], "did you mean worker?"],
    [["up", "now"], "up does not know what to do with now"],
    [["down", "--json"], "down knows no --json"],
    [["down", "-v"], "There is no flag -v"],
    [["restart", "migrate"], "migrate does its work when the appliance starts"],
    [["new-link"], "needs the e-mail address"],
    [["sso", "on"], "sso takes one word, off"],
    [["logs", "$(touch planted) *"], "There is no service $(touch planted) *"],
  ])("refuses %j with exit code 2, a hint, and nothing done", async (args, message) => {
    const { code, out, err } = await run(args, { shell });
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain(message);
    expect(err).toMatch(/^hint: /m);
    expect(await lines(fake("asked"))).toEqual([]);
  });

  it("keeps what the trail cannot be told, for nobody else to read, as the product takes it", async () => {
    const { code, err } = await run(["logs", "worker"], { shell });
    expect(code).toBe(0);
    expect(err).toContain("kept in .operator-journal");
    expect((await Deno.stat(journal())).mode! & 0o777).toBe(0o600);
    const kept = (await lines(journal()))[0]!.replace(/^fleethold /, "");
    expect(JSON.parse(kept)).toEqual({
      command: "logs",
      services: ["worker"],
      uid: 1000,
      at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
    });
    expect(await noteCommand(company.services, kept)).toEqual({ recorded: true });
  });

  it("tells what was kept once the product runs, then what is done now", async () => {
    await run(["logs"], { shell });
    const kept = await lines(journal());
    await apiRuns(true);
    const { err } = await run(["logs", "db"], { shell });
    expect(err).toContain("told of 1 earlier command");
    expect(await lines(fake("told"))).toEqual([
      kept[0]!.replace("fleethold ", ""),
      '{"command":"logs","services":["db"],"uid":1000}',
    ]);
    expect(await noteCommand(company.services, (await lines(fake("told"))).at(-1)!)).toEqual({
      recorded: true,
    });
    await expect(Deno.stat(journal())).rejects.toThrow(Deno.errors.NotFound);
  });
});

describe("the journal of what could not be recorded", () => {
  it("loses nothing to half a line or to a command that was killed while it told", async () => {
    const whole = '{"command":"down","uid":0,"at":"2026-11-23T03:00:00Z"}';
    await Deno.writeTextFile(journal(), `fleethold ${whole}\nfleethold {"command":"lo`);
    // No process has this number: Linux ends at 4194304.
    await Deno.writeTextFile(`${journal()}.4194999`, `fleethold ${whole.replace("down", "up")}\n`);
    await apiRuns(true);
    await run(["logs"]);
    expect((await lines(fake("told"))).slice(0, 2).toSorted()).toEqual([whole, whole.replace("down", "up")]);
    expect(await lines(`${directory}/.operator-journal-unreadable`)).toEqual(['fleethold {"command":"lo']);
  });

  it("is not told to another installation of the same checkout", async () => {
    const config = await Deno.readTextFile(fake("config"));
    await Deno.writeTextFile(fake("config"), config.replace("name: fleethold", "name: other"));
    await run(["logs"]);
    await Deno.writeTextFile(fake("config"), config);
    const kept = await lines(journal());
    expect(kept).toEqual([expect.stringMatching(/^other \{/)]);
    await apiRuns(true);
    await run(["logs"]);
    expect(await lines(fake("told"))).toHaveLength(1);
    expect(await lines(journal())).toEqual(kept);
  });

  it("is not kept in the repository", async () => {
    expect(await lines(`${checkout}.gitignore`)).toContain(".operator-journal*");
  });
});

describe("stopping the appliance", () => {
  it("is not done without a yes", async () => {
    await apiRuns(true);
    expect(await run(["down"])).toMatchObject({ code: 1, err: expect.stringContaining("The data stays") });
    expect((await lines(fake("asked"))).filter((words) => words.startsWith("compose down"))).toEqual([]);
    expect(await lines(fake("told"))).toEqual([]);
  });

  it("keeps the volumes, and is recorded before nobody can be told any more", async () => {
    await apiRuns(true);
    expect(await run(["down", "--yes"])).toMatchObject({ code: 0 });
    const asked = await lines(fake("asked"));
    expect(asked.filter((words) => words.startsWith("compose down"))).toEqual(["compose down"]);
    expect(asked.findIndex((words) => words.startsWith("exec a1 operate note"))).toBeLessThan(
      asked.indexOf("compose down"),
    );
  });
});

describe("what the command shares with the rest", () => {
  it("are the exit codes of the embedded start", async () => {
    const names = "$done_well $refused $usage $tools_missing $not_started $not_running $unwell";
    const { out } = await call("talk", `echo ${names}`);
    const { stopped, refused, usage, toolsMissing, notStarted, notRunning, unwell } = exitCodes;
    expect(out.trim().split(" ").map(Number)).toEqual(
      [stopped, refused, usage, toolsMissing, notStarted, notRunning, unwell],
    );
  });

  it("are the services, as compose.yaml calls them", async () => {
    const compose = await Deno.readTextFile(`${checkout}compose.yaml`);
    const section = compose.split(/^services:$/m)[1]!.split(/^networks:$/m)[0]!;
    // What only runs when a command asks for it is nobody's to start or stop.
    const names = [...section.matchAll(/^ {2}([a-z-]+):$/gm)].map(([, name]) => name)
      .filter((name) => name !== "restore");
    expect(applianceServices.toSorted()).toEqual(names.toSorted());
    const { out } = await call("appliance", "echo $services");
    expect(out.trim().split(" ").toSorted()).toEqual(names.toSorted());
  });
});

describe("on a host that is not ready", () => {
  it("says that Docker is missing and where to get it", async () => {
    const tools = `${directory}/tools`;
    await Deno.mkdir(tools);
    for (const tool of ["dirname", "readlink", "sed", "awk", "id", "date", "env"]) {
      const { out } = await started("sh", ["-c", `command -v ${tool}`]);
      await Deno.symlink(out.trim(), `${tools}/${tool}`);
    }
    const { out: shell } = await started("sh", ["-c", "command -v sh"]);
    const { code, err } = await run(["status"], { shell: [shell.trim()], environment: { PATH: tools } });
    expect(code).toBe(exitCodes.toolsMissing);
    expect(err).toMatch(/docker is not on the PATH\nhint: install/);
  });

  it.each([
    ["20.10.24+dfsg1", 20, 10, true],
    ["20.9.9", 20, 10, false],
    ["28.2.2", 20, 10, true],
    ["v2.26.1-4", 2, 26, true],
    ["2.5.0", 2, 26, false],
    ["1.29.2", 2, 26, false],
    ["3.0.0-beta", 2, 26, true],
  ])("knows whether %s is at least %d.%d", async (version, major, minor, enough) => {
    const { code } = await call("doctor", 'at_least "$@"', version, String(major), String(minor));
    expect(code === 0).toBe(enough);
  });

  it("says what is wrong with the folder for offsite copies before the sidecar fails at it", async () => {
    const folder = `${directory}/offsite`;
    const seen = async () => {
      const config =
        `services:\n  offsite:\n    volumes:\n      - type: bind\n        source: ${folder}\n        target: /target`;
      const words =
        `finding() { echo "$1: $3"; }; docker_is_here() { :; }; docker_root=/; config=$1; check_offsite_folder`;
      return (await call("doctor_host", words, config)).out.trim();
    };
    expect(await seen()).toBe(`FAIL: There is no folder ${folder} for the offsite copies`);
    await Deno.mkdir(folder);
    expect(await seen()).toContain("cannot write into it");
    if (Deno.uid() !== 0) return;
    await Deno.chown(folder, 10060, 10060);
    expect(await seen()).toMatch(/on the same disk as everything else|is a disk of its own/);
  });

  it("sees encryption below LVM, and none where one of several disks has none", async () => {
    const device = async (name: string, uuid: string | null, ...below: string[]) => {
      await Deno.mkdir(`${directory}/sys/${name}/slaves`, { recursive: true });
      await Deno.mkdir(`${directory}/sys/${name}/dm`);
      if (uuid) await Deno.writeTextFile(`${directory}/sys/${name}/dm/uuid`, `${uuid}\n`);
      for (const other of below) {
        await Deno.symlink(`${directory}/sys/${other}`, `${directory}/sys/${name}/slaves/${other}`);
      }
    };
    await device("sda", null);
    await device("dm-0", "CRYPT-LUKS2-0123", "sda");
    await device("dm-1", "LVM-4567", "dm-0");
    await device("md0", null, "dm-0", "sda");
    const seen = async (name: string) =>
      (await call("disk", 'is_encrypted "$1"', `${directory}/sys/${name}`)).code === 0;
    expect([await seen("sda"), await seen("dm-0"), await seen("dm-1"), await seen("md0")])
      .toEqual([false, true, true, false]);
  });
});

it("whatever stands in a log becomes JSON that a program can read", async () => {
  for (const text of ["plain", 'says "no"', "C:\\temp\\n", "Zürich – 木", "$(id) `id` %s %d", "{}[],:"]) {
    const { out } = await call("talk", 'json_text "$1"', text);
    expect(JSON.parse(out)).toBe(text);
  }
  const { out } = await call("talk", 'json_text "$1"', "\x1b[2Kred\ttab\r\nnext");
  expect(JSON.parse(out)).toBe("[2Kred tabnext");
});

it("is a shell script that shellcheck finds nothing in", async ({ skip }) => {
  if ((await started("sh", ["-c", "command -v shellcheck"])).code !== 0) skip("shellcheck is not installed");
  const { code, out } = await started("shellcheck", [
    "--shell=sh",
    "--external-sources",
    "--check-sourced",
    `--source-path=${checkout}`,
    `${checkout}scripts/fleethold`,
  ]);
  expect({ code, out }).toEqual({ code: 0, out: "" });
});
