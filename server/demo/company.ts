import type { Role } from "../access/rights.ts";
import type { Company } from "../company/schema.ts";
import type { VehicleFields } from "../drivers/schema.ts";
import type { SiteFields } from "../sites/schema.ts";
import type { DemoOrder } from "./order.ts";
import { inventOrders } from "./orders.ts";
import { type InventedPerson, Population } from "./people.ts";
import { buildTowns, findDoor, regions } from "./places.ts";
import { Random } from "./random.ts";

export type { DemoOrder, DemoStep } from "./order.ts";

/** A delivery company nobody owns, in the middle of a working week. Sites and drivers are named by their index. */
export interface DemoCompany {
  company: Company;
  sites: SiteFields[];
  staff: DemoStaff[];
  drivers: DemoDriver[];
  orders: DemoOrder[];
}

export interface DemoStaff {
  name: string;
  email: string;
  role: Exclude<Role, "driver" | "integration">;
  /** The sites a dispatcher looks after; empty for roles that see all. */
  sites: number[];
}

export interface DemoDriver extends InventedPerson {
  site: number;
  vehicle: Omit<VehicleFields, "siteId">;
}

export interface DemoOptions {
  /** Another seed invents another company. */
  seed?: number;
  /** The day the week is built around, `2026-11-23`, in `timeZone`. */
  today: string;
  /** IANA name; the company works in it. */
  timeZone?: string;
  /** How far `today` has come, as an ISO 8601 instant; two in the afternoon unless told. No step happens after it. */
  now?: string;
}

/** Reserved for testing (RFC 2606): mail to it reaches nobody. */
const domain = "storch-spatz.test";

const siteNames = ["Depot Kranichsbrück", "Depot Seelfurt", "Markthalle Neuhellen"];

const staffRoles: { role: DemoStaff["role"]; sites: number[] }[] = [
  { role: "owner", sites: [] },
  { role: "admin", sites: [] },
  { role: "dispatcher", sites: [0, 1, 2] },
  { role: "dispatcher", sites: [0] },
  { role: "dispatcher", sites: [1, 2] },
  { role: "auditor", sites: [] },
  { role: "privacy-officer", sites: [] },
];

/** One line for each driver. There is no German plate that begins with X, so these belong to no car. */
const fleet: {
  site: number;
  name: string;
  plate: string | null;
  kind: VehicleFields["kind"];
  kg: number;
  units: number;
}[] = [
  { site: 0, name: "Van 1", plate: "XK-SP 101", kind: "van", kg: 900, units: 120 },
  { site: 0, name: "Van 2", plate: "XK-SP 102", kind: "van", kg: 900, units: 120 },
  { site: 0, name: "Van 3", plate: "XK-SP 103", kind: "van", kg: 1100, units: 140 },
  { site: 0, name: "Truck 1", plate: "XK-SP 150", kind: "truck", kg: 3500, units: 300 },
  { site: 0, name: "Cargo bike 1", plate: null, kind: "bike", kg: 100, units: 20 },
  { site: 1, name: "Van 4", plate: "XS-SP 204", kind: "van", kg: 900, units: 120 },
  { site: 1, name: "Van 5", plate: "XS-SP 205", kind: "van", kg: 900, units: 120 },
  { site: 1, name: "Van 6", plate: "XS-SP 206", kind: "van", kg: 1100, units: 140 },
  { site: 1, name: "Car 1", plate: "XS-SP 220", kind: "car", kg: 350, units: 40 },
  { site: 2, name: "Van 7", plate: "XN-SP 307", kind: "van", kg: 900, units: 120 },
  { site: 2, name: "Van 8", plate: "XN-SP 308", kind: "van", kg: 900, units: 120 },
  { site: 2, name: "Cargo bike 2", plate: null, kind: "bike", kg: 100, units: 20 },
];

/**
 * Invents a company to try the product with: 3 sites, 7 staff, 12 drivers and 400 orders from Monday to Sunday of the
 * week around `today`, in all states. The same options always give the same company. Everything in it is invented, and
 * its phone numbers and e-mail addresses cannot reach anybody.
 */
export function demoCompany({ seed = 1, today, timeZone = "Europe/Berlin", now }: DemoOptions): DemoCompany {
  const random = new Random(seed);
  const population = new Population(random);
  const towns = regions.map((region) => buildTowns(random, region));
  const drivers = fleet.map(({ site, name, plate, kind, kg, units }): DemoDriver => ({
    ...population.person(domain, "mobile"),
    site,
    vehicle: { name, plate, kind, capacityKg: kg, capacityUnits: units },
  }));
  return {
    company: { name: "Storch & Spatz Lieferdienst", timeZone, holidays: "DE" },
    sites: towns.map((around, site) => {
      const { street, postcode, city, position } = findDoor(random, around.slice(0, 1));
      return { name: siteNames[site]!, street, postcode, city, position, timeZone };
    }),
    staff: staffRoles.map(({ role, sites }) => {
      const { name, email } = population.person(domain);
      return { name, email, role, sites };
    }),
    drivers,
    orders: inventOrders({ random, population, towns, drivers, today, timeZone, now }),
  };
}
