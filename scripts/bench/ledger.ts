import type { Delivery } from "../../server/deliveries/schema.ts";
import type { Vehicle } from "../../server/drivers/schema.ts";

/** A write as it is sent, and sent again: its key says that it is the same one. */
export interface Write {
  what: "create" | "edit" | "vehicle";
  method: "POST" | "PATCH";
  path: string;
  /** The session it is sent in, the key, and for an edit the version that is edited. */
  headers: Record<string, string>;
  body: Record<string, unknown>;
  /** The order's number, or the vehicle's plate. */
  about: string;
}

/** What an answer to a write says there is now. */
export type Thing = Pick<Delivery | Vehicle, "id" | "version">;

/** How what a site has differs from what was acknowledged, in words. */
export interface Differences {
  missing: string[];
  doubled: string[];
}

/** Before the present, so that it stands on nobody's board of today. */
const DAY = "2026-03-02";
const STREETS = ["Ahornallee", "Birkenweg", "Dorfplatz", "Eichenring", "Gartenweg", "Lindenstraße"];

/**
 * What dispatchers of one site write, and what they were told of it. An order's number exists once by the database's own
 * rule; nothing but the key stands against a vehicle that is added twice, or an edit that counts twice.
 */
export class Ledger {
  readonly #orders = new Map<string, Thing & { quantity: number }>();
  readonly #vehicles = new Map<string, Thing>();
  readonly #numbers: string[] = [];
  /** Orders that nobody is editing: of two edits at once, one is refused by right. */
  readonly #idle: string[] = [];
  readonly #open = new Set<Write>();
  readonly #acknowledged: { write: Write; thing: Thing }[] = [];
  /** Begins every number, so that another shift at the same site has others. */
  readonly #shift = crypto.randomUUID().slice(0, 8).toUpperCase();
  #count = 0;

  constructor(private readonly siteId: string) {}

  /** The site's board of the day that all orders are for. */
  get board(): string {
    return `/api/deliveries?site=${this.siteId}&day=${DAY}&limit=50`;
  }

  /** A new order. */
  order(cookie: string): Write {
    const at = ++this.#count;
    const number = `${this.#shift}-${String(at).padStart(6, "0")}`;
    const street = `${STREETS[at % STREETS.length]} ${1 + at % 90}`;
    const recipient = { name: `Mara Beispiel ${at % 500}`, street, postcode: "05017", city: "Lindental" };
    const body = { siteId: this.siteId, number, day: DAY, quantity: 1, recipient };
    return writing({ what: "create", method: "POST", path: "/api/deliveries", about: number, body }, {
      cookie,
    });
  }

  /** A new vehicle. */
  vehicle(cookie: string): Write {
    const plate = `${this.#shift} ${++this.#count}`;
    const body = { siteId: this.siteId, name: "Van", plate };
    return writing({ what: "vehicle", method: "POST", path: "/api/vehicles", about: plate, body }, {
      cookie,
    });
  }

  /** One more piece for an order; a new order where nobody can be spared one. */
  edit(cookie: string): Write {
    const number = this.#idle.shift();
    if (number === undefined) return this.order(cookie);
    const { id, version, quantity } = this.#orders.get(number)!;
    const body = { quantity: quantity + 1 };
    return writing(
      { what: "edit", method: "PATCH", path: `/api/deliveries/${id}`, about: number, body },
      { cookie, "If-Match": `"${version}"` },
    );
  }

  /** An order there is, another one each turn; undefined before there is any. */
  some(turn: number): { id: string; number: string } | undefined {
    const number = this.#numbers[turn % Math.max(1, this.#numbers.length)];
    return number === undefined ? undefined : { number, id: this.#orders.get(number)!.id };
  }

  /** It was answered that a write is done. */
  acknowledge(write: Write, { id, version }: Thing): void {
    this.#open.delete(write);
    this.#acknowledged.push({ write, thing: { id, version } });
    if (write.what === "vehicle") {
      this.#vehicles.set(write.about, { id, version });
      return;
    }
    if (write.what === "create") this.#numbers.push(write.about);
    this.#orders.set(write.about, { id, version, quantity: write.body.quantity as number });
    this.#idle.push(write.about);
  }

  /** A write was not answered, or refused for now: it may be done or not. */
  leaveOpen(write: Write): void {
    this.#open.add(write);
  }

  get open(): Write[] {
    return [...this.#open];
  }

  get acknowledged(): readonly { write: Write; thing: Thing }[] {
    return this.#acknowledged;
  }

  /** The ids of all orders there are by what was answered. */
  get orderIds(): string[] {
    return [...this.#orders.values()].map(({ id }) => id);
  }

  /** Compares what was acknowledged with all that the site has. */
  compare(orders: readonly Delivery[], vehicles: readonly Vehicle[]): Differences {
    const differences: Differences = { missing: [], doubled: [] };
    const { missing, doubled } = differences;
    const undecided = new Set(this.open.map(({ about }) => about));
    const byNumber = Map.groupBy(orders, ({ number }) => number);
    for (const [number, { id, version, quantity }] of this.#orders) {
      const found = byNumber.get(number) ?? [];
      const itself = found.find((order) => order.id === id);
      if (!itself) missing.push(`order ${number}`);
      if (found.length > 1) doubled.push(`order ${number}`);
      if (!itself || undecided.has(number)) continue;
      if (itself.version < version || itself.quantity < quantity) missing.push(`an edit of order ${number}`);
      if (itself.version > version) doubled.push(`an edit of order ${number}`);
    }
    const byPlate = Map.groupBy(vehicles, ({ plate }) => plate);
    for (const [plate, { id }] of this.#vehicles) {
      const found = byPlate.get(plate) ?? [];
      if (!found.some((vehicle) => vehicle.id === id)) missing.push(`vehicle ${plate}`);
      if (found.length > 1) doubled.push(`vehicle ${plate}`);
    }
    return differences;
  }
}

function writing(write: Omit<Write, "headers">, headers: Record<string, string>): Write {
  return {
    ...write,
    headers: {
      "Sec-Fetch-Site": "same-origin",
      "Content-Type": "application/json",
      "Idempotency-Key": crypto.randomUUID(),
      ...headers,
    },
  };
}
