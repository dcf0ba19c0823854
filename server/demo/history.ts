import { sql } from "kysely";
import type { Actor } from "../audit/actor.ts";
import type { Change } from "../audit/change.ts";
import { insertProof } from "../deliveries/proof.ts";
import type { State } from "../deliveries/schema.ts";
import { assignable, checkStep } from "../deliveries/state.ts";
import { insertStep } from "../deliveries/step.ts";
import { newId } from "../platform/id.ts";
import type { DemoOrder, DemoStep } from "./order.ts";
import { paintDoorstep } from "./doorstep.ts";
import { Random } from "./random.ts";
import { scribble } from "./scribble.ts";

/** An order that has been made, and who moves it on. */
export interface MadeOrder {
  order: DemoOrder;
  id: string;
  siteId: string;
  driverId: string | null;
  recipientId: string;
  dispatcher: Actor;
  /** Null where nobody drives it. */
  driver: Actor | null;
}

/** Runs a part of the feed as a change of somebody, within the one transaction of all parts. */
export type ActAs = <T>(actor: Actor, act: (change: Change) => Promise<T>) => Promise<T>;

interface Event extends MadeOrder {
  from: State;
  step: DemoStep;
  actor: Actor;
}

/** The phone's step reaches the server so much later. */
const ON_THE_WAY_MS = 2_000;

/**
 * Tells what has happened to the orders so far: each step with the times it was taken and received at, by whoever took
 * it, in the trail as that person's. Only here may somebody say when a step was received; the rules of what may follow
 * what hold here too.
 *
 * @throws Problem step-refused, outcome-needed for a story that the API would have refused
 */
export async function tellHistory(actAs: ActAs, orders: readonly MadeOrder[]): Promise<void> {
  const events = orders.flatMap(eventsOf).sort((a, b) => a.step.happenedAt < b.step.happenedAt ? -1 : 1);
  const photo = await paintDoorstep();
  const random = new Random(events.length);
  // A person's day is one change: who assigns does so before whoever then drives, on any day.
  const days = Map.groupBy(events, ({ actor, step }) => `${step.happenedAt.slice(0, 10)} ${actor.accountId}`);
  for (const [first, ...rest] of days.values()) {
    await actAs(first!.actor, async (change) => {
      for (const event of [first!, ...rest]) await retrace(change, event, { photo, random });
    });
  }
}

/** Puts orders where their history has led them. */
export async function standAsTold(
  change: Change,
  orders: readonly MadeOrder[],
  now: Temporal.Instant,
): Promise<void> {
  const rows = orders.map(({ id, driverId, order: { state, outcome, steps, fields } }) => ({
    id,
    state,
    outcome,
    driver_id: driverId,
    version: 1 + steps.length,
    created_at: orderedAt(fields.day, steps, now),
    updated_at: steps.at(-1)?.happenedAt ?? orderedAt(fields.day, steps, now),
  }));
  await sql`update deliveries set state = told.state, outcome = told.outcome, driver_id = told.driver_id,
      version = told.version, created_at = told.created_at, updated_at = told.updated_at
    from jsonb_populate_recordset(null::deliveries, ${JSON.stringify(rows)}::jsonb) as told
    where deliveries.id = told.id`.execute(change.tx);
}

function eventsOf(made: MadeOrder): Event[] {
  return made.order.steps.map((step, at) => ({
    ...made,
    step,
    from: made.order.steps[at - 1]?.to ?? "unassigned",
    actor: isDispatchers(step.to) ? made.dispatcher : made.driver!,
  }));
}

async function retrace(
  change: Change,
  { order, id, siteId, driverId, recipientId, from, step, actor }: Event,
  { photo, random }: { photo: Uint8Array; random: Random },
): Promise<void> {
  if (!isAssigning(step.to) || !assignable.includes(from)) checkStep(from, step, actor.role === "driver");
  const row = { id, siteId, driverId, recipientId, state: from };
  const { happenedAt } = step;
  const receivedAt = new Date(Date.parse(happenedAt) + ON_THE_WAY_MS).toISOString();
  if (step.to === "completed") {
    if (order.fields.requires.includes("signature")) {
      const proof = { kind: "signature" as const, value: scribble(random) };
      await insertProof(change, row, newId(Date.parse(happenedAt)), proof, happenedAt);
    }
    if (order.fields.requires.includes("photo")) {
      const proof = { kind: "photo" as const, value: photo, original: photo };
      await insertProof(change, row, newId(Date.parse(happenedAt)), proof, happenedAt);
    }
  }
  const stepId = newId(Date.parse(happenedAt));
  await insertStep(change, row, { ...step, id: stepId, position: null }, receivedAt);
  change.record(`delivery.${step.to}`, {
    delivery: id,
    site: siteId,
    driver: driverId,
    step: stepId,
    from,
    to: step.to,
    outcome: step.outcome,
    happenedAt,
  });
}

/** The afternoon before its day, or an hour before the first thing that happened, or an hour ago. */
function orderedAt(day: string, steps: readonly DemoStep[], now: Temporal.Instant): string {
  const afternoonBefore = Temporal.Instant.from(`${day}T14:00:00Z`).subtract({ hours: 24 });
  const known = steps[0] ? Temporal.Instant.from(steps[0].happenedAt) : now;
  const hourBefore = known.subtract({ hours: 1 });
  return (Temporal.Instant.compare(afternoonBefore, hourBefore) < 0 ? afternoonBefore : hourBefore)
    .toString();
}

const isAssigning = (to: State) => to === "assigned" || to === "offered";
const isDispatchers = (to: State) => isAssigning(to) || to === "cancelled";
