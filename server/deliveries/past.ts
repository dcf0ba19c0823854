import { Buffer } from "node:buffer";
import { z } from "zod";
import { system } from "../audit/actor.ts";
import { change } from "../audit/change.ts";
import { jsonFrom, parse } from "../platform/http.ts";
import type { Services } from "../platform/services.ts";
import type { Recipient } from "./schema.ts";

/** Orders as they stood at a moment, as the backup service takes them out of a restored copy. */
const PastOrders = z.looseObject({
  orders: z.array(z.object({
    at: z.string(),
    order: z.looseObject({ id: z.uuid(), recipient_id: z.uuid(), number: z.string() }),
    sealed: z.string().nullable(),
    steps: z.array(z.object({ to: z.string(), outcome: z.string().nullable(), at: z.string() })),
  })).max(200),
});

/** One fact of an order, then and now, in plain text; null where there was or is none. */
export interface Difference {
  what: string;
  then: string | null;
  now: string | null;
}

export interface PastOrder {
  number: string;
  at: string;
  /** Nothing of the order is left now. */
  isGone: boolean;
  /** Who it was for has been erased since, or never had a key: nobody reads it again. */
  isErased: boolean;
  /** Every fact, with those that changed first. */
  facts: Difference[];
}

/** Facts for machines only, or that change with everything. */
const unspoken = new Set([
  "id",
  "recipient_id",
  "site_id",
  "number_lower",
  "version",
  "created_at",
  "updated_at",
  "sealed",
]);

/**
 * Opens what a restored copy held of some orders beside what they are now. What is opened stands in the trail as
 * `operator.looked-back`, with the ids of the orders.
 *
 * @param given the JSON of the backup service
 * @returns the same in words as well
 */
export async function openPastOrders(
  services: Services,
  given: string,
): Promise<{ orders: PastOrder[]; text: string }> {
  const { orders: past } = parse(PastOrders, jsonFrom(new TextEncoder().encode(given)));
  const orders = await change(services, system("operator"), async (change) => {
    const ids = past.map(({ order }) => order.id);
    const rows = await change.tx.selectFrom("deliveries").selectAll().where("id", "in", ids).execute();
    const present = new Map(rows.map((row) => [row.id, row]));
    const open = (of: { id: string; subject: string; sealed: Buffer | null }[]) =>
      change.open<Recipient>("deliveries", of, null);
    const [then, now] = [
      await open(past.map(({ order, sealed }) => ({
        id: order.id,
        subject: order.recipient_id,
        sealed: sealed === null ? null : Buffer.from(sealed, "base64"),
      }))),
      await open(ids.map((id) => {
        const row = present.get(id);
        return { id, subject: row?.recipientId ?? id, sealed: row?.sealed ?? null };
      })),
    ];
    change.record("operator.looked-back", { deliveries: ids, happenedAt: past[0]?.at ?? null });
    return past.map(({ order, at, steps, sealed }, index) => {
      const row = present.get(order.id);
      return {
        number: order.number,
        at,
        isGone: !row,
        isErased: sealed !== null && then[index] === null,
        facts: differences(
          { ...plain(order), ...plain(then[index] ?? {}), steps: steps.map(({ to }) => to).join(" → ") },
          row ? { ...plain(snakeCase(row)), ...plain(now[index] ?? {}) } : {},
        ),
      };
    });
  });
  return { orders, text: orders.map(inWords).join("\n\n") };
}

function inWords({ number, at, isGone, isErased, facts }: PastOrder): string {
  const width = Math.max(...facts.map(({ what }) => what.length));
  return [
    `Order ${number} as of ${at}${isGone ? "; it is gone now" : ""}`,
    ...(isErased ? ["  whom it was for has been erased since"] : []),
    ...facts.map(({ what, then, now }) =>
      `  ${what.padEnd(width)}  ${then ?? "-"}${then === now || isGone ? "" : `   (now: ${now ?? "-"})`}`
    ),
  ].join("\n");
}

/** Facts as text, by name. */
function plain(facts: object): Record<string, string> {
  return Object.fromEntries(
    Object.entries(facts)
      .filter(([name, value]) => !unspoken.has(name) && value !== null && value !== undefined && value !== "")
      .map(([name, value]) => [name.replaceAll("_", " "), asText(value)]),
  );
}

function asText(value: unknown): string {
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(asText).join(", ");
  if (typeof value === "object") return JSON.stringify(value);
  const text = String(value);
  // PostgreSQL's JSON writes a moment with its offset; one way of writing them compares.
  return /^\d{4}-\d\d-\d\dT[\d:.]+[+-]\d\d:\d\d$/.test(text) ? new Date(text).toISOString() : text;
}

const snakeCase = (row: object) =>
  Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      value,
    ]),
  );

function differences(then: Record<string, string>, now: Record<string, string>): Difference[] {
  const names = [...new Set([...Object.keys(then), ...Object.keys(now)])].filter((name) => name !== "steps");
  const facts = names.map((what) => ({ what, then: then[what] ?? null, now: now[what] ?? null }));
  const steps = then.steps ? [{ what: "steps until then", then: then.steps, now: then.steps }] : [];
  const isSame = ({ then, now }: Difference) => then === now;
  return [...facts.filter((fact) => !isSame(fact)), ...facts.filter(isSame), ...steps];
}
