import type { Buffer } from "node:buffer";
import { type Selectable, sql } from "kysely";
import { z } from "zod";
import type { Change } from "../audit/change.ts";
import { editedFields } from "../audit/edited_fields.ts";
import type { Reader } from "../audit/reader.ts";
import { sealDetail, type SealedDetail } from "../audit/sealed_detail.ts";
import type { DataTables, Generated, GeneratedMoment } from "../platform/database.ts";
import { changedMeanwhile, readCursor, writeCursor } from "../platform/http.ts";
import { newId } from "../platform/id.ts";
import { conflict, notFound } from "../platform/problem.ts";
import { Id, type Page } from "../platform/schema.ts";
import { openWorkOfDriver } from "../sites/open_work.ts";
import { openSiteOf } from "../sites/site.ts";
import { type Driver, type DriverEdit, type DriverFields, DriverPerson, type DriverQuery } from "./schema.ts";
import { reserveVehicle } from "./vehicle.ts";

declare module "../platform/database.ts" {
  interface DataTables {
    drivers: {
      id: string;
      /** The subject under whose key `sealed` is: the driver as a person. */
      personId: string;
      siteId: string;
      vehicleId: string | null;
      accountId: string | null;
      /** A `DriverPerson`. */
      sealed: Buffer;
      active: Generated<boolean>;
      version: Generated<number>;
      createdAt: GeneratedMoment;
    };
  }
}
type Row = Selectable<DataTables["drivers"]>;

/**
 * Takes on a driver at a site.
 * @throws Problem not-found, site-closed, vehicle-elsewhere, vehicle-retired
 */
export async function createDriver(
  change: Change,
  { siteId, vehicleId, ...person }: DriverFields,
): Promise<Driver> {
  await openSiteOf(change, siteId);
  if (vehicleId) await reserveVehicle(change, vehicleId, siteId);
  const id = newId(), personId = await change.newSubject();
  const sealed = await change.seal("drivers", id, personId, person);
  const row = await change.tx.insertInto("drivers").values({ id, personId, siteId, vehicleId, sealed })
    .returningAll().executeTakeFirstOrThrow();
  change.record("driver.created", { driver: id, site: siteId, ...(vehicleId && { vehicle: vehicleId }) });
  return shown(row, person);
}

/**
 * Edits a driver. One who moves to another site leaves the vehicle behind unless the edit names one there; one who
 * still has deliveries to drive can neither move nor leave.
 *
 * @throws Problem not-found, changed-meanwhile, driver-has-open-work, driver-erased, site-closed, vehicle-elsewhere,
 *   vehicle-retired
 */
export async function editDriver(
  change: Change,
  id: string,
  version: number,
  edit: DriverEdit,
): Promise<Driver> {
  // A full row lock: a delivery just being assigned is either counted below, or waits and finds the driver changed.
  const row = await change.tx.selectFrom("drivers").selectAll().where("id", "=", id)
    .where(change.inSites("drivers.siteId")).forUpdate().executeTakeFirstOrThrow(() => notFound("driver"));
  if (row.version !== version) throw changedMeanwhile("driver");
  // Recorded by this change itself: a look of its own would wait for a second connection while this one is held.
  const person = await change.openOne<DriverPerson>("drivers", asSealed(row), null);
  const before = shown(row, person);
  const wanted = leavingVehicleBehind(before, edit);
  const fields = editedFields(before, wanted);
  if (fields.length === 0) {
    change.record("driver.read", { driver: id, subjects: [row.personId] });
    return before;
  }
  await refuseAgainstRules(change, before, wanted, fields);

  const { siteId, vehicleId, active } = wanted;
  const edited = await editPerson(change, row, person, wanted, fields);
  const after = await change.tx.updateTable("drivers")
    .set({ siteId, vehicleId, active, sealed: edited.sealed, version: version + 1 })
    .where("id", "=", id).returningAll().executeTakeFirstOrThrow();
  change.record("driver.edited", {
    driver: id,
    site: after.siteId,
    ...(after.siteId !== before.siteId && { fromSite: before.siteId }),
    fields,
    ...(edited.trace && { sealed: edited.trace }),
  });
  return shown(after, edited.person);
}

/** The drivers of the sites the reader reaches, oldest first. @throws Problem bad-input for a foreign cursor */
export async function listDrivers(reader: Reader, { cursor, limit }: DriverQuery): Promise<Page<Driver>> {
  let query = reader.db.selectFrom("drivers").selectAll().where(reader.inSites("drivers.siteId"));
  if (cursor !== undefined) query = query.where("id", ">", readCursor(cursor, z.tuple([Id]))[0]);
  const rows = await query.orderBy("id").limit(limit + 1).execute();
  const page = rows.slice(0, limit);
  const people = await reader.open<DriverPerson>("drivers", page.map(asSealed), "driver.read");
  return {
    items: page.map((row, index) => shown(row, people[index]!)),
    next: rows.length > limit ? writeCursor([page.at(-1)!.id]) : null,
  };
}

/** One driver within the reader's reach. @throws Problem not-found */
export async function driverOf(reader: Reader, id: string): Promise<Driver> {
  const row = await reader.db.selectFrom("drivers").selectAll().where("id", "=", id)
    .where(reader.inSites("drivers.siteId")).executeTakeFirstOrThrow(() => notFound("driver"));
  return shown(row, await reader.openOne<DriverPerson>("drivers", asSealed(row), "driver.read"));
}

/**
 * A driver that deliveries are about to be given to: within reach, active, and kept so until the change ends.
 * @throws Problem not-found, driver-inactive
 */
export async function activeDriverOf(change: Change, id: string): Promise<{ id: string; siteId: string }> {
  const { active, ...driver } = await change.tx.selectFrom("drivers").select(["id", "siteId", "active"])
    .where("id", "=", id).where(change.inSites("drivers.siteId")).forKeyShare()
    .executeTakeFirstOrThrow(() => notFound("driver"));
  if (!active) {
    throw conflict("driver-inactive", "This driver no longer drives for you", {
      next: "Choose another driver, or make this one active again.",
    });
  }
  return driver;
}

/** The names of drivers by id, as far as the reader reaches them; null for one who has been erased. */
export async function driverNames(
  reader: Reader,
  ids: readonly string[],
): Promise<Map<string, string | null>> {
  const rows = await reader.db.selectFrom("drivers").select(["id", "personId", "sealed"])
    .where("id", "=", sql<string>`any(${ids}::uuid[])`).where(reader.inSites("drivers.siteId")).execute();
  const people = await reader.open<DriverPerson>("drivers", rows.map(asSealed), "driver.read");
  return new Map(rows.map(({ id }, index) => [id, people[index]?.name ?? null]));
}

const asSealed = ({ id, personId, sealed }: Pick<Row, "id" | "personId" | "sealed">) => ({
  id,
  subject: personId,
  sealed,
});

const shown = (row: Row, person: DriverPerson | null): Driver => ({
  id: row.id,
  name: person?.name ?? null,
  phone: person?.phone ?? null,
  email: person?.email ?? null,
  siteId: row.siteId,
  vehicleId: row.vehicleId,
  accountId: row.accountId,
  active: row.active,
  version: row.version,
});

const leavingVehicleBehind = (before: Driver, edit: DriverEdit): DriverEdit =>
  edit.siteId !== undefined && edit.siteId !== before.siteId ? { vehicleId: null, ...edit } : edit;

async function refuseAgainstRules(
  change: Change,
  before: Driver,
  { siteId = before.siteId, vehicleId, active }: DriverEdit,
  fields: readonly string[],
): Promise<void> {
  const moved = siteId !== before.siteId;
  if (moved) await openSiteOf(change, siteId);
  if (vehicleId && (moved || fields.includes("vehicleId"))) await reserveVehicle(change, vehicleId, siteId);
  if (!moved && active !== false) return;
  const open = await openWorkOfDriver(change, before.id);
  if (open === 0) return;
  throw conflict("driver-has-open-work", "This driver still has deliveries to drive", {
    detail: `${open} ${
      open === 1 ? "delivery is" : "deliveries are"
    } not completed, failed or cancelled yet.`,
    next: "Give them to another driver, or to nobody; then make this change.",
  });
}

/** What an edit makes of the person: sealed for the row and, as old and new values, for the trail. */
async function editPerson(
  change: Change,
  { id, personId }: Row,
  person: DriverPerson | null,
  edit: DriverEdit,
  fields: readonly string[],
): Promise<{ person: DriverPerson | null; sealed?: Buffer; trace?: SealedDetail }> {
  const personal = DriverPerson.keyof().options.filter((field) => fields.includes(field));
  if (personal.length === 0) return { person };
  if (!person) {
    throw conflict("driver-erased", "This driver's personal data has been erased for good", {
      next: "Take them on as a new driver if they work for you again.",
    });
  }
  const edited = { ...person, ...Object.fromEntries(personal.map((field) => [field, edit[field]])) };
  const changed = Object.fromEntries(
    personal.map((field) => [field, { from: person[field], to: edited[field] }]),
  );
  return {
    person: edited,
    sealed: await change.seal("drivers", id, personId, edited),
    trace: await sealDetail(change, personId, changed),
  };
}
