import { afterEach, beforeEach, describe, expect, it } from "vitest";

/** The health check of every container, around a `check` that says what the test wants and a `sleep` that does not wait. */
const probe = new URL("../../appliance/probe.sh", import.meta.url).pathname;

let directory: string;
const inside = (name: string) => `${directory}/${name}`;

beforeEach(async () => {
  directory = await Deno.makeTempDir({ prefix: "fleethold-probe-" });
  for (const folder of ["bin", "tmp"]) await Deno.mkdir(inside(folder));
  // Notes what it was asked; not well from the look on that the file `fails` names.
  await write(
    "bin/check",
    `#!/bin/sh
echo "$*" >> '${inside("looks")}'
[ "$(wc -l < '${inside("looks")}')" -lt "$(cat '${inside("fails")}')" ]
`,
  );
  await write("bin/sleep", "#!/bin/sh\n");
  await wellUntil(1_000);
});

afterEach(() => Deno.remove(directory, { recursive: true }));

const write = (name: string, text: string) => Deno.writeTextFile(inside(name), text, { mode: 0o755 });
const wellUntil = (look: number) => write("fails", String(look));

/** Runs the probe and answers its exit code, and what it asked. */
async function ask(tmp = inside("tmp")): Promise<{ code: number; looks: string[] }> {
  await write("looks", "");
  const { code } = await new Deno.Command("sh", {
    args: [probe, "http", "/readyz"],
    env: { PATH: `${inside("bin")}:${Deno.env.get("PATH")}`, TMPDIR: tmp },
  }).output();
  return { code, looks: (await Deno.readTextFile(inside("looks"))).trim().split("\n") };
}

describe("the health check of a container", () => {
  it("answers at once the first time, with what its check was asked", async () => {
    expect(await ask()).toEqual({ code: 0, looks: ["http /readyz"] });
  });

  it("stays and looks again where all was well the last time", async () => {
    await ask();
    expect(await ask()).toEqual({ code: 0, looks: Array(6).fill("http /readyz") });
  });

  it("ends as soon as something is wrong, and answers at once until it is right again", async () => {
    await ask();
    await wellUntil(3);
    expect(await ask()).toMatchObject({ code: 1, looks: { length: 3 } });
    await wellUntil(1);
    expect(await ask()).toMatchObject({ code: 1, looks: { length: 1 } });
    await wellUntil(1_000);
    expect(await ask()).toMatchObject({ code: 0, looks: { length: 1 } });
    expect(await ask()).toMatchObject({ code: 0, looks: { length: 6 } });
  });

  it("is none of whether there is room for a file", async () => {
    for (const _ of ["first", "second"]) {
      expect(await ask(inside("nowhere"))).toMatchObject({ code: 0, looks: { length: 1 } });
    }
  });
});
