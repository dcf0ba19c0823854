import { z } from "zod";
import { editOf, Email, Id, line, pageOf, paging, Phone } from "../platform/schema.ts";

export const vehicleKinds = ["car", "van", "truck", "bike", "scooter", "foot"] as const;

export const VehicleFields = z.object({
  name: line(60),
  plate: line(20).nullable().default(null),
  kind: z.enum(vehicleKinds).default("van"),
  siteId: Id,
  capacityKg: z.number().min(0).max(100_000).nullable().default(null),
  capacityUnits: z.int().min(0).max(100_000).nullable().default(null),
});
export type VehicleFields = z.infer<typeof VehicleFields>;
export const Vehicle = VehicleFields.extend({ id: Id, active: z.boolean(), version: z.int() });
export type Vehicle = z.infer<typeof Vehicle>;
export const VehicleEdit = editOf(VehicleFields.extend({ active: z.boolean() }));
export type VehicleEdit = z.infer<typeof VehicleEdit>;
export const VehicleQuery = z.object(paging(200));
export type VehicleQuery = z.infer<typeof VehicleQuery>;
export const VehiclePage = pageOf(Vehicle);

/** What is known of a driver as a person: stored sealed under the driver's own key. */
export const DriverPerson = z.object({
  name: line(120),
  phone: Phone.nullable().default(null),
  email: Email.nullable().default(null),
});
export type DriverPerson = z.infer<typeof DriverPerson>;

export const DriverFields = DriverPerson.extend({
  siteId: Id,
  vehicleId: Id.nullable().default(null),
});
export type DriverFields = z.infer<typeof DriverFields>;

/** A driver as the API shows it: `name` is null once the person has been erased. */
export const Driver = z.object({
  id: Id,
  name: z.string().nullable(),
  phone: z.string().nullable(),
  email: z.string().nullable(),
  siteId: Id,
  vehicleId: Id.nullable(),
  accountId: Id.nullable(),
  active: z.boolean(),
  version: z.int(),
});
export type Driver = z.infer<typeof Driver>;
export const DriverEdit = editOf(DriverFields.extend({ active: z.boolean() }));
export type DriverEdit = z.infer<typeof DriverEdit>;
export const DriverQuery = z.object(paging(200));
export type DriverQuery = z.infer<typeof DriverQuery>;
export const DriverPage = pageOf(Driver);
