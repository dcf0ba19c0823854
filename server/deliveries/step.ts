import type { Buffer } from "node:buffer";
import { type Generated, sql } from "kysely";
import type { Change } from "../audit/change.ts";
import type { Reader } from "../audit/reader.ts";
import { accountNames } from "../access/account.ts";
import { activeDriverOf } from "../drivers/driver.ts";
import { settled } from "../sites/open_work.ts";
import { openSiteOf } from "../sites/site.ts";
import { type GeneratedMoment, type Moment, violates } from "../platform/database.ts";
import { badInput, conflict, notFound } from "../platform/problem.ts";
import { type DeliveryRow, lockDelivery } from "./delivery.ts";
import type { DeliveryDetail, NewStep, Outcome, State, Step } from "./schema.ts";
import { checkStep } from "./state.ts";

declare module "../platform/database.ts" {
  interface DataTables {
    deliverySteps: {
      id: string;
      deliveryId: string;
      seq: Generated<number>;
      fromState: State;
      toState: State;
      outcome: Outcome | null;
      driverId: string | null;
      accountId: string | null;
      happenedAt: Moment;
      receivedAt: GeneratedMoment;
      sealed: Buffer | null;
      positionSealed: Buffer | null;
      undoneAt: Moment | null;
    };
  }
}

/** Sent late from a phone without a network: a week. Ahead: a phone's clock may be wrong by minutes. */
const OLDEST_MS = 7 * 24 * 3_600_000;
const AHEAD_MS = 5 * 60_000;
/** How long a driver can take back a mistaken swipe. */
const UNDO_MS = 15 * 60_000;

interface Said {
  note: string | null;
  receivedBy: string | null;
}

/**
 * Takes one step of a delivery. The same step id sent again changes nothing.
 * @throws Problem not-found, step-refused, outcome-needed, proof-missing, step-id-used, site-closed, bad-input (time)
 */
export async function takeStep(change: Change, deliveryId: string, step: NewStep): Promise<void> {
  const row = await lockForStep(change, deliveryId, step.id);
  if (await alreadyTaken(change, deliveryId, step)) return change.unchanged();
  checkTime(step.happenedAt);
  checkStep(row.state, step, change.actor.role === "driver");
  if (step.to === "completed") await checkProof(change, row, step);
  if (step.to === "unassigned" && isSettled(row.state)) await openSiteOf(change, row.siteId);
  await insertStep(change, row, step);
  await change.tx.updateTable("deliveries").set({
    state: step.to,
    // What came back to the site still has not been delivered for the same reason.
    outcome: step.to === "returned" ? row.outcome : step.outcome,
    driverId: step.to === "unassigned" ? null : row.driverId,
    version: row.version + 1,
    updatedAt: new Date(),
  }).where("id", "=", row.id).execute();
  change.record(`delivery.${step.to}`, {
    delivery: row.id,
    site: row.siteId,
    driver: row.driverId,
    step: step.id,
    from: row.state,
    to: step.to,
    outcome: step.outcome,
    happenedAt: step.happenedAt,
  });
}

/**
 * Takes back the last step: a driver their own within 15 minutes, a dispatcher any. Taking the same one back twice
 * changes nothing.
 * @throws Problem not-found, undo-refused, driver-inactive, site-closed
 */
export async function undoStep(change: Change, deliveryId: string, stepId: string): Promise<void> {
  const row = await lockForStep(change, deliveryId, stepId);
  const steps = await change.tx.selectFrom("deliverySteps").selectAll().where("deliveryId", "=", deliveryId)
    .orderBy("seq", "desc").limit(50).execute();
  const asked = steps.find((step) => step.id === stepId);
  if (!asked) throw notFound("step");
  if (asked.undoneAt) return change.unchanged();
  const standing = steps.filter((step) => !step.undoneAt);
  if (standing[0] !== asked) {
    throw conflict("undo-refused", "Only the last step can be taken back", {
      next: "Take back the later steps first.",
    });
  }
  if (!mayUndo(change, asked)) {
    throw conflict("undo-refused", "This step can no longer be taken back on the phone", {
      next: "Ask the dispatcher.",
    });
  }
  if (isAssignment(asked.toState)) {
    throw conflict("undo-refused", "An assignment is not taken back but changed", {
      next: "Assign somebody else, or nobody.",
    });
  }
  await refuseGivingBack(change, row, asked.driverId);
  await change.tx.updateTable("deliverySteps").set({ undoneAt: new Date() }).where("id", "=", stepId)
    .execute();
  await change.tx.updateTable("deliveries").set({
    state: asked.fromState,
    outcome: outcomeIn(asked.fromState, standing.slice(1)),
    driverId: asked.driverId,
    version: row.version + 1,
    updatedAt: new Date(),
  }).where("id", "=", deliveryId).execute();
  change.record("delivery.step-undone", {
    delivery: row.id,
    site: row.siteId,
    driver: asked.driverId,
    step: stepId,
    from: asked.toState,
    to: asked.fromState,
  });
}

/** What is taken back may give the order to its driver again, who may drive no longer, or for another site. */
async function refuseGivingBack(change: Change, row: DeliveryRow, driverId: string | null): Promise<void> {
  if (isSettled(row.state)) await openSiteOf(change, row.siteId);
  if (driverId === null || driverId === row.driverId) return;
  const driver = await activeDriverOf(change, driverId);
  if (driver.siteId === row.siteId) return;
  throw conflict("undo-refused", "The driver who had this order belongs to another site now", {
    next: "Assign somebody else.",
  });
}

/** The steps of deliveries, oldest first, with what was said and who took them. */
export async function stepsOf(reader: Reader, rows: readonly DeliveryRow[]): Promise<Map<string, Step[]>> {
  if (rows.length === 0) return new Map();
  const recipientOf = new Map(rows.map((row) => [row.id, row.recipientId]));
  const steps = await reader.db.selectFrom("deliverySteps").selectAll()
    .where("deliveryId", "=", sql<string>`any(${rows.map((row) => row.id)}::uuid[])`).orderBy("seq")
    .execute();
  const said = await reader.open<Said>(
    "delivery_steps",
    steps.map((step) => ({ id: step.id, subject: recipientOf.get(step.deliveryId)!, sealed: step.sealed })),
    null,
  );
  const names = await accountNames(reader, [...new Set(steps.flatMap((step) => step.accountId ?? []))]);
  const shown = steps.map((step, at) => ({
    deliveryId: step.deliveryId,
    step: {
      id: step.id,
      from: step.fromState,
      to: step.toState,
      outcome: step.outcome,
      happenedAt: step.happenedAt.toISOString(),
      receivedAt: step.receivedAt.toISOString(),
      byName: step.accountId ? names.get(step.accountId) ?? null : null,
      driverId: step.driverId,
      note: said[at]?.note ?? null,
      receivedBy: said[at]?.receivedBy ?? null,
      mine: step.accountId !== null && step.accountId === reader.actor.accountId,
      undone: step.undoneAt !== null,
    },
  }));
  return new Map(
    [...Map.groupBy(shown, (item) => item.deliveryId)].map(([id, items]) => [
      id,
      items.map((item) => item.step),
    ]),
  );
}

/** Which of a delivery's steps the reader may take back now. */
export function undoableOf(reader: Reader, steps: DeliveryDetail["steps"]): string | null {
  const last = steps.findLast((step) => !step.undone);
  if (!last || isAssignment(last.to)) return null;
  if (reader.actor.role !== "driver") return last.id;
  return last.mine && Date.now() - Date.parse(last.receivedAt) < UNDO_MS ? last.id : null;
}

/** Writes a step of the trail of a delivery, received now unless told; used by assignments too. */
export async function insertStep(
  change: Change,
  row: Pick<DeliveryRow, "id" | "state" | "driverId" | "recipientId">,
  step: NewStep,
  receivedAt?: string,
): Promise<void> {
  const { note, receivedBy, position } = step;
  await change.tx.insertInto("deliverySteps").values({
    id: step.id,
    deliveryId: row.id,
    fromState: row.state,
    toState: step.to,
    outcome: step.outcome,
    driverId: row.driverId,
    accountId: change.actor.accountId,
    happenedAt: step.happenedAt,
    receivedAt,
    sealed: note || receivedBy ? await sealSaid(change, row, step.id, { note, receivedBy }) : null,
    // Where somebody was is theirs, not the recipient's.
    positionSealed: position && change.actor.personId
      ? await change.seal("delivery_steps.position", step.id, change.actor.personId, position)
      : null,
    undoneAt: null,
  }).execute().catch((error) => {
    // Two phones sent the same id for different orders at the same moment.
    throw violates(error, "delivery_steps_pkey") ? idUsed() : error;
  });
}

async function sealSaid(change: Change, row: Pick<DeliveryRow, "recipientId">, id: string, said: Said) {
  return await change.seal("delivery_steps", id, row.recipientId, said);
}

async function alreadyTaken(change: Change, deliveryId: string, step: NewStep): Promise<boolean> {
  const known = await change.tx.selectFrom("deliverySteps").select(["deliveryId", "toState"]).where(
    "id",
    "=",
    step.id,
  )
    .executeTakeFirst();
  if (!known) return false;
  if (known.deliveryId === deliveryId && known.toState === step.to) return true;
  throw idUsed();
}

const idUsed = () =>
  conflict("step-id-used", "This step id belongs to another step", { next: "Make a new id for a new step." });

function checkTime(happenedAt: string): void {
  const age = Date.now() - Date.parse(happenedAt);
  if (age > OLDEST_MS) throw badInput([{ path: "happenedAt", reason: "is more than 7 days ago" }]);
  if (age < -AHEAD_MS) {
    throw badInput([{ path: "happenedAt", reason: "is more than 5 minutes ahead of the server's clock" }]);
  }
}

/** What the order asks for must be there before it counts as completed. */
async function checkProof(change: Change, row: DeliveryRow, step: NewStep): Promise<void> {
  const proofs = await change.tx.selectFrom("proofs").select("kind").where("deliveryId", "=", row.id)
    .execute();
  const there = new Set<string>([
    ...proofs.map((proof) => proof.kind),
    ...(step.note ? ["note"] : []),
    ...(step.receivedBy ? ["name"] : []),
  ]);
  const missing = row.requires.filter((requirement) => !there.has(requirement));
  if (missing.length > 0) {
    throw conflict("proof-missing", `This order needs proof that is not there yet: ${missing.join(", ")}`, {
      next: "Add it, then complete the order.",
    });
  }
}

/**
 * A driver who declined an order no longer has it, but may send that step again and take it back: until somebody takes
 * the next one, from when on what happens with it is no longer theirs to see.
 */
async function lockForStep(change: Change, deliveryId: string, stepId: string): Promise<DeliveryRow> {
  const { role, driverId, accountId } = change.actor;
  if (role !== "driver") return await lockDelivery(change, deliveryId);
  return await change.tx.selectFrom("deliveries").selectAll().where("id", "=", deliveryId)
    .where(
      sql<boolean>`(driver_id = ${driverId}::uuid or ${stepId}::uuid = (select id from delivery_steps as last
        where delivery_id = deliveries.id and driver_id = ${driverId}::uuid and account_id = ${accountId}::uuid
          and not exists (select from delivery_steps where delivery_id = last.delivery_id and seq > last.seq)))`,
    )
    .forUpdate().executeTakeFirstOrThrow(() => notFound("order"));
}

/** The outcome an order had in a state it returns to, from its standing steps, newest first. */
const outcomeIn = (state: State, steps: readonly { toState: State; outcome: Outcome | null }[]) =>
  steps.find((step) => step.toState === (state === "returned" ? "failed" : state))?.outcome ?? null;

const mayUndo = (reader: Reader, step: { accountId: string | null; receivedAt: Date }): boolean =>
  reader.actor.role !== "driver" ||
  (step.accountId === reader.actor.accountId && Date.now() - step.receivedAt.getTime() < UNDO_MS);

/** A closed site has no work that is open, nor gets any by what settled it being taken back. */
const isSettled = (state: State): boolean => (settled as readonly State[]).includes(state);

const isAssignment = (state: State): boolean => state === "assigned" || state === "offered";
