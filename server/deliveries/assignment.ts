import { sql } from "kysely";
import type { Change } from "../audit/change.ts";
import { activeDriverOf } from "../drivers/driver.ts";
import { newId } from "../platform/id.ts";
import { type DeliveryRow, within } from "./delivery.ts";
import type { Assignment, State } from "./schema.ts";
import { assignable } from "./state.ts";
import { insertStep } from "./step.ts";

export interface Assigned {
  assigned: string[];
  refused: { id: string; reason: string }[];
}

/**
 * Gives deliveries to a driver, or takes them off whoever has them. Each stands for itself: what cannot be assigned
 * is refused with its reason and unchanged, the rest is done. What the driver has already is left as it is.
 *
 * @throws Problem not-found, driver-inactive
 */
export async function assign(change: Change, { ids, driverId, offer }: Assignment): Promise<Assigned> {
  const driver = driverId ? await activeDriverOf(change, driverId) : null;
  // In the order of their ids, so that two dispatchers at once wait for each other instead of deadlocking.
  const rows = await change.tx.selectFrom("deliveries").selectAll().where(within(change))
    .where("id", "=", sql<string>`any(${ids}::uuid[])`).orderBy("id").forUpdate().execute();
  const found = new Map(rows.map((row) => [row.id, row]));
  const to: State = driver ? offer ? "offered" : "assigned" : "unassigned";
  const result: Assigned = { assigned: [], refused: [] };
  for (const id of new Set(ids)) {
    const row = found.get(id);
    const reason = row ? whyNot(row, driver) : "There is no such order";
    if (reason) result.refused.push({ id, reason });
    else {
      if (row!.driverId !== driverId || (row!.state === "offered" && to === "assigned")) {
        await give(change, row!, driverId, to);
      } else change.unchanged();
      result.assigned.push(id);
    }
  }
  if (result.refused.length > 0) {
    change.record("assignment.refused", { things: result.refused.map(({ id }) => id), driver: driverId });
  }
  return result;
}

/** Active, and kept so until the change ends: whoever lets a driver go waits, and then finds the work given here. */
function whyNot(row: DeliveryRow, driver: { siteId: string } | null): string | null {
  if (!assignable.includes(row.state)) return `It is already ${row.state.replace("-", " ")}`;
  if (driver && driver.siteId !== row.siteId) return "The driver belongs to another site";
  return null;
}

async function give(change: Change, row: DeliveryRow, driverId: string | null, to: State): Promise<void> {
  // Taking an order off somebody is a step of theirs, so that taking it back gives it to them again.
  await insertStep(change, { ...row, driverId: driverId ?? row.driverId }, {
    id: newId(),
    to,
    happenedAt: new Date().toISOString(),
    outcome: null,
    note: null,
    receivedBy: null,
    position: null,
  });
  await change.tx.updateTable("deliveries")
    .set({ driverId, state: to, version: row.version + 1, updatedAt: new Date() }).where("id", "=", row.id)
    .execute();
  change.record(`delivery.${to}`, {
    delivery: row.id,
    site: row.siteId,
    driver: driverId,
    fromDriver: row.driverId,
    from: row.state,
    to,
  });
}
