import type { Outcome } from "../deliveries/schema.ts";
import type { DemoOrder, DemoStep, OrderDraft } from "./order.ts";
import type { Random } from "./random.ts";

/** One day's orders, and where the week stands. */
export interface DayOfOrders {
  random: Random;
  drivers: { site: number }[];
  now: Temporal.ZonedDateTime;
  day: Temporal.PlainDate;
  orders: OrderDraft[];
}

type Moment = Temporal.ZonedDateTime;

/** What orders of a day get before a driver sets out with them; `routed` ones are driven that day. */
const plans = {
  past: { routed: 96, cancelled: 4 },
  today: { routed: 80, unassigned: 14, offered: 4, cancelled: 2 },
  future: { unassigned: 55, assigned: 38, offered: 3, cancelled: 4 },
};

/** How much of their route the drivers of a site have behind them; the first has yet to set out. */
const shareDone = [0, 0.7, 0.55, 0.4, 0.6];

const handedOver: Partial<Record<Outcome, number>> = {
  recipient: 70,
  "someone-else": 14,
  mailbox: 9,
  "safe-place": 6,
  "pickup-point": 1,
};
const mishaps: Partial<Record<Outcome, number>> = {
  "nobody-home": 60,
  "no-access": 12,
  "address-not-found": 10,
  refused: 9,
  "no-time": 6,
  "package-missing": 3,
};

/** On past days one stop in ten fails, and most of those come back to the site in the evening. */
const shareFailed = 0.1;
const shareReturned = 0.6;

const remarks: Partial<Record<Outcome, string>> = {
  "someone-else": "Handed to the neighbour.",
  "safe-place": "Behind the shed, as agreed.",
  "nobody-home": "Rang twice, left a card.",
  "address-not-found": "No such name at any of the bells.",
  "no-access": "Road closed for works.",
};

/** Tells each order's story up to `now`: finished on past days, under way today, planned or not in the days to come. */
export function progressOf(setting: DayOfOrders): DemoOrder[] {
  const { random, drivers, now, day, orders } = setting;
  const when = Temporal.PlainDate.compare(day, now.toPlainDate());
  const plan = when < 0 ? plans.past : when > 0 ? plans.future : plans.today;
  const routes = new Map<number, OrderDraft[]>();
  const turns = new Map<number, number>();
  const told: DemoOrder[] = [];
  for (const order of orders) {
    const own = drivers.flatMap((driver, index) => driver.site === order.site ? [index] : []);
    const fate = random.weigh(plan);
    if (fate === "routed") {
      const turn = turns.get(order.site) ?? 0;
      turns.set(order.site, turn + 1);
      const driver = own[turn % own.length]!;
      routes.set(driver, [...routes.get(driver) ?? [], order]);
    } else {
      const driver = fate === "assigned" || fate === "offered" ? random.pick(own) : null;
      told.push(planned(setting, order, fate, driver));
    }
  }
  for (const [driver, route] of routes) {
    const place = drivers.slice(0, driver).filter(({ site }) => site === drivers[driver]!.site).length;
    route.sort((a, b) => a.fields.window!.after.localeCompare(b.fields.window!.after));
    told.push(...(when < 0 ? driven(setting, route, driver) : underWay(setting, route, driver, place)));
  }
  return told.sort((a, b) => a.fields.number.localeCompare(b.fields.number));
}

/** An order nobody has set out with: decided upon within the last hours of its own day, or of today. */
function planned(
  { random, now, day }: DayOfOrders,
  order: OrderDraft,
  state: "unassigned" | "assigned" | "offered" | "cancelled",
  driver: number | null,
): DemoOrder {
  if (state === "unassigned") return { ...order, driver, state, outcome: null, steps: [] };
  const past = Temporal.PlainDate.compare(day, now.toPlainDate()) < 0;
  const latest = past ? day.toZonedDateTime({ timeZone: now.timeZoneId, plainTime: "10:00" }) : now;
  return stand({ ...order, driver }, [step(state, notBeforeMidnight(latest, random.between(5, 180)))]);
}

/** A past day of one driver, from loading in the morning to bringing back in the evening what could not be delivered. */
function driven({ random, now, day }: DayOfOrders, route: OrderDraft[], driver: number): DemoOrder[] {
  const start = day.toZonedDateTime({ timeZone: now.timeZoneId, plainTime: "07:00" });
  let clock = start;
  const stories = route.map((order) => {
    const opening = Temporal.Instant.from(order.fields.window!.after).toZonedDateTimeISO(now.timeZoneId);
    const onTheWay = random.between(5, 18);
    const arrival = later(clock.add({ minutes: onTheWay }), opening.add({ minutes: random.between(-4, 40) }));
    clock = arrival.add({ minutes: order.fields.serviceMinutes });
    return {
      order,
      steps: [
        ...prepared(start),
        step("in-transit", arrival.subtract({ minutes: onTheWay })),
        step("arrived", arrival),
        finished(random, order, clock, random.chance(shareFailed)),
      ],
    };
  });
  return stories.map(({ order, steps }) => {
    const brought = steps.at(-1)!.to === "failed" && random.chance(shareReturned);
    return stand(
      { ...order, driver },
      brought ? [...steps, step("returned", clock.add({ minutes: 25 }))] : steps,
    );
  });
}

/**
 * Today's route of one driver: the first stops done, one being driven to or at the door, the rest in the vehicle. Told
 * backwards from now, so that the board shows every state at whatever hour the demonstration begins. `place` counts
 * the drivers of one site: the second and the fifth meet nobody at their first door, and the fifth, on a cargo bike,
 * has passed the depot since.
 */
function underWay(
  { random, now }: DayOfOrders,
  route: OrderDraft[],
  driver: number,
  place: number,
): DemoOrder[] {
  const done = Math.floor(route.length * shareDone[place % shareDone.length]!);
  const start = earlier(now.with({ hour: 7, minute: 30 }), notBeforeMidnight(now, 240));
  const pause = now.since(start, { largestUnit: "minutes" }).minutes / (done + 1);
  const since = (stops: number) => start.add({ minutes: Math.floor(pause * stops) });
  return route.map((order, index) => {
    const ready = prepared(start);
    if (done === 0) return stand({ ...order, driver }, ready.slice(0, random.chance(0.5) ? 2 : 1));
    if (index > done) return stand({ ...order, driver }, ready);
    const driving = step("in-transit", since(index + 0.4));
    const arriving = step("arrived", since(index + 0.7));
    if (index === done) {
      return stand({ ...order, driver }, [...ready, driving, ...(place % 2 === 0 ? [arriving] : [])]);
    }
    const fails = index === 0 && (place === 1 || place === 4);
    const back = fails && place === 4 ? [step("returned", since(index + 1.3))] : [];
    const end = finished(random, order, since(index + 1), fails);
    return stand({ ...order, driver }, [...ready, driving, arriving, end, ...back]);
  });
}

/** Assigned, accepted and loaded before setting out at `start`. */
function prepared(start: Moment): DemoStep[] {
  return [
    step("assigned", notBeforeMidnight(start, 60)),
    step("accepted", notBeforeMidnight(start, 25)),
    step("loaded", notBeforeMidnight(start, 5)),
  ];
}

function finished(random: Random, { fields, recipient }: OrderDraft, at: Moment, fails: boolean): DemoStep {
  const outcome = fails ? mishapOf(random, fields) : handOverOf(random, fields);
  return {
    to: fails ? "failed" : "completed",
    happenedAt: at.toInstant().toString(),
    outcome,
    note: remarks[outcome] ?? null,
    receivedBy: outcome === "recipient" ? recipient.name : null,
  };
}

function mishapOf(random: Random, { cash }: OrderDraft["fields"]): Outcome {
  return cash ? "payment-missing" : random.weigh(mishaps);
}

/** Nobody signs at a mailbox. */
function handOverOf(random: Random, { requires }: OrderDraft["fields"]): Outcome {
  return requires.includes("signature")
    ? random.pick(["recipient", "someone-else"])
    : random.weigh(handedOver);
}

function step(to: DemoStep["to"], at: Moment): DemoStep {
  return { to, happenedAt: at.toInstant().toString(), outcome: null, note: null, receivedBy: null };
}

/** The order where its last step has left it. */
function stand(order: OrderDraft & { driver: number | null }, steps: DemoStep[]): DemoOrder {
  const { to, outcome } = steps.at(-1)!;
  const kept = to === "returned" ? steps.at(-2)!.outcome : outcome;
  return { ...order, state: to, outcome: kept, steps };
}

/** So many minutes before `moment`, but on the same day. */
function notBeforeMidnight(moment: Moment, minutes: number): Moment {
  return later(moment.subtract({ minutes }), moment.startOfDay());
}

function later(a: Moment, b: Moment): Moment {
  return Temporal.ZonedDateTime.compare(a, b) > 0 ? a : b;
}

function earlier(a: Moment, b: Moment): Moment {
  return Temporal.ZonedDateTime.compare(a, b) < 0 ? a : b;
}
