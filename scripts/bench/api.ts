import { join } from "node:path";
import { sql } from "kysely";
// @ts-types="@types/pg"
import pg from "pg";
import type { Recipient } from "../../server/deliveries/schema.ts";
import { Random } from "../../server/demo/random.ts";
import { Reader } from "../../server/audit/reader.ts";
import { system } from "../../server/audit/actor.ts";
import { subjectOf } from "../../server/deliveries/delivery.ts";
import type { Services } from "../../server/platform/services.ts";
import type { BenchOptions } from "../bench.ts";
import { runningInstallation } from "../embedded/lock.ts";
import { freePorts } from "../embedded/ports.ts";
import { during, say } from "../installation/terminal.ts";
import { DAYS, numberAt } from "./customers.ts";
import { ensureCompany, fill, signInDispatchers } from "./fill.ts";
import { launch } from "./installation.ts";
import type { Latencies, Load } from "./load.ts";
import { environmentOf, openServices } from "./services.ts";

const USERS = 20;
/** What a dispatcher takes between two looks at the screen, if quick. */
const PAUSE: Load["pause"] = [250, 500];
const NO_PAUSE: Load["pause"] = [0, 0];
/** The server that opens and the one that does not take turns, so that other work on the machine meets both. */
const ROUNDS = 3;
const REST_SECONDS = 30;
const WARMING_SECONDS = 40;

/**
 * Stores orders (a million, unless told otherwise) and lets 20 dispatchers page through the board and search over HTTP,
 * against `serve` as anybody starts it. `board_p95_ms` and `search_p95_ms` are with a pause of 250 to 500 ms between an
 * answer and the next request; without any pause is reported beside them. `sealed_ratio` compares answers a second,
 * without pause, with a server that opens nothing. Memory is taken at rest, half a minute after the load.
 */
export async function run({ orders, data }: BenchOptions): Promise<Record<string, number>> {
  const installation = await launch({ data });
  const { url } = installation;
  const environment = await environmentOf(installation.directory);
  const { services, close } = openServices(environment, 4);
  try {
    const siteIds = await ensureCompany(services);
    await fill(environment, siteIds, orders);
    await during("letting the database settle", settle(installation.directory));
    tell("memory before the load", await memoryOf(installation.pid));

    const users = await signInDispatchers(services, siteIds, USERS);
    const boards = boardPaths(siteIds);
    const strange = boardPaths(siteIds, { anyDay: 1 });
    const searches = await searchPaths(services, orders);
    const colleagues = await signInDispatchers(services, siteIds, USERS);
    const work = (what: string, load: Partial<Load>) => measured(what, { ...defaults, url, users, ...load });

    // A server that has been up for a day has its indexes in memory. The warming is done by others and with other searches,
    // so that the measured ones' looks are still looks at somebody new.
    const others = await searchPaths(services, orders);
    await work("search, to warm up", { users: colleagues, paths: others, seconds: WARMING_SECONDS });
    const board = await work("board, with pauses", { paths: boards, pause: PAUSE });
    const search = await work("search, with pauses", { paths: searches, pause: PAUSE });
    await work("board, no page looked at before, with pauses", { paths: strange, pause: PAUSE });
    await work("board, no page looked at before, without pauses", { paths: strange });
    await work("search, without pauses", { paths: searches.toReversed() });
    const ratio = await beside(environment, async (unopened) => {
      const opened: number[] = [], without: number[] = [];
      for (let round = 0; round < ROUNDS; round++) {
        const load = { seconds: 10, warmUp: 2, paths: boards };
        opened.push((await work("board, without pauses", load)).perSecond);
        without.push((await work("board unopened, without pauses", { ...load, url: unopened })).perSecond);
      }
      return sum(opened) / sum(without);
    });

    await during(
      "letting the programs rest",
      new Promise((resolve) => setTimeout(resolve, REST_SECONDS * 1000)),
    );
    const rest = await memoryOf(installation.pid);
    tell("memory at rest", rest);
    return {
      orders,
      board_p95_ms: board.p95,
      search_p95_ms: search.p95,
      sealed_ratio: Math.round(ratio * 100) / 100,
      serve_rss_mb: rest.serve,
      work_rss_mb: rest.work,
    };
  } finally {
    await close();
    await installation.end();
  }
}

const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);

const defaults = { seconds: 12, warmUp: 3, pause: NO_PAUSE, paths: [] as string[] };

/**
 * A site's first page of a day, for as many requests as anybody makes: of the last week for four requests of five, and
 * of any day of two years for the fifth, whose keys are not in memory and at which nobody has looked yet.
 */
function boardPaths(siteIds: readonly string[], { anyDay = 0.2 } = {}): string[] {
  const random = new Random(Date.now());
  const today = Temporal.Now.plainDateISO("Europe/Berlin");
  return Array.from({ length: 20_000 }, () => {
    const day = today.subtract({ days: random.between(0, random.chance(anyDay) ? DAYS - 1 : 6) });
    return `/api/deliveries?site=${random.pick(siteIds)}&day=${day}&limit=50`;
  });
}

/** What dispatchers type to find an order there is: its number, or the recipient's name, end of the phone, or street. */
async function searchPaths(services: Services, orders: number): Promise<string[]> {
  const random = new Random(Date.now());
  const numbers = Array.from({ length: 2_000 }, () => numberAt(random.between(0, orders - 1)));
  const rows = await services.db.selectFrom("deliveries").selectAll()
    .where(sql<boolean>`number_lower = any(${numbers}::text[])`).execute();
  const recipients = await new Reader(services, system("bench"))
    .open<Recipient>("deliveries", rows.map(subjectOf), null);
  return random.shuffle(rows).map((row, at) =>
    `/api/deliveries?limit=50&q=${encodeURIComponent(typed(random, row.number, recipients[at]!))}`
  );
}

function typed(random: Random, number: string, { name, phone, street }: Recipient): string {
  const [firstName, lastName] = name.split(" ");
  return random.pick([
    number,
    name,
    `${lastName} ${firstName!.slice(0, 3)}`,
    phone!.slice(-6),
    street,
    street.replace(/ \S+$/, ""),
  ]);
}

/** Does at once what autovacuum does within minutes of so many new rows. */
async function settle(directory: string): Promise<void> {
  const running = await runningInstallation(directory);
  const client = new pg.Client({
    host: "127.0.0.1",
    port: running!.dataPort,
    user: "postgres",
    password: await Deno.readTextFile(join(directory, "secrets", "data_superuser_password")),
    database: "fleethold",
  });
  await client.connect();
  await client.query("vacuum analyze");
  await client.query("checkpoint");
  await client.end();
}

/** Lets the users work, from a process of its own, and tells how long answers took. */
async function measured(what: string, load: Load): Promise<Latencies> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--allow-net", join(import.meta.dirname!, "load.ts")],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(JSON.stringify(load)));
  await writer.close();
  const { success, stdout } = await child.output();
  if (!success) throw new Error(`${what}: a request failed; what it said stands above`);
  const latencies = JSON.parse(new TextDecoder().decode(stdout)) as Latencies;
  tell(what, latencies);
  return latencies;
}

/** Runs the server that opens nothing for as long as `act` takes. */
async function beside<T>(environment: Record<string, string>, act: (url: string) => Promise<T>): Promise<T> {
  const [port] = freePorts(1);
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", join(import.meta.dirname!, "unopened.ts"), String(port)],
    env: environment,
    stdin: "null",
    stdout: "null",
    stderr: "inherit",
  }).spawn();
  const url = `http://127.0.0.1:${port}`;
  try {
    while (!await answers(url)) await new Promise((resolve) => setTimeout(resolve, 100));
    return await act(url);
  } finally {
    child.kill("SIGTERM");
    await child.status;
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/readyz`);
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}

/** Resident memory of the launcher's children, in MB of 1,000,000 bytes. */
async function memoryOf(launcher: number): Promise<{ serve: number; work: number }> {
  const { stdout } = await new Deno.Command("ps", { args: ["-eo", "ppid=,rss=,args="] }).output();
  const children = new TextDecoder().decode(stdout).split("\n")
    .map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line))
    .filter((fields) => fields !== null && Number(fields[1]) === launcher);
  const megabytes = (program: string) => {
    const [, , kibibytes] = children.find((fields) => fields![3]!.includes(`main.ts ${program}`))!;
    return Math.round(Number(kibibytes) * 1024 / 1e6);
  };
  return { serve: megabytes("serve"), work: megabytes("work") };
}

function tell(what: string, figures: object): void {
  const text = Object.entries(figures).map(([name, value]) => `${name} ${value}`).join(", ");
  say(`${what}: ${text}`);
}
