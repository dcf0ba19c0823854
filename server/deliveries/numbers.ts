import { sql } from "kysely";
import type { Reader } from "../audit/reader.ts";

/** The order numbers of deliveries by id, as far as the reader reaches them. */
export async function deliveryNumbers(reader: Reader, ids: readonly string[]): Promise<Map<string, string>> {
  const rows = await reader.db.selectFrom("deliveries").select(["id", "number"])
    .where("id", "=", sql<string>`any(${ids}::uuid[])`).where(reader.inSites("deliveries.siteId")).execute();
  return new Map(rows.map(({ id, number }) => [id, number]));
}
