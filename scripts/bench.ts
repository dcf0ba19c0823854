/**
 * `deno task bench NAME`: measures a real installation that it starts and removes. Progress goes to standard error; the
 * last line on standard output is one JSON object. What is measured how, and what came out: docs/performance.md.
 */
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { exitCodes, Refusal } from "./installation/refusal.ts";
import { explain, print, say } from "./installation/terminal.ts";

/** What a benchmark may be told; each takes what concerns it. */
export interface BenchOptions {
  /** How many orders are stored. */
  orders: number;
  /** A directory whose installation is used, filled up as needed and kept. Undefined: a new one, removed afterwards. */
  data: string | undefined;
  /** Less of it, to see whether it works rather than to measure. */
  quick: boolean;
  /** How large the database is that is backed up, in GB of 1,000,000,000 bytes. */
  gb: number;
}

type Figures = Record<string, number>;
type Benchmark = (options: BenchOptions) => Promise<Figures>;

/** Loaded when they are run: nobody waits for a browser to measure an import. */
const benchmarks: Record<string, () => Promise<{ run: Benchmark }>> = {
  api: () => import("./bench/api.ts"),
  import: () => import("./bench/import.ts"),
  web: () => import("./bench/web.ts"),
  failover: () => import("./bench/failover.ts"),
  backup: () => import("./bench/backup.ts"),
};

const help =
  `Measures a real installation: two durable clusters, the API and the worker; failover, the appliance in Docker.

  deno task bench ${Object.keys(benchmarks).join(" | ")} | all [--orders N] [--data DIR] [--gb N] [--quick]

  --orders N  how many orders are stored (api; default: 1000000)
  --data DIR  use the installation in DIR, fill it up to N orders, and keep it (api; default: a new one, removed after)
  --gb N      how large the database is that is backed up, from 0.05 on (backup; default: 10)
  --quick     a shorter run (failover, backup)

Progress goes to standard error. The last line on standard output is one JSON object.`;

if (import.meta.main) Deno.exit(await main(Deno.args));

async function main(args: string[]): Promise<number> {
  try {
    const { name, options } = parse(args);
    if (name === undefined) {
      print(help);
      return 0;
    }
    print(JSON.stringify(name === "all" ? await runAll(options) : await runOne(name, options)));
    return 0;
  } catch (error) {
    return explain(error);
  }
}

async function runOne(name: string, options: BenchOptions): Promise<Figures> {
  const { run } = await benchmarks[name]!();
  return await run(options);
}

async function runAll(options: BenchOptions): Promise<Record<string, Figures>> {
  const all: Record<string, Figures> = {};
  for (const name of Object.keys(benchmarks)) {
    say(`bench ${name}`);
    all[name] = await runOne(name, options);
  }
  return all;
}

function parse(args: string[]): { name: string | undefined; options: BenchOptions } {
  const hint = "deno task bench --help lists the benchmarks and flags";
  const { values, positionals: [name, ...more] } = flagsOf(args, hint);
  const orders = Number(values.orders ?? 1_000_000);
  if (!Number.isInteger(orders) || orders < 1_000) {
    throw new Refusal(
      `--orders ${values.orders} is not a number of orders from 1000 on`,
      hint,
      exitCodes.usage,
    );
  }
  const data = values.data === undefined
    ? undefined
    : resolve(Deno.env.get("INIT_CWD") ?? Deno.cwd(), values.data);
  const gb = Number(values.gb ?? 10);
  if (!(gb >= 0.05 && gb <= 1_000)) {
    throw new Refusal(`--gb ${values.gb} is not a size from 0.05 to 1000`, hint, exitCodes.usage);
  }
  const options = { orders, data, gb, quick: values.quick ?? false };
  if (values.help) return { name: undefined, options };
  if (name === undefined) throw new Refusal("Nothing was named to measure", hint, exitCodes.usage);
  if (more.length > 0 || (name !== "all" && !Object.hasOwn(benchmarks, name))) {
    throw new Refusal(`There is no benchmark "${[name, ...more].join(" ")}"`, hint, exitCodes.usage);
  }
  return { name, options };
}

function flagsOf(args: string[], hint: string) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        orders: { type: "string" },
        data: { type: "string" },
        gb: { type: "string" },
        quick: { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
    });
  } catch (error) {
    throw new Refusal((error as Error).message.split(". ")[0]!, hint, exitCodes.usage);
  }
}
