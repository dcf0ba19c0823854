import { z } from "zod";
import { Id, Instant, pageOf, paging } from "../platform/schema.ts";

/**
 * One entry of the trail. It holds opaque ids and plain facts only; what is personal in it is shown by opening the
 * sealed rows the ids point at, for readers who may and while the person's key exists.
 */
export const AuditEntry = z.object({
  id: z.string(),
  at: z.string(),
  /** `noun.past-participle`, such as `delivery.assigned`. */
  act: z.string(),
  /** The account that acted; null for the system itself or somebody not signed in. */
  actorId: Id.nullable(),
  actorName: z.string().nullable(),
  /** Ids and facts: `{ "delivery": "…", "from": "assigned", "to": "accepted" }`. */
  detail: z.record(z.string(), z.unknown()),
  /** Plain names of the things in `detail` by id, as far as the reader may see them; null where the key is gone. */
  names: z.record(z.string(), z.string().nullable()),
  /** Old and new values of personal fields, opened; null when there are none or the key is gone. */
  changed: z.record(z.string(), z.object({ from: z.unknown(), to: z.unknown() })).nullable(),
});
export type AuditEntry = z.infer<typeof AuditEntry>;

export const AuditQuery = z.object({
  /** An act, or a prefix of one ending in a dot: `delivery.`. */
  act: z.string().max(80).regex(/^[a-z-]+\.?[a-z-]*$/, { error: "must be an act such as delivery.assigned" })
    .optional(),
  actor: Id.optional(),
  /** The id of anything: a delivery, a driver, an account, a site. */
  thing: Id.optional(),
  from: Instant.optional(),
  to: Instant.optional(),
  ...paging(200),
});
export type AuditQuery = z.infer<typeof AuditQuery>;
export const AuditPage = pageOf(AuditEntry);

export const LiveQuery = z.object({
  /** `liveFrom` of the session: a moment in the order of transactions, from which on everything is told. */
  after: z.string().regex(/^\d{1,18}$/, { error: "must be liveFrom as the session tells it" }).optional(),
});
