import type { DeliveryFields, Recipient } from "../../server/deliveries/schema.ts";
import { Population } from "../../server/demo/people.ts";
import { buildTowns, findDoor, regions, type Town } from "../../server/demo/places.ts";
import type { Random } from "../../server/demo/random.ts";

/** Orders are spread evenly over so many days, the last of them today. */
export const DAYS = 730;
const CALENDAR_ZONE = "Europe/Berlin";
/** A population runs out of names that differ; the next one begins anew, and people share names as they do in life. */
const PEOPLE_OF_A_POPULATION = 800;
/** So many of a site's last customers may order again. */
const REGULARS = 2_000;

/** The number of the order with this position. */
export const numberAt = (position: number): string => `#${100_000 + position}`;

export type InventedOrder = DeliveryFields & { recipient: Recipient };

/** Invents the orders of years, in the order they came in. People, towns and streets are the demo company's. */
export class Customers {
  readonly #towns: Town[][];
  readonly #regulars: Recipient[][];
  #population: Population;
  #people = 0;

  constructor(private readonly random: Random, sites: number, private readonly today: Temporal.PlainDate) {
    this.#towns = Array.from(
      { length: sites },
      (_, site) => buildTowns(random, regions[site % regions.length]!),
    );
    this.#regulars = Array.from({ length: sites }, () => []);
    this.#population = new Population(random);
  }

  /** The order with this position among `total`, for a site named by its index. */
  order(position: number, total: number, site: number): InventedOrder {
    const { random } = this;
    const day = this.today.subtract({ days: DAYS - 1 - Math.floor(DAYS * position / total) });
    const after = day.toZonedDateTime({
      timeZone: CALENDAR_ZONE,
      plainTime: { hour: random.between(7, 18) },
    });
    const instant = (moment: Temporal.ZonedDateTime) => moment.toInstant().toString();
    return {
      number: numberAt(position),
      kind: random.weigh({ delivery: 92, pickup: 6, service: 2 }),
      day: day.toString(),
      window: {
        after: instant(after),
        before: instant(after.add({ hours: random.between(2, 4) })),
        hard: random.chance(0.15),
      },
      serviceMinutes: random.pick([3, 4, 5, 6, 10]),
      priority: random.weigh({ normal: 80, high: 13, low: 7 }),
      quantity: random.between(1, 8),
      weightKg: random.between(4, 140) / 10,
      volumeL: random.between(2, 32),
      cash: random.chance(0.05) ? { amount: random.between(990, 12_090), currency: "EUR" } : null,
      tags: ["fragile", "chilled", "heavy", "weekly-box"].filter(() => random.chance(0.09)),
      requires: random.chance(0.3) ? ["photo"] : [],
      reference: random.chance(0.2) ? `WEB-${random.between(100_000, 999_999)}` : null,
      recipient: this.#recipient(site),
    };
  }

  /** One order in eight comes from somebody who has ordered before. */
  #recipient(site: number): Recipient {
    const { random } = this;
    const regulars = this.#regulars[site]!;
    if (regulars.length > 15 && random.chance(1 / 8)) return { ...random.pick(regulars), note: null };
    const person = this.#person();
    const recipient: Recipient = {
      ...person,
      email: random.chance(0.85) ? person.email : null,
      ...findDoor(random, this.#towns[site]!),
      unit: random.chance(0.3) ? random.pick(["Ground floor", "1st floor", "2nd floor left", "Attic"]) : null,
      country: "DE",
      note: random.chance(0.25) ? "Please call ten minutes before." : null,
    };
    if (regulars.length < REGULARS) regulars.push(recipient);
    else regulars[random.between(0, REGULARS - 1)] = recipient;
    return recipient;
  }

  /** Nobody shares a number or an address. No country has the code 999 (ITU-T E.164), so the numbers are nobody's. */
  #person(): Pick<Recipient, "name" | "phone" | "email"> {
    const number = this.#people++;
    if (number % PEOPLE_OF_A_POPULATION === 0) this.#population = new Population(this.random);
    const { name, email } = this.#population.person(this.random.pick(["post.example", "mail.example"]));
    const digits = this.random.between(100_000_000, 999_999_999);
    return { name, phone: `+999 ${digits}`, email: email.replace("@", `.${digits}@`) };
  }
}
