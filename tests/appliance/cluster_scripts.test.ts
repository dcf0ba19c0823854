import { afterEach, beforeEach, describe, expect, it } from "vitest";

/**
 * What the clusters' containers do about a disk that fills, on a cluster's folder of our own; `df` says how much is free
 * as the test wants it, and `pgbackrest` whether the log could be archived.
 */
const scripts = new URL("../../appliance/db/", import.meta.url).pathname;

let directory: string;
const inside = (path: string) => `${directory}/${path}`;

beforeEach(async () => {
  directory = await Deno.makeTempDir({ prefix: "fleethold-cluster-" });
  for (const folder of ["bin", "tmp", "volume/17/pg_wal/archive_status"]) {
    await Deno.mkdir(inside(folder), { recursive: true });
  }
  await Deno.writeTextFile(
    inside("bin/df"),
    `#!/bin/sh\necho 'Filesystem 1M-blocks Used Available Capacity Mounted on'\necho "/dev/x 100000 - $FREE_MB - /"\n`,
    { mode: 0o755 },
  );
  await Deno.writeTextFile(inside("bin/psql"), "#!/bin/sh\n", { mode: 0o755 });
  await Deno.writeTextFile(
    inside("bin/pgbackrest"),
    `#!/bin/sh\necho asked >> '${
      inside("asked")
    }'\n[ -z "$PUSH_HANGS" ] || exec sleep 600\nexit "$PUSH_CODE"\n`,
    { mode: 0o755 },
  );
});

afterEach(() => Deno.remove(directory, { recursive: true }));

const exists = (path: string) => Deno.stat(inside(path)).then(() => true, () => false);

interface Circumstances {
  freeMb: number;
  /** Pieces of the log that wait to be archived. */
  waiting?: number;
  reachable?: boolean;
  /** The backup service neither answers nor refuses. */
  hangs?: boolean;
}

async function sh(args: string[], { freeMb, reachable = false, hangs = false }: Circumstances) {
  const { code, stderr } = await new Deno.Command("sh", {
    args,
    clearEnv: true,
    env: {
      PATH: `${inside("bin")}:/usr/bin:/bin`,
      TMPDIR: inside("tmp"),
      PGDATA: inside("volume/17"),
      FLEETHOLD_CLUSTER: "data",
      FREE_MB: String(freeMb),
      PUSH_CODE: reachable ? "0" : "103",
      PUSH_HANGS: hangs ? "yes" : "",
    },
    stdin: "null",
  }).output();
  return { code, said: new TextDecoder().decode(stderr) };
}

describe("a piece of the log", () => {
  const first = "000000010000000000000005", second = "000000010000000000000006";

  async function archive(name: string, circumstances: Circumstances) {
    const status = inside("volume/17/pg_wal/archive_status");
    await Deno.remove(status, { recursive: true });
    await Deno.mkdir(status);
    for (let index = 0; index < (circumstances.waiting ?? 1); index++) {
      await Deno.writeTextFile(`${status}/${index}.ready`, "");
    }
    return await sh([`${scripts}archive_wal.sh`, `pg_wal/${name}`], circumstances);
  }
  const mark = () => Deno.readTextFile(inside("volume/17/fleethold_log_gap"));

  it("that is archived leaves nothing to say", async () => {
    expect(await archive(first, { freeMb: 5, waiting: 90, reachable: true })).toEqual({ code: 0, said: "" });
    expect(await exists("volume/17/fleethold_log_gap")).toBe(false);
  });

  it.each<[string, Circumstances]>([
    ["there is room", { freeMb: 50_000, waiting: 500 }],
    ["few pieces wait, and others fill the disk", { freeMb: 500, waiting: 3 }],
  ])("that cannot be archived is kept as long as %s", async (_, circumstances) => {
    expect((await archive(first, circumstances)).code).toBe(1);
    expect(await exists("volume/17/fleethold_log_gap")).toBe(false);
  });

  it.each<[string, Circumstances]>([
    ["the disk is nearly full and many wait", { freeMb: 500, waiting: 8 }],
    ["the disk is full", { freeMb: 20, waiting: 1 }],
    ["more wait than ever should", { freeMb: 50_000, waiting: 1_024 }],
  ])("that cannot be archived is given up, marked and loudly said when %s", async (_, circumstances) => {
    const { code, said } = await archive(first, circumstances);
    expect(code).toBe(0);
    expect(said).toMatch(new RegExp(`GAVE UP ${first} OF THE LOG.*\\n.*hint: free some space`));
    expect(await mark()).toMatch(new RegExp(`^${first} 20\\d\\d-\\S+Z\\n$`));
  });

  it("that is archived again ends the gap, whose beginning stays to be read", async () => {
    const full = { freeMb: 20, waiting: 1 };
    await archive(first, full);
    await archive(second, full);
    expect(await mark()).toMatch(new RegExp(`^${first} `));
    const third = "000000010000000000000007";
    await Deno.utime(inside("tmp/archive_wal.asked"), new Date(), new Date(Date.now() - 61_000));
    expect(await archive(third, { freeMb: 20, waiting: 1, reachable: true })).toMatchObject({
      code: 0,
      said: expect.stringContaining(`archived again, from ${third} on`),
    });
    expect(await mark()).toMatch(new RegExp(`^${first} \\S+Z ${third} \\S+Z\\n$`));
    await archive("000000010000000000000008", full);
    expect(await mark()).toMatch(/^000000010000000000000008 \S+Z\n$/);
  });

  it("does not hold up a cluster that is told to stop, and is never given up then", async () => {
    await Deno.writeTextFile(inside("volume/17/postmaster.pid"), "1\n2\n3\n5432\n/run\n*\n7 8\nstopping\n");
    const { code, said } = await archive(first, { freeMb: 20, waiting: 90, hangs: true });
    expect(code).toBe(1);
    expect(said).toContain(`${first} stays here until the next start`);
    expect(await exists("volume/17/fleethold_log_gap")).toBe(false);
  });

  it("on a disk that fills is not held up by a service that was away a moment ago", async () => {
    const full = { freeMb: 20, waiting: 1 };
    await archive(first, full);
    await archive(second, full);
    expect((await Deno.readTextFile(inside("asked"))).trim().split("\n")).toHaveLength(1);
  });
});

describe("the ballast", () => {
  async function ballast(act: "make_ballast" | "give_up_ballast_if_full", freeMb: number) {
    const script = `say() { printf '%s\\n' "$*" >&2; }
      FLEETHOLD_BALLAST_MB=4
      . '${scripts}ballast.sh'
      ${act}`;
    return await sh(["-euc", script], { freeMb });
  }

  it("takes room where there is plenty, once", async () => {
    expect((await ballast("make_ballast", 31)).code).toBe(0);
    expect(await exists("volume/ballast")).toBe(false);
    await ballast("make_ballast", 32);
    const { size, mtime, blocks } = await Deno.stat(inside("volume/ballast"));
    expect(size).toBe(4 * 1024 * 1024);
    // Really taken, not only said to be.
    expect(blocks! * 512).toBeGreaterThanOrEqual(size);
    await ballast("make_ballast", 10_000);
    expect((await Deno.stat(inside("volume/ballast"))).mtime).toEqual(mtime);
  });

  it("stays until the disk is full, and then is given up so that PostgreSQL can start", async () => {
    await ballast("make_ballast", 100);
    expect(await ballast("give_up_ballast_if_full", 2)).toEqual({ code: 0, said: "" });
    expect(await exists("volume/ballast")).toBe(true);
    const { code, said } = await ballast("give_up_ballast_if_full", 1);
    expect(code).toBe(0);
    expect(said).toMatch(/THE DISK IS FULL: 1 MB are free.*\nhint: free some space now/);
    expect(await exists("volume/ballast")).toBe(false);
    expect(await ballast("give_up_ballast_if_full", 1)).toEqual({ code: 0, said: "" });
  });
});
