import { type Selectable, sql } from "kysely";
import { z } from "zod";
import type { Change } from "../audit/change.ts";
import { editedFields } from "../audit/edited_fields.ts";
import type { Reader } from "../audit/reader.ts";
import type { DataTables, Generated, GeneratedMoment } from "../platform/database.ts";
import { changedMeanwhile, readCursor, writeCursor } from "../platform/http.ts";
import { newId } from "../platform/id.ts";
import { conflict, notFound } from "../platform/problem.ts";
import { Id, type Page } from "../platform/schema.ts";
import { openSiteOf } from "../sites/site.ts";
import type { Vehicle, VehicleEdit, VehicleFields, VehicleQuery } from "./schema.ts";

declare module "../platform/database.ts" {
  interface DataTables {
    vehicles: {
      id: string;
      siteId: string;
      name: string;
      plate: string | null;
      kind: Vehicle["kind"];
      capacityKg: number | null;
      capacityUnits: number | null;
      active: Generated<boolean>;
      version: Generated<number>;
      createdAt: GeneratedMoment;
    };
  }
}

/** Adds a vehicle to a site. @throws Problem not-found for the site, site-closed */
export async function createVehicle(change: Change, fields: VehicleFields): Promise<Vehicle> {
  await openSiteOf(change, fields.siteId);
  const row = await change.tx.insertInto("vehicles").values({ id: newId(), ...fields })
    .returningAll().executeTakeFirstOrThrow();
  change.record("vehicle.created", { vehicle: row.id, site: row.siteId });
  return shown(row);
}

/**
 * Edits a vehicle. One that a driver has can neither be moved to another site nor be retired.
 * @throws Problem not-found, changed-meanwhile, site-closed, vehicle-in-use
 */
export async function editVehicle(
  change: Change,
  id: string,
  version: number,
  edit: VehicleEdit,
): Promise<Vehicle> {
  // A full row lock: a driver just being given this vehicle is either found below, or waits and finds it changed.
  const row = await change.tx.selectFrom("vehicles").selectAll().where("id", "=", id)
    .where(change.inSites("vehicles.siteId")).forUpdate().executeTakeFirstOrThrow(() => notFound("vehicle"));
  if (row.version !== version) throw changedMeanwhile("vehicle");
  const before = shown(row);
  const fields = editedFields(before, edit);
  if (fields.length === 0) {
    change.unchanged();
    return before;
  }
  const moved = fields.includes("siteId");
  if (moved) await openSiteOf(change, edit.siteId!);
  if (moved || edit.active === false) await refuseInUse(change, id);

  const after = await change.tx.updateTable("vehicles").set({ ...edit, version: version + 1 })
    .where("id", "=", id).returningAll().executeTakeFirstOrThrow();
  change.record("vehicle.edited", {
    vehicle: id,
    site: after.siteId,
    ...(moved && { fromSite: before.siteId }),
    fields,
  });
  return shown(after);
}

/** The vehicles of the sites the reader reaches, oldest first. @throws Problem bad-input for a foreign cursor */
export async function listVehicles(reader: Reader, { cursor, limit }: VehicleQuery): Promise<Page<Vehicle>> {
  let query = reader.db.selectFrom("vehicles").selectAll().where(reader.inSites("vehicles.siteId"));
  if (cursor !== undefined) query = query.where("id", ">", readCursor(cursor, z.tuple([Id]))[0]);
  const rows = await query.orderBy("id").limit(limit + 1).execute();
  const items = rows.slice(0, limit).map(shown);
  return { items, next: rows.length > limit ? writeCursor([items.at(-1)!.id]) : null };
}

/** One vehicle within the reader's reach. @throws Problem not-found */
export async function vehicleOf(reader: Reader, id: string): Promise<Vehicle> {
  return shown(
    await reader.db.selectFrom("vehicles").selectAll().where("id", "=", id)
      .where(reader.inSites("vehicles.siteId")).executeTakeFirstOrThrow(() => notFound("vehicle")),
  );
}

/**
 * Makes sure that a driver of a site can have a vehicle, and keeps it so until the change ends.
 * @throws Problem not-found, vehicle-elsewhere, vehicle-retired
 */
export async function reserveVehicle(change: Change, id: string, siteId: string): Promise<void> {
  const row = await change.tx.selectFrom("vehicles").select(["siteId", "active"]).where("id", "=", id)
    .where(change.inSites("vehicles.siteId")).forKeyShare()
    .executeTakeFirstOrThrow(() => notFound("vehicle"));
  if (row.siteId !== siteId) {
    throw conflict("vehicle-elsewhere", "This vehicle belongs to another site than the driver", {
      next: "Choose a vehicle of the driver's site, or move the vehicle there first.",
    });
  }
  if (!row.active) {
    throw conflict("vehicle-retired", "This vehicle is no longer in use", {
      next: "Choose another vehicle.",
    });
  }
}

/** The names of vehicles by id, as far as the reader reaches them. */
export async function vehicleNames(reader: Reader, ids: readonly string[]): Promise<Map<string, string>> {
  const rows = await reader.db.selectFrom("vehicles").select(["id", "name"])
    .where("id", "=", sql<string>`any(${ids}::uuid[])`).where(reader.inSites("vehicles.siteId")).execute();
  return new Map(rows.map(({ id, name }) => [id, name]));
}

const shown = ({ createdAt: _, ...row }: Selectable<DataTables["vehicles"]>): Vehicle => row;

async function refuseInUse(change: Change, id: string): Promise<void> {
  const { drivers } = await change.tx.selectFrom("drivers").where("vehicleId", "=", id)
    .select((of) => of.fn.countAll<number>().as("drivers")).executeTakeFirstOrThrow();
  if (drivers === 0) return;
  throw conflict("vehicle-in-use", "A driver still has this vehicle", {
    detail: `${drivers} ${drivers === 1 ? "driver has" : "drivers have"} it.`,
    next: "Give them another vehicle, or none; then make this change.",
  });
}
