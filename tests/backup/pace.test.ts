import { expect, it } from "vitest";
import { HELD, Pace, type Signal } from "../../backup/pace.ts";
import type { LiveCluster } from "../../backup/live.ts";
import { eventually } from "../harness/launcher.ts";

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** A cluster whose people make so many transactions a second. */
function clusterOf(perSecond: () => number): LiveCluster {
  let [count, at] = [0, performance.now()];
  return {
    transactions: () => {
      const now = performance.now();
      count += perSecond() * (now - at) / 1_000;
      at = now;
      return Promise.resolve(count);
    },
  } as LiveCluster;
}

/** What a program that takes so long is told. */
async function toldTo(pace: Pace, ms: number): Promise<Signal[]> {
  const told: Signal[] = [];
  await pace.hold((signal) => Promise.resolve(void told.push(signal)), pause(ms));
  return told;
}

function start(...line: string[]) {
  const child = new Deno.Command(HELD[0]!, {
    args: [...HELD.slice(1), ...line],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  return {
    child,
    tell: (signal: Signal) => writer.write(new TextEncoder().encode(`${signal}\n`)),
    close: () => writer.close().catch(() => {}),
  };
}

/** The state of the one process that was started so, such as `S` or `T`; null once it is gone. */
async function stateOf(marker: string): Promise<string | null> {
  const args = ["-eo", "stat=,args="];
  const { stdout } = await new Deno.Command("ps", { args }).output();
  const row = new TextDecoder().decode(stdout).split("\n").find((row) =>
    row.endsWith(` sleep ${marker}`) &&
    !row.includes("sh -c")
  );
  return row?.trim()[0] ?? null;
}

it("a program runs at full speed while nobody works", async () => {
  expect(await toldTo(new Pace(clusterOf(() => 3)), 2_500)).toEqual([]);
});

it("a program runs in turns while people work, and is left running", async () => {
  const told = await toldTo(new Pace(clusterOf(() => 100)), 3_000);
  expect(told.length).toBeGreaterThan(10);
  expect(told.length % 2).toBe(0);
  expect(told).toEqual(told.map((_, index) => index % 2 === 0 ? "STOP" : "CONT"));
});

it("a cluster that does not answer holds nobody up", async () => {
  const gone = { transactions: () => Promise.reject(new Error("gone")) } as unknown as LiveCluster;
  expect(await toldTo(new Pace(gone), 1_500)).toEqual([]);
});

it("a held program stops with all its children, goes on, and its output and exit code arrive", async () => {
  const { child, tell, close } = start("sh", "-c", "sleep 4711.5; echo done; exit 7");
  await eventually(async () => await stateOf("4711.5") === "S");
  await tell("STOP");
  await eventually(async () => await stateOf("4711.5") === "T");
  await tell("CONT");
  await eventually(async () => await stateOf("4711.5") === "S");
  await new Deno.Command("pkill", { args: ["-f", "^sleep 4711.5"] }).output();
  const { code, stdout } = await child.output();
  await close();
  expect([code, new TextDecoder().decode(stdout)]).toEqual([7, "done\n"]);
});

it("a held program goes on when whoever held it is gone, and ends when it is told to", async () => {
  const { child, tell, close } = start("sleep", "4712.5");
  await tell("STOP");
  await eventually(async () => await stateOf("4712.5") === "T");
  await close();
  await eventually(async () => await stateOf("4712.5") === "S");
  child.kill("SIGTERM");
  expect((await child.output()).code).toBe(143);
  expect(await stateOf("4712.5")).toBeNull();
});
