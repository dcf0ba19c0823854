import { sql } from "kysely";
import type { Change } from "../../audit/change.ts";
import { type Changed, sealDetail } from "../../audit/sealed_detail.ts";
import { columnsOf, createDeliveries, type DeliveryRow, heldForRecipient, presentAll } from "../delivery.ts";
import { changedFields, findOrMakeRecipients, isSomebodyElse, searchableOf, traceOf } from "../recipient.ts";
import { type Delivery, DeliveryFields, type Recipient } from "../schema.ts";
import { index } from "../search.ts";
import { assignable } from "../state.ts";
import { Faults } from "./faults.ts";
import type { Order, Said } from "./order.ts";
import type { OrderInFile } from "./orders.ts";

/** What importing orders into a site comes to. */
export interface Plan {
  siteId: string;
  /** Orders whose number the site does not have. */
  made: OrderInFile[];
  edits: Edit[];
  unchanged: number;
  /** Orders that the file would change and that can no longer be changed. */
  faults: Faults;
}

/** An existing order and what the file makes of it. */
interface Edit {
  inFile: OrderInFile;
  row: DeliveryRow;
  after: Order;
  /** The names of the fields that change, a recipient's as `recipient.phone`. */
  fields: string[];
  /** Of the recipient, old and new values. */
  personal: Changed;
  isSomebodyElse: boolean;
}

/** Orders read or written at once: enough to keep the database busy, few enough to tell of progress. */
const SLICE = 1_000;

/** Compares the orders of a file with those the site has, by number. Whatever is to be edited is locked. */
export async function planImport(
  change: Change,
  siteId: string,
  orders: readonly OrderInFile[],
): Promise<Plan> {
  const plan: Plan = { siteId, made: [], edits: [], unchanged: 0, faults: new Faults() };
  for (const slice of slices(orders)) {
    const differing = await compare(change, plan, slice, { lock: false });
    if (differing.length === 0) continue;
    // Looked at again under lock: a driver may have taken a step since.
    const edits = await compare(change, plan, differing.map((edit) => edit.inFile), { lock: true });
    const held = await heldForRecipient(change, edits.map((edit) => edit.row.id));
    for (const edit of edits) {
      const reason = whyNot(edit, held);
      if (reason) plan.faults.add(edit.inFile.line, null, `${reason}; it stays as it is`);
      else plan.edits.push(edit);
    }
  }
  return plan;
}

function whyNot({ row, isSomebodyElse }: Edit, held: ReadonlySet<string>): string | null {
  if (!assignable.includes(row.state)) return `the order is ${row.state.replace("-", " ")} already`;
  if (isSomebodyElse && held.has(row.id)) return "the order has notes or proofs of another recipient";
  return null;
}

/** Writes what a plan says, telling after each slice how many orders it had. */
export async function carryOut(
  change: Change,
  { siteId, made, edits }: Plan,
  onDone: (orders: number) => void,
): Promise<void> {
  for (const slice of slices(made)) {
    await createDeliveries(change, siteId, slice.map(({ order }) => order));
    onDone(slice.length);
  }
  for (const slice of slices(edits)) {
    await editAll(change, slice);
    onDone(slice.length);
  }
}

/** The orders that differ from what the site has; the others are counted in the plan. */
async function compare(
  change: Change,
  plan: Plan,
  orders: readonly OrderInFile[],
  { lock }: { lock: boolean },
): Promise<Edit[]> {
  const numbers = orders.map(({ order }) => order.number);
  const query = change.tx.selectFrom("deliveries").selectAll().where("siteId", "=", plan.siteId)
    .where("number", "=", sql<string>`any(${numbers}::text[])`).orderBy("id");
  const rows = await (lock ? query.forUpdate() : query).execute();
  const deliveries = await presentAll(change, rows, null);
  const known = new Map(deliveries.map((delivery, at) => [delivery.number, { delivery, row: rows[at]! }]));
  return orders.flatMap((inFile) => {
    const existing = known.get(inFile.order.number);
    if (!existing) plan.made.push(inFile);
    else if (!existing.delivery.recipient) {
      plan.faults.leaveOut(
        inFile.line,
        null,
        "the recipient of this order has been erased; it stays as it is",
      );
    } else {
      const edit = editOf(inFile, existing.row, existing.delivery, existing.delivery.recipient);
      if (edit) return [edit];
      plan.unchanged++;
    }
    return [];
  });
}

/** What the file changes of an order; null when it says nothing new. */
function editOf(inFile: OrderInFile, row: DeliveryRow, delivery: Delivery, before: Recipient): Edit | null {
  const said = saidOf(inFile.said, delivery);
  const names = Object.keys(said) as (keyof typeof said)[];
  const fields = names.filter((name) => JSON.stringify(said[name]) !== JSON.stringify(delivery[name]));
  const recipient = { ...before, ...inFile.said.recipient };
  const changed = changedFields(before, recipient);
  if (fields.length === 0 && changed.length === 0) return null;
  return {
    inFile,
    row,
    after: { ...DeliveryFields.parse(delivery), ...said, recipient },
    fields: [...fields, ...changed.map((name) => `recipient.${name}`)],
    personal: traceOf(changed, before, recipient),
    isSomebodyElse: isSomebodyElse(changed),
  };
}

/** The fields a file says something about, written as the API writes them. A file knows no hard windows. */
function saidOf({ fields }: Said, delivery: Delivery): Said["fields"] {
  if (!fields.window) return fields;
  const { after, before } = fields.window;
  const hard = delivery.window?.hard ?? false;
  return {
    ...fields,
    window: { after: new Date(after).toISOString(), before: new Date(before).toISOString(), hard },
  };
}

async function editAll(change: Change, edits: readonly Edit[]): Promise<void> {
  const others = edits.filter((edit) => edit.isSomebodyElse);
  const people = await findOrMakeRecipients(change, others.map(({ after }) => after.recipient));
  const personOf = new Map(others.map((edit, at) => [edit, people[at]!]));
  const values = edits.map((edit) => ({
    id: edit.row.id,
    subject: personOf.get(edit) ?? edit.row.recipientId,
    value: edit.after.recipient,
  }));
  const sealed = await change.sealAll("deliveries", values);
  const rows = edits.map(({ after }, at) => ({
    ...columnsOf(after),
    id: values[at]!.id,
    recipient_id: values[at]!.subject,
    sealed: `\\x${sealed[at]!.toString("hex")}`,
  }));
  await sql`update deliveries set
      kind = new.kind, day = new.day, window_after = new.window_after, window_before = new.window_before,
      window_hard = new.window_hard, service_minutes = new.service_minutes, priority = new.priority,
      quantity = new.quantity, weight_kg = new.weight_kg, volume_l = new.volume_l, cash_amount = new.cash_amount,
      cash_currency = new.cash_currency, tags = new.tags, reference = new.reference,
      recipient_id = new.recipient_id, sealed = new.sealed, version = deliveries.version + 1, updated_at = now()
    from jsonb_populate_recordset(null::deliveries, ${JSON.stringify(rows)}::jsonb) as new
    where deliveries.id = new.id`.execute(change.tx);
  await index(
    change,
    edits.map(({ row, after }) => ({
      id: row.id,
      siteId: row.siteId,
      fields: searchableOf(after.recipient),
    })),
  );
  for (const { row, fields, personal } of edits) {
    change.record("delivery.edited", {
      delivery: row.id,
      site: row.siteId,
      fields,
      ...(Object.keys(personal).length > 0 &&
        { sealed: await sealDetail(change, row.recipientId, personal) }),
    });
  }
}

function* slices<T>(items: readonly T[]): Generator<T[]> {
  for (let at = 0; at < items.length; at += SLICE) yield items.slice(at, at + SLICE);
}
