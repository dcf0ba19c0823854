import type { Delivery } from "../../server/deliveries/schema.ts";
import type { Vehicle } from "../../server/drivers/schema.ts";
import type { Appliance } from "./appliance.ts";
import type { Call, Depot } from "./depot.ts";
import { type Differences, Ledger, type Thing, type Write } from "./ledger.ts";

/** What a request came to. Moments are milliseconds of `performance.now()`. */
export interface Answered {
  what: string;
  isWrite: boolean;
  began: number;
  ended: number;
  /** Null: there was no answer. */
  status: number | null;
  /** Whether it said when to come back. */
  retryAfter: boolean;
  /** The beginning of an answer that was not good, or what broke the connection. */
  said: string;
}

/** What became of the writes, once nothing more is asked. */
export interface Reckoning extends Differences {
  /** Sent again with the same key, and not answered as before. */
  disowned: string[];
}

interface Ask {
  what: string;
  method: string;
  path: string;
  headers: Record<string, string>;
  write?: Write;
}

/** What is asked one after the other, over and over. */
const MIX =
  "board search create one board edit create board search one create board vehicle search create board one edit create board"
    .split(" ");
/** Nobody waits longer. */
const PATIENCE_MS = 60_000;
/** So many of the last acknowledged writes are sent again. */
const MOST_REPEATED = 200;

/**
 * Dispatchers at work: so many requests a second, however long the answers take, over connections that are kept and
 * fresh ones. Nothing is sent a second time from here while they work: what gets no good answer has failed.
 */
export class FailoverLoad {
  readonly answers: Answered[] = [];
  readonly ledger: Ledger;
  readonly #depot: Depot;
  readonly #url: string;
  readonly #clients: Deno.HttpClient[];
  readonly #underWay = new Set<Promise<void>>();
  readonly #working: Promise<void>;
  #turn = 0;
  #atWork = true;

  private constructor(depot: Depot, url: string, clients: Deno.HttpClient[], perSecond: number) {
    this.ledger = new Ledger(depot.siteId);
    this.#depot = depot;
    this.#url = url;
    this.#clients = clients;
    this.#working = this.#work(1000 / perSecond);
  }

  /** Begins to work. To be ended. */
  static async begin(appliance: Appliance, depot: Depot, perSecond = 50): Promise<FailoverLoad> {
    const caCerts = [await appliance.root()];
    return new FailoverLoad(depot, appliance.url, [
      // As browsers do, HTTP/2 over one connection; HTTP/1.1 kept alive; a connection for each request.
      Deno.createHttpClient({ caCerts }),
      Deno.createHttpClient({ caCerts, http2: false }),
      Deno.createHttpClient({ caCerts, http2: false, poolMaxIdlePerHost: 0 }),
    ], perSecond);
  }

  /** Asks nothing more, and waits for what is under way. */
  async rest(): Promise<void> {
    this.#atWork = false;
    await this.#working;
    await Promise.all(this.#underWay);
  }

  /**
   * Ends the work and compares what was acknowledged with what there is: before any write is sent again, and after all
   * that were not acknowledged, and the last of the others, were sent once more with their keys.
   */
  async end(): Promise<Reckoning> {
    await this.rest();
    const first = await this.#compare();
    const disowned = await this.#repeat();
    const last = await this.#compare();
    for (const client of this.#clients) client.close();
    return {
      missing: [...new Set([...first.missing, ...last.missing])],
      doubled: [...new Set([...first.doubled, ...last.doubled])],
      disowned,
    };
  }

  /** What was not answered well. */
  get failed(): Answered[] {
    return this.answers.filter(({ status }) => !isGood(status));
  }

  /** Milliseconds that the slowest answer took. */
  get slowest(): number {
    return Math.round(Math.max(0, ...this.answers.map(({ began, ended }) => ended - began)));
  }

  async #work(every: number): Promise<void> {
    for (let due = performance.now(); this.#atWork; due += every) {
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - performance.now())));
      const turn = this.#turn++;
      const asking: Promise<void> = this.#ask(this.#next(turn), turn)
        .finally(() => this.#underWay.delete(asking));
      this.#underWay.add(asking);
    }
  }

  #next(turn: number): Ask {
    const { ledger } = this;
    const { dispatchers } = this.#depot;
    const cookie = dispatchers[Math.floor(turn / 3) % dispatchers.length]!;
    const what = MIX[turn % MIX.length]!;
    const some = ledger.some(turn * 7);
    if (what === "create" || !some) return writing(ledger.order(cookie));
    if (what === "edit") return writing(ledger.edit(cookie));
    if (what === "vehicle") return writing(ledger.vehicle(cookie));
    const path = {
      board: ledger.board,
      search: `${ledger.board}&q=${some.number}`,
      one: `/api/deliveries/${some.id}`,
    }[what]!;
    return { what, method: "GET", path, headers: { cookie } };
  }

  async #ask(ask: Ask, turn: number): Promise<void> {
    const { what, write } = ask;
    const began = performance.now();
    let status: number | null = null, retryAfter = false, said = "";
    try {
      const answer = await this.#send(ask, turn);
      said = await answer.text();
      status = answer.status;
      retryAfter = answer.headers.has("retry-after");
    } catch (error) {
      said = Deno.inspect(error);
    }
    const ended = performance.now();
    if (write && isGood(status)) this.ledger.acknowledge(write, JSON.parse(said));
    else if (write) this.ledger.leaveOpen(write);
    said = isGood(status) ? "" : said.slice(0, 300);
    this.answers.push({ what, isWrite: write !== undefined, began, ended, status, retryAfter, said });
  }

  #send({ method, path, headers, write }: Ask, turn: number): Promise<Response> {
    return fetch(`${this.#url}${path}`, {
      method,
      headers,
      body: write ? JSON.stringify(write.body) : null,
      client: this.#clients[turn % this.#clients.length]!,
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
  }

  async #compare(): Promise<Differences> {
    const { call, siteId } = this.#depot;
    const orders = await all<Delivery>(call, `/api/deliveries?site=${siteId}&sort=number&limit=200`);
    const vehicles = await all<Vehicle>(call, "/api/vehicles?limit=200");
    return this.ledger.compare(orders, vehicles.filter((vehicle) => vehicle.siteId === siteId));
  }

  /** Sends writes again; answers which of them were not answered as before. */
  async #repeat(): Promise<string[]> {
    const { open, acknowledged } = this.ledger;
    const before = new Map<Write, Thing>(
      acknowledged.slice(-MOST_REPEATED).map(({ write, thing }) => [write, thing]),
    );
    const disowned: string[] = [];
    for (const write of [...open, ...before.keys()]) {
      const answer = await this.#send(writing(write), 0);
      const said = await answer.text();
      const known = before.get(write);
      const thing = answer.ok ? JSON.parse(said) as Thing : undefined;
      if (!thing || (known && (thing.id !== known.id || thing.version !== known.version))) {
        disowned.push(`${write.what} ${write.about}: ${answer.status} ${said.slice(0, 300)}`);
      } else if (!known) this.ledger.acknowledge(write, thing);
    }
    return disowned;
  }
}

const writing = (write: Write): Ask => ({ ...write, write });

/** Every item of a list, page by page. */
export async function all<T>(call: Call, path: string): Promise<T[]> {
  const items: T[] = [];
  for (let cursor = "";;) {
    const page = await call<{ items: T[]; next: string | null }>("GET", `${path}${cursor}`);
    items.push(...page.items);
    if (page.next === null) return items;
    cursor = `&cursor=${encodeURIComponent(page.next)}`;
  }
}

export const isGood = (status: number | null): boolean => status !== null && status >= 200 && status < 300;
