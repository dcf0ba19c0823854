/**
 * Dispatchers at work while backups are made, in a process of their own so that what they cost is not measured as the
 * server's: reads a `MixedLoad` as JSON from standard input and writes the `Asked` of its time to standard output.
 */
import { Ledger, type Thing, type Write } from "./ledger.ts";

export interface MixedLoad {
  url: string;
  /** Cookie headers of dispatchers. */
  users: string[];
  /** Where they write. */
  siteId: string;
  /** Addresses of boards and searches to draw from. */
  boards: string[];
  searches: string[];
  perSecond: number;
  seconds: number;
  /** Seconds at the beginning that are not counted. */
  warmUp: number;
}

/** A request: when it was due, in milliseconds since 1970, and how long after that its answer was there. */
export interface Asked {
  at: number;
  ms: number;
  isWrite: boolean;
}

/** What is asked one after the other, over and over: a quarter writes. */
const MIX = "board create board search board edit board board".split(" ");

if (import.meta.main) {
  const load = await new Response(Deno.stdin.readable).json() as MixedLoad;
  await Deno.stdout.write(new TextEncoder().encode(JSON.stringify(await work(load))));
}

/** Asks so many times a second, however long the answers take. @throws when one is refused */
async function work(load: MixedLoad): Promise<Asked[]> {
  const { perSecond, seconds, warmUp } = load;
  const ledger = new Ledger(load.siteId);
  const began = Date.now();
  const asked: Asked[] = [];
  const underWay: Promise<void>[] = [];
  for (let turn = 0; turn < (seconds + warmUp) * perSecond; turn++) {
    const at = began + turn * 1000 / perSecond;
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, at - Date.now())));
    underWay.push(
      ask(load, ledger, turn).then((isWrite) => {
        if (at >= began + warmUp * 1000) asked.push({ at, ms: Date.now() - at, isWrite });
      }),
    );
  }
  await Promise.all(underWay);
  return asked;
}

/** @returns whether it was a write */
async function ask(load: MixedLoad, ledger: Ledger, turn: number): Promise<boolean> {
  const { url, users, boards, searches } = load;
  const cookie = users[turn % users.length]!;
  const what = MIX[turn % MIX.length]!;
  if (what === "board" || what === "search") {
    const paths = what === "board" ? boards : searches;
    await answered(await fetch(`${url}${paths[turn % paths.length]}`, { headers: { cookie } }), what);
    return false;
  }
  const write: Write = what === "create" ? ledger.order(cookie) : ledger.edit(cookie);
  const { method, path, headers, body } = write;
  const response = await fetch(`${url}${path}`, { method, headers, body: JSON.stringify(body) });
  ledger.acknowledge(write, JSON.parse(await answered(response, what)) as Thing);
  return true;
}

async function answered(response: Response, what: string): Promise<string> {
  const text = await response.text();
  if (!response.ok) throw new Error(`${what} answered ${response.status}: ${text.slice(0, 300)}`);
  return text;
}
