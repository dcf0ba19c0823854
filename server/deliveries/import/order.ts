import type { z } from "zod";
import { kinds, NewDelivery, priorities } from "../schema.ts";
import { readMinutes, readMoney, readNumber } from "./amounts.ts";
import { CellReader, type OrderFault } from "./cell_reader.ts";
import { readCountry } from "./countries.ts";
import type { Cells } from "./format.ts";
import { dayOf, instantAt, type Moment, readClock, readClockRange, readDay, readMoment } from "./moments.ts";
import type { ImportOptions } from "./schema.ts";

/** The site the orders are for: its IANA time zone, and the day it is there, `2026-11-23`. */
export interface Site {
  timeZone: string;
  today: string;
}

/** An order without its site, as `NewDelivery` parses it. */
const Order = NewDelivery.omit({ siteId: true });
export type Order = z.infer<typeof Order>;

/** What the file says of an order, and nothing it leaves open: what an order that exists already takes over. */
export interface Said {
  fields: Partial<Order>;
  recipient: Partial<Order["recipient"]>;
}

/**
 * Understands what a file says of one order, field by field, and holds it against the rules for any new delivery.
 *
 * @returns every fault that was found, in words for the person who has the file; the order only when there is none.
 */
export function readOrder(
  cells: Cells,
  options: ImportOptions,
  site: Site,
): { order: Order; said: Said } | { faults: OrderFault[] } {
  const reader = new CellReader(cells);
  const { window, ...when } = dayAndWindow(reader, options, site);
  const fields = fieldsOf(reader);
  const recipient = recipientOf(reader);
  const parsed = Order.safeParse(
    { number: reader.line("number"), day: when.day, window, ...fields, recipient },
    { reportInput: true },
  );
  for (const issue of parsed.error?.issues ?? []) reader.refuse(issue);
  if (!parsed.success || reader.faults.length > 0) return { faults: reader.faults };
  const order = parsed.data;
  return {
    order,
    said: {
      fields: {
        ...named(order, fields),
        ...(!when.isAssumed && named(order, { day: when.day, window })),
        // What was paid meanwhile must not be collected again: where the file can name an amount, none means none.
        ...((options.format !== "custom" || options.mapping.cashAmount) && { cash: order.cash }),
      },
      recipient: named(order.recipient, recipient),
    },
  };
}

/** The parsed values of those fields for which the file says something. */
function named<Values extends object>(
  values: Values,
  read: { [Name in keyof Values]?: unknown },
): Partial<Values> {
  const entries = Object.entries(values).filter(([name]) => read[name as keyof Values] !== undefined);
  return Object.fromEntries(entries) as Partial<Values>;
}

function fieldsOf(reader: CellReader) {
  return {
    kind: reader.word("kind", kindWords),
    serviceMinutes: reader.understood("serviceMinutes", readMinutes, "is not a number of minutes"),
    priority: reader.word("priority", priorityWords),
    quantity: reader.understood(
      "quantity",
      (text) => readNumber(text, { groups: true }),
      "is not a number",
    ),
    weightKg: reader.understood(
      "weightKg",
      (text) => readNumber(text, { units: kilograms }),
      "is not a weight in kg",
    ),
    volumeL: reader.understood(
      "volumeL",
      (text) => readNumber(text, { units: litres }),
      "is not a volume in litres",
    ),
    cash: cash(reader),
    tags: tags(reader),
    reference: reader.line("reference"),
  };
}

function recipientOf(reader: CellReader) {
  return {
    name: reader.line("name") ?? joined(" ", reader.line("firstName"), reader.line("lastName")),
    phone: reader.unquoted("phone"),
    email: reader.line("email"),
    street: reader.line("street", ", "),
    unit: joined(", ", reader.line("unit", ", "), reader.line("street2", ", ")),
    postcode: reader.unquoted("postcode"),
    city: reader.line("city"),
    country: reader.understood("country", readCountry, "is not a country we know by that name"),
    note: reader.text("note"),
    position: position(reader),
  };
}

const kindWords = new Map<string, typeof kinds[number]>([
  ...words(
    "delivery",
    "deliver",
    "drop off",
    "dropoff",
    "lieferung",
    "zustellung",
    "auslieferung",
    "livraison",
  ),
  ...words("pickup", "pick up", "collection", "collect", "return", "abholung", "retoure", "enlèvement"),
  ...words("service", "service call", "visit", "installation", "montage", "einsatz", "termin"),
]);

const priorityWords = new Map<string, typeof priorities[number]>([
  ...words("low", "niedrig", "gering"),
  ...words("normal", "medium", "standard", "default", "mittel"),
  ...words("high", "urgent", "express", "hoch", "dringend", "eilig"),
]);

/** A word and others that mean it. */
function words<T extends string>(meaning: T, ...others: string[]): [string, T][] {
  return [meaning, ...others].map((word) => [word, meaning]);
}

const kilograms = new Map([["kg", 1], ["kgs", 1], ["g", 0.001], ["lb", 0.45359237], ["lbs", 0.45359237]]);
const litres = new Map([["l", 1], ["ltr", 1], ["liter", 1], ["ml", 0.001], ["m³", 1000]]);

function joined(between: string, ...parts: (string | undefined)[]): string | undefined {
  return parts.filter((part) => part !== undefined).join(between) || undefined;
}

function tags(reader: CellReader): string[] | undefined {
  const names = reader.line("tags", ",")?.split(/[,;|]/).map((tag) => tag.trim()).filter((tag) => tag !== "");
  return names && [...new Set(names)];
}

function cash(reader: CellReader) {
  const currency = reader.line("currency")?.toUpperCase() ?? null;
  const money = reader.understood("cashAmount", (text) => readMoney(text, currency), "");
  if (typeof money === "object") return money;
  if (money === "no-amount") reader.fault("cashAmount", "is not an amount of money");
  if (money === "no-currency") reader.fault("cashAmount", "has no currency; choose the column that has it");
  return undefined;
}

/** A position from two columns, or from one that holds `48.1374,11.5755`. */
function position(reader: CellReader) {
  const [, both, andBoth] =
    /^\s*(-?\d{1,3}\.\d+)\s*[,;]\s*(-?\d{1,3}\.\d+)\s*$/.exec(reader.text("lat") ?? "") ?? [];
  if (both && andBoth) return { lat: Number(both), lon: Number(andBoth) };
  const lat = reader.understood("lat", readNumber, "is not a number of degrees");
  const lon = reader.understood("lon", readNumber, "is not a number of degrees");
  if (lat !== undefined && lon !== undefined) return { lat, lon };
  if (lat !== undefined && !reader.text("lon")) reader.fault("lat", "has no longitude beside it");
  if (lon !== undefined && !reader.text("lat")) reader.fault("lon", "has no latitude beside it");
  return undefined;
}

/**
 * The day, and the window within which service may start; a window open on one side ends with the day. The day is
 * assumed when neither the file nor the person importing it names one.
 */
function dayAndWindow(reader: CellReader, options: ImportOptions, { timeZone, today }: Site) {
  const moment = (text: string) => readMoment(text, options.dateOrder);
  const time = (text: string) => readClock(text) ?? moment(text);
  const written = reader.understood("day", moment, otherOrder(reader.text("day") ?? "", options));
  const range = readClockRange(reader.text("after") ?? "");
  const after = range?.after ?? reader.understood("after", time, notATime);
  const before = range?.before ?? reader.understood("before", time, notATime);

  const dated = [written, after, before].find((end) => typeof end === "object");
  const day = dated ? localDay(dated, timeZone) : options.defaultDay ?? today;
  const isAssumed = !dated && options.defaultDay === null;
  if (!after && !before) return { day, isAssumed };
  const instant = (end: string | Moment | undefined, otherwise: string) =>
    typeof end === "object"
      ? instantAt(end.day, end.clock ?? otherwise, end.offset ?? timeZone)
      : instantAt(day, end ?? otherwise, timeZone);
  // A window that ends at midnight ends with its day, not before it begins.
  const end = before === "00:00" ? "24:00" : before;
  const window = { after: instant(after, "00:00"), before: instant(end, "24:00") };
  return { day, window, isAssumed };
}

const notATime = "is not a time such as 10:00, 10:00 - 12:00 or 2026-11-23 10:00";

function localDay({ day, clock, offset }: Moment, timeZone: string): string {
  return clock && offset ? dayOf(instantAt(day, clock, offset), timeZone) : day;
}

/** Why a text is no day: some that make no sense do so with day and month the other way round. */
function otherOrder(text: string, { dateOrder }: ImportOptions): string {
  const [read, other] = dateOrder === "day-first" ? ["day", "month"] : ["month", "day"];
  return readDay(text, dateOrder === "day-first" ? "month-first" : "day-first")
    ? `is no day with the ${read} first; if this file writes the ${other} first, choose that`
    : "is not a day such as 2026-11-23 or 23.11.2026";
}
