import type { DeliveryFields, Recipient } from "../deliveries/schema.ts";
import type { DemoOrder, OrderDraft } from "./order.ts";
import type { Population } from "./people.ts";
import { findDoor, type Town } from "./places.ts";
import { progressOf } from "./progress.ts";
import type { Random } from "./random.ts";

/** What orders are made of. */
export interface OrderMaterial {
  random: Random;
  population: Population;
  /** The towns of each site. */
  towns: Town[][];
  drivers: { site: number }[];
  today: string;
  timeZone: string;
  now?: string | undefined;
}

const orderCount = 400;

/** How busy each day is, Monday first; today always has the most to show. */
const busyness = [11, 10, 10, 10, 11, 8, 3];
const busynessToday = 14;

/** Drawn from for the site of each order: the first is the largest. */
const siteDraw = [0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2];
const quantityDraw = [1, 1, 1, 1, 1, 1, 2, 2, 3, 4, 8];

const notes = [
  "Ring twice, the bell is quiet.",
  "Back yard, second staircase.",
  "Please call ten minutes before.",
  "Leave with the neighbour on the ground floor.",
  "The gate code is with the porter.",
  "Careful, the dog runs free in the garden.",
  "Park in the side street, the front is a bus lane.",
  "Lift out of order until Friday.",
];

/** Invents the orders of the week around today, each with its story up to now. */
export function inventOrders(material: OrderMaterial): DemoOrder[] {
  const today = Temporal.PlainDate.from(material.today);
  const now = material.now === undefined
    ? today.toZonedDateTime({ timeZone: material.timeZone, plainTime: "14:00" })
    : Temporal.Instant.from(material.now).toZonedDateTimeISO(material.timeZone);
  const drafts = draftOrders(material, today);
  return drafts.flatMap(({ day, orders }) => progressOf({ ...material, now, day, orders }));
}

/** Every order before anything has happened to it, by day. */
function draftOrders(
  material: OrderMaterial,
  today: Temporal.PlainDate,
): { day: Temporal.PlainDate; orders: OrderDraft[] }[] {
  const monday = today.subtract({ days: today.dayOfWeek - 1 });
  const weights = busyness.map((weight, weekday) => weekday === today.dayOfWeek - 1 ? busynessToday : weight);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const numbers = new Map<number, number>();
  const customers = new Map<number, Recipient[]>();
  let behind = 0;
  return weights.map((weight, weekday) => {
    const first = Math.round(orderCount * behind / total);
    behind += weight;
    const count = Math.round(orderCount * behind / total) - first;
    const day = monday.add({ days: weekday });
    const orders = Array.from({ length: count }, (): OrderDraft => {
      const site = material.random.pick(siteDraw);
      const number = (numbers.get(site) ?? (site + 1) * 1000) + 1;
      numbers.set(site, number);
      const known = customers.get(site) ?? [];
      customers.set(site, known);
      return {
        site,
        fields: inventFields(material, `#${number}`, day),
        recipient: inventRecipient(material, site, known),
      };
    });
    return { day, orders };
  });
}

/** Once a site has its first customers, one order in eight comes from somebody who has ordered before. */
function inventRecipient(
  { random, population, towns }: OrderMaterial,
  site: number,
  known: Recipient[],
): Recipient {
  if (known.length > 15 && random.chance(1 / 8)) return { ...random.pick(known), note: null };
  const { name, phone, email } = population.person(
    random.pick(["post.example", "mail.example", "brief.example"]),
  );
  const door = findDoor(random, towns[site]!);
  const unit = random.chance(0.3)
    ? random.pick(["Ground floor", "1st floor", "2nd floor left", "3rd floor", "Attic"])
    : null;
  const recipient: Recipient = {
    name,
    phone,
    email: random.chance(0.85) ? email : null,
    ...door,
    unit,
    country: "DE",
    note: random.chance(0.25) ? random.pick(notes) : null,
  };
  known.push(recipient);
  return recipient;
}

function inventFields(
  { random, timeZone }: OrderMaterial,
  number: string,
  day: Temporal.PlainDate,
): DeliveryFields {
  const quantity = random.pick(quantityDraw);
  const kind = random.weigh({ delivery: 92, pickup: 6, service: 2 });
  const cash = kind === "delivery" && random.chance(0.05)
    ? { amount: random.between(9, 120) * 100 + 90, currency: "EUR" }
    : null;
  const hour = random.between(7, 18);
  const hours = random.pick([2, 2, 3, 4]);
  const instant = (plainTime: string) => day.toZonedDateTime({ timeZone, plainTime }).toInstant().toString();
  const clock = (hour: number) => `${String(hour).padStart(2, "0")}:00`;
  return {
    number,
    kind,
    day: day.toString(),
    window: {
      after: instant(clock(hour)),
      before: instant(clock(Math.min(21, hour + hours))),
      hard: random.chance(0.15),
    },
    serviceMinutes: kind === "service" ? random.pick([30, 45, 60]) : random.pick([3, 4, 5, 5, 6, 10]),
    priority: random.weigh({ normal: 80, high: 13, low: 7 }),
    quantity,
    weightKg: Math.round(quantity * (0.4 + random.next() ** 2 * 14) * 10) / 10,
    volumeL: Math.round(quantity * (2 + random.next() * 30)),
    cash,
    tags: ["fragile", "chilled", "heavy", "weekly-box", "new-customer"].filter(() => random.chance(0.09)),
    requires: [
      ...(random.chance(0.3) ? ["photo" as const] : []),
      ...(random.chance(0.22) ? ["signature" as const] : []),
    ],
    reference: random.chance(0.2) ? `WEB-${random.between(100_000, 999_999)}` : null,
  };
}
