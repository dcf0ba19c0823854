import { sql } from "kysely";
import type { Reader } from "../audit/reader.ts";

/**
 * The states of a delivery that ask nothing more of a site or a driver. Named here because whoever closes a site
 * stands below deliveries; a test holds this list to the table of states.
 */
export const settled = ["completed", "failed", "returned", "cancelled"] as const;

/** How many deliveries of a site still have to be driven. */
export function openWorkOfSite(reader: Reader, siteId: string): Promise<number> {
  return count(reader, "site_id", siteId);
}

/** How many deliveries a driver still has to drive. */
export function openWorkOfDriver(reader: Reader, driverId: string): Promise<number> {
  return count(reader, "driver_id", driverId);
}

async function count(reader: Reader, column: "site_id" | "driver_id", id: string): Promise<number> {
  const { rows } = await sql<{ open: number }>`
    select count(*) as open from deliveries
    where ${sql.ref(column)} = ${id} and state <> all(${settled}::text[])`.execute(reader.db);
  return rows[0]!.open;
}
