import { type Selectable, sql } from "kysely";
import { z } from "zod";
import type { Change } from "../audit/change.ts";
import { editedFields } from "../audit/edited_fields.ts";
import type { Reader } from "../audit/reader.ts";
import { type DataTables, type Generated, type GeneratedMoment, violates } from "../platform/database.ts";
import { changedMeanwhile, readCursor, writeCursor } from "../platform/http.ts";
import { newId } from "../platform/id.ts";
import { conflict, notFound } from "../platform/problem.ts";
import type { Page } from "../platform/schema.ts";
import { openWorkOfSite } from "./open_work.ts";
import { type Site, type SiteEdit, SiteFields, type SiteQuery } from "./schema.ts";

declare module "../platform/database.ts" {
  interface DataTables {
    sites: {
      id: string;
      name: string;
      street: string | null;
      postcode: string | null;
      city: string | null;
      lat: number | null;
      lon: number | null;
      timeZone: string;
      active: Generated<boolean>;
      version: Generated<number>;
      createdAt: GeneratedMoment;
    };
  }
}
type Row = Selectable<DataTables["sites"]>;

/** Opens a site. @throws Problem name-taken */
export async function createSite(change: Change, { position, ...fields }: SiteFields): Promise<Site> {
  const row = await change.tx.insertInto("sites")
    .values({ id: newId(), ...fields, lat: position?.lat ?? null, lon: position?.lon ?? null })
    .returningAll().executeTakeFirstOrThrow().catch(refuseTakenName);
  change.record("site.created", { site: row.id });
  return shown(row);
}

/**
 * Edits a site; closing it (`active: false`) is refused while it has deliveries that still have to be driven.
 * @throws Problem not-found, changed-meanwhile, name-taken, site-has-open-work
 */
export async function editSite(change: Change, id: string, version: number, edit: SiteEdit): Promise<Site> {
  // A full row lock: a delivery just being made here is either counted below, or waits and finds the site closed.
  const row = await change.tx.selectFrom("sites").selectAll().where("id", "=", id)
    .where(change.inSites("sites.id")).forUpdate().executeTakeFirstOrThrow(() => notFound("site"));
  if (row.version !== version) throw changedMeanwhile("site");
  const before = shown(row);
  const fields = editedFields(before, edit);
  if (fields.length === 0) {
    change.unchanged();
    return before;
  }
  if (before.active && edit.active === false) await refuseOpenWork(change, id);

  const { position, ...plain } = edit;
  const after = await change.tx.updateTable("sites").set({
    ...plain,
    ...(position !== undefined && { lat: position?.lat ?? null, lon: position?.lon ?? null }),
    version: version + 1,
  }).where("id", "=", id).returningAll().executeTakeFirstOrThrow().catch(refuseTakenName);
  change.record("site.edited", { site: id, fields });
  return shown(after);
}

/** The sites the reader reaches, by name. @throws Problem bad-input for a foreign cursor */
export async function listSites(reader: Reader, { cursor, limit }: SiteQuery): Promise<Page<Site>> {
  let query = reader.db.selectFrom("sites").selectAll().where(reader.inSites("sites.id"));
  if (cursor !== undefined) {
    query = query.where("name", ">", readCursor(cursor, z.tuple([SiteFields.shape.name]))[0]);
  }
  const rows = await query.orderBy("name").limit(limit + 1).execute();
  const items = rows.slice(0, limit).map(shown);
  return { items, next: rows.length > limit ? writeCursor([items.at(-1)!.name]) : null };
}

/** One site within the reader's reach. @throws Problem not-found */
export async function siteOf(reader: Reader, id: string): Promise<Site> {
  return shown(
    await reader.db.selectFrom("sites").selectAll().where("id", "=", id).where(reader.inSites("sites.id"))
      .executeTakeFirstOrThrow(() => notFound("site")),
  );
}

/**
 * A site that something is about to be added to: within reach, open, and kept open until the change ends.
 * @throws Problem not-found, site-closed
 */
export async function openSiteOf(change: Change, id: string): Promise<Site> {
  const row = await change.tx.selectFrom("sites").selectAll().where("id", "=", id)
    .where(change.inSites("sites.id")).forKeyShare().executeTakeFirstOrThrow(() => notFound("site"));
  if (!row.active) {
    throw conflict("site-closed", "This site is closed", { next: "Open it again, or choose another site." });
  }
  return shown(row);
}

/** The names of sites by id, as far as the reader reaches them. */
export async function siteNames(reader: Reader, ids: readonly string[]): Promise<Map<string, string>> {
  const rows = await reader.db.selectFrom("sites").select(["id", "name"])
    .where("id", "=", sql<string>`any(${ids}::uuid[])`).where(reader.inSites("sites.id")).execute();
  return new Map(rows.map(({ id, name }) => [id, name]));
}

/** The calendar day it is now in a time zone, `2026-11-23`. */
export const todayAt = (timeZone: string): string => Temporal.Now.plainDateISO(timeZone).toString();

const shown = ({ lat, lon, createdAt: _, ...row }: Row): Site => ({
  ...row,
  position: lat === null || lon === null ? null : { lat, lon },
});

async function refuseOpenWork(change: Change, id: string): Promise<void> {
  const open = await openWorkOfSite(change, id);
  if (open === 0) return;
  throw conflict("site-has-open-work", "This site still has deliveries to be driven", {
    detail: `${open} ${
      open === 1 ? "delivery is" : "deliveries are"
    } not completed, failed or cancelled yet.`,
    next: "Finish or cancel them, or move them to another site; then close this one.",
  });
}

function refuseTakenName(error: unknown): never {
  if (!violates(error, "sites_name_key")) throw error;
  throw conflict("name-taken", "Another site already has this name", { next: "Choose a different name." });
}
