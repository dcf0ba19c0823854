import { Buffer } from "node:buffer";
import { z } from "zod";
import { newId } from "../platform/id.ts";
import { Id } from "../platform/schema.ts";
import type { Change } from "./change.ts";
import type { Reader } from "./reader.ts";

/** Old and new values of personal fields. */
export type Changed = Record<string, { from: unknown; to: unknown }>;

/**
 * How personal values stand in an entry: sealed under the key of the person they are about, so that erasing the
 * person closes them while the entry, and whatever commits to it, stays as it is.
 */
const SealedDetail = z.object({
  subject: Id,
  table: z.literal("audit_entries"),
  /** What the value is bound to, instead of the entry's own id, which only the database knows. */
  id: Id,
  value: z.base64(),
});
export type SealedDetail = z.infer<typeof SealedDetail>;

/**
 * Seals old and new values for an entry's detail: `change.record(act, { …, sealed: await sealDetail(…) })`.
 * @throws Problem keys-unavailable; SubjectErased when the person's key is gone
 */
export async function sealDetail(change: Change, subject: string, changed: Changed): Promise<SealedDetail> {
  const id = newId();
  const value = await change.seal("audit_entries", id, subject, changed);
  return { subject, table: "audit_entries", id, value: value.toString("base64") };
}

/**
 * Opens what entries hold sealed, in their order; null for an entry that holds nothing or whose person is erased.
 * Records whose values were shown as `person.read`.
 */
export async function openDetails(
  reader: Reader,
  details: readonly Record<string, unknown>[],
): Promise<(Changed | null)[]> {
  const rows = details.map((detail) => {
    const sealed = SealedDetail.safeParse(detail.sealed).data;
    return sealed ? { ...sealed, sealed: Buffer.from(sealed.value, "base64") } : null;
  });
  const held = rows.filter((row) => row !== null);
  const opened = await reader.open<Changed>("audit_entries", held, "person.read");
  const byId = new Map(held.map(({ id }, index) => [id, opened[index]!]));
  return rows.map((row) => row && (byId.get(row.id) ?? null));
}
