import type { Buffer } from "node:buffer";
import { type Generated, type RawBuilder, type Selectable, sql } from "kysely";
import type { Change } from "../audit/change.ts";
import type { Reader } from "../audit/reader.ts";
import { sealDetail } from "../audit/sealed_detail.ts";
import { openSiteOf } from "../sites/site.ts";
import {
  type DataTables,
  type GeneratedAlways,
  type GeneratedMoment,
  type Moment,
  violates,
} from "../platform/database.ts";
import { changedMeanwhile, parse } from "../platform/http.ts";
import { newId } from "../platform/id.ts";
import { conflict, notFound } from "../platform/problem.ts";
import { changedFields, findOrMakeRecipients, isSomebodyElse, searchableOf, traceOf } from "./recipient.ts";
import {
  type Delivery,
  type DeliveryEdit,
  type NewDelivery,
  type Outcome,
  Recipient,
  type State,
} from "./schema.ts";
import { index } from "./search.ts";
import { closed } from "./state.ts";

declare module "../platform/database.ts" {
  interface DataTables {
    deliveries: {
      id: string;
      siteId: string;
      number: string;
      numberLower: GeneratedAlways<string>;
      kind: Delivery["kind"];
      state: State;
      outcome: Outcome | null;
      driverId: string | null;
      day: string;
      windowAfter: Moment | null;
      windowBefore: Moment | null;
      windowHard: boolean;
      serviceMinutes: number;
      priority: Delivery["priority"];
      quantity: number;
      weightKg: number | null;
      volumeL: number | null;
      cashAmount: number | null;
      cashCurrency: string | null;
      tags: string[];
      requires: Delivery["requires"];
      reference: string | null;
      recipientId: string;
      sealed: Buffer | null;
      version: Generated<number>;
      createdAt: GeneratedMoment;
      updatedAt: GeneratedMoment;
    };
  }
}
export type DeliveryRow = Selectable<DataTables["deliveries"]>;

/**
 * Makes one delivery.
 * @throws Problem number-taken, not-found (site)
 */
export async function createDelivery(change: Change, { siteId, ...fields }: NewDelivery): Promise<Delivery> {
  const [id] = await createDeliveries(change, siteId, [fields]);
  return await deliveryOf(change, id!, null);
}

/**
 * Makes many deliveries of one site at once; returns their ids in order.
 * @throws Problem number-taken when a number is used already, not-found or site-closed for the site
 */
export async function createDeliveries(
  change: Change,
  siteId: string,
  deliveries: readonly Omit<NewDelivery, "siteId">[],
): Promise<string[]> {
  await openSiteOf(change, siteId);
  const recipients = deliveries.map((delivery) => delivery.recipient);
  const people = await findOrMakeRecipients(change, recipients);
  const rows = deliveries.map((delivery, at) => ({
    id: newId(),
    subject: people[at]!,
    value: delivery.recipient,
  }));
  const sealed = await change.sealAll("deliveries", rows);
  try {
    await insertAll(
      change,
      deliveries.map((delivery, at) => ({
        id: rows[at]!.id,
        site_id: siteId,
        state: "unassigned",
        recipient_id: people[at]!,
        sealed: `\\x${sealed[at]!.toString("hex")}`,
        ...columnsOf(delivery),
      })),
    );
  } catch (error) {
    throw numberTaken(error);
  }
  await index(change, rows.map(({ id, value }) => ({ id, siteId, fields: searchableOf(value) })));
  for (const { id } of rows) change.record("delivery.created", { delivery: id, site: siteId });
  return rows.map((row) => row.id);
}

/**
 * Changes what is named, of the version the caller has seen.
 * @throws Problem not-found, changed-meanwhile, order-closed, number-taken, recipient-erased, recipient-fixed
 */
export async function editDelivery(
  change: Change,
  id: string,
  version: number,
  edit: DeliveryEdit,
): Promise<Delivery> {
  const row = await lockDelivery(change, id);
  if (row.version !== version) throw changedMeanwhile("order");
  if (closed.includes(row.state)) {
    throw conflict("order-closed", `An order that is ${row.state} cannot be edited`, {
      next: "Take back its last step first.",
    });
  }
  const { recipient: recipientEdit, ...fields } = edit;
  const person = recipientEdit && await editRecipient(change, row, recipientEdit);
  try {
    await change.tx.updateTable("deliveries")
      .set({ ...camelColumnsOf(fields), ...person?.columns, version: version + 1, updatedAt: new Date() })
      .where("id", "=", id).execute();
  } catch (error) {
    throw numberTaken(error);
  }
  change.record("delivery.edited", {
    delivery: id,
    site: row.siteId,
    driver: row.driverId,
    fields: [...Object.keys(fields), ...(person?.changed ?? []).map((field) => `recipient.${field}`)],
    ...(person?.trace && { sealed: person.trace }),
  });
  return await deliveryOf(change, id, null);
}

async function editRecipient(change: Change, row: DeliveryRow, edit: Partial<Recipient>) {
  const before = await change.openOne<Recipient>("deliveries", subjectOf(row), "delivery.read");
  if (!before) {
    throw conflict("recipient-erased", "The recipient of this order has been erased", {
      next: "Make a new order.",
    });
  }
  const after = parse(Recipient, { ...before, ...edit });
  const changed = changedFields(before, after);
  const recipientId = isSomebodyElse(changed)
    ? (await findOrMakeRecipients(change, [after]))[0]!
    : row.recipientId;
  if (recipientId !== row.recipientId && (await heldForRecipient(change, [row.id])).size > 0) {
    throw conflict("recipient-fixed", "This order has notes or proofs of its recipient already", {
      next: "Make a new order for the other person.",
    });
  }
  await index(change, [{ id: row.id, siteId: row.siteId, fields: searchableOf(after) }]);
  return {
    changed,
    columns: { recipientId, sealed: await change.seal("deliveries", row.id, recipientId, after) },
    trace: changed.length > 0
      ? await sealDetail(change, row.recipientId, traceOf(changed, before, after))
      : null,
  };
}

/**
 * Which of these orders hold notes or proofs. Those lie under their recipient's key and are not another person's, so
 * such an order stays with its recipient.
 */
export async function heldForRecipient(reader: Reader, ids: readonly string[]): Promise<Set<string>> {
  const { rows } = await sql<{ id: string }>`
    select delivery_id as id from proofs where delivery_id = any(${ids}::uuid[])
    union select delivery_id from delivery_steps where delivery_id = any(${ids}::uuid[]) and sealed is not null`
    .execute(reader.db);
  return new Set(rows.map(({ id }) => id));
}

/** Reads one delivery with the reader's rights; `act` as in `Reader.open`. */
export async function deliveryOf(reader: Reader, id: string, act: string | null): Promise<Delivery> {
  const row = await reader.db.selectFrom("deliveries").selectAll().where("id", "=", id).where(within(reader))
    .executeTakeFirstOrThrow(() => notFound("order"));
  return (await presentAll(reader, [row], act))[0]!;
}

/** Takes a delivery within the actor's reach for a change: locked until the change ends. */
export async function lockDelivery(change: Change, id: string): Promise<DeliveryRow> {
  return await change.tx.selectFrom("deliveries").selectAll().where("id", "=", id).where(within(change))
    .forUpdate().executeTakeFirstOrThrow(() => notFound("order"));
}

/** The actor's reach: drivers have the orders they drive, everybody else those of their sites. */
export function within(reader: Reader): RawBuilder<boolean> {
  const { role, driverId } = reader.actor;
  if (role === "driver") return sql<boolean>`deliveries.driver_id = ${driverId}::uuid`;
  return reader.inSites("deliveries.siteId");
}

/** Rows as the API shows them, their recipients opened. */
export async function presentAll(
  reader: Reader,
  rows: readonly DeliveryRow[],
  act: string | null,
): Promise<Delivery[]> {
  const recipients = await reader.open<Recipient>("deliveries", rows.map(subjectOf), act);
  return rows.map((row, at) => present(row, recipients[at] ?? null));
}

/** What `Reader.open` needs of a row. */
export const subjectOf = (row: DeliveryRow) => ({ id: row.id, subject: row.recipientId, sealed: row.sealed });

function present(row: DeliveryRow, recipient: Recipient | null): Delivery {
  return {
    id: row.id,
    siteId: row.siteId,
    number: row.number,
    kind: row.kind,
    state: row.state,
    outcome: row.outcome,
    driverId: row.driverId,
    day: row.day,
    window: row.windowAfter && row.windowBefore
      ? { after: row.windowAfter.toISOString(), before: row.windowBefore.toISOString(), hard: row.windowHard }
      : null,
    serviceMinutes: row.serviceMinutes,
    priority: row.priority,
    quantity: row.quantity,
    weightKg: row.weightKg,
    volumeL: row.volumeL,
    cash: row.cashAmount !== null && row.cashCurrency
      ? { amount: row.cashAmount, currency: row.cashCurrency }
      : null,
    tags: row.tags,
    requires: row.requires,
    reference: row.reference,
    recipient,
    version: row.version,
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
  };
}

type Fields = Omit<NewDelivery, "siteId" | "recipient">;

/** API fields to columns; only those given. */
function camelColumnsOf({ window, cash, ...rest }: Partial<Fields>) {
  return {
    ...rest,
    ...(window !== undefined &&
      {
        windowAfter: window?.after ?? null,
        windowBefore: window?.before ?? null,
        windowHard: window?.hard ?? false,
      }),
    ...(cash !== undefined && { cashAmount: cash?.amount ?? null, cashCurrency: cash?.currency ?? null }),
  };
}

/** A delivery's own columns by their names in SQL, as `jsonb_populate_recordset` takes them. */
export function columnsOf({ recipient: _, ...fields }: Omit<NewDelivery, "siteId">) {
  return Object.fromEntries(
    Object.entries(camelColumnsOf(fields)).map((
      [name, value],
    ) => [name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), value]),
  );
}

/** One statement for any number of rows: they travel as one JSON value, already sealed. */
async function insertAll(change: Change, rows: readonly Record<string, unknown>[]): Promise<void> {
  for (let at = 0; at < rows.length; at += 2_000) {
    await sql`insert into deliveries (id, site_id, number, kind, state, day, window_after, window_before, window_hard,
        service_minutes, priority, quantity, weight_kg, volume_l, cash_amount, cash_currency, tags, requires, reference,
        recipient_id, sealed)
      select id, site_id, number, kind, state, day, window_after, window_before, coalesce(window_hard, false),
        service_minutes, priority, quantity, weight_kg, volume_l, cash_amount, cash_currency, tags, requires, reference,
        recipient_id, sealed
      from jsonb_populate_recordset(null::deliveries, ${JSON.stringify(rows.slice(at, at + 2_000))}::jsonb)`
      .execute(change.tx);
  }
}

function numberTaken(error: unknown): unknown {
  return violates(error, "deliveries_number")
    ? conflict("number-taken", "This site already has an order with this number", {
      next: "Edit that order, or choose another number.",
    })
    : error;
}
