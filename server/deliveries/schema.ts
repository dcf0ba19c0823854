import { z } from "zod";
import {
  Country,
  Day,
  editOf,
  Email,
  Id,
  Instant,
  line,
  pageOf,
  paging,
  Phone,
  Position,
  prose,
} from "../platform/schema.ts";

/** The word staff see for a delivery is "order"; the word in code is delivery, for every kind of work. */
export const kinds = ["delivery", "pickup", "service"] as const;
export const states = [
  "unassigned",
  "offered",
  "assigned",
  "accepted",
  "loaded",
  "in-transit",
  "arrived",
  "completed",
  "failed",
  "returned",
  "cancelled",
] as const;
export type State = (typeof states)[number];
export const priorities = ["low", "normal", "high"] as const;
export const requirements = ["signature", "photo", "note", "name"] as const;
export const deliveredTo = ["recipient", "someone-else", "mailbox", "safe-place", "pickup-point"] as const;
export const failures = [
  "nobody-home",
  "address-not-found",
  "no-access",
  "no-time",
  "package-missing",
  "refused",
  "proof-missing",
  "payment-missing",
] as const;
export const outcomes = [...deliveredTo, ...failures] as const;
export type Outcome = (typeof outcomes)[number];

/** Who receives, where, and what was said about it: personal data, stored sealed under the recipient's key. */
export const Recipient = z.object({
  name: line(120),
  phone: Phone.nullable().default(null),
  email: Email.nullable().default(null),
  street: line(200),
  unit: line(80).nullable().default(null),
  postcode: line(16).nullable().default(null),
  city: line(80).nullable().default(null),
  country: Country.nullable().default(null),
  note: prose(2000).nullable().default(null),
  position: Position.nullable().default(null),
});
export type Recipient = z.infer<typeof Recipient>;

export const Window = z.object({ after: Instant, before: Instant, hard: z.boolean().default(false) })
  .refine(({ after, before }) => Date.parse(after) < Date.parse(before), {
    error: "`after` must come before `before`",
    path: ["before"],
  });

/** Money as integer minor units (cents) and ISO 4217 currency. */
export const Money = z.object({
  amount: z.int().min(0).max(100_000_000),
  currency: z.string().regex(/^[A-Z]{3}$/, { error: "must be a three-letter currency code such as EUR" }),
});

const tag = line(40);

/** What a delivery is, apart from who receives it. Weight in kg, volume in litres, service in minutes. */
export const DeliveryFields = z.object({
  number: line(40),
  kind: z.enum(kinds).default("delivery"),
  day: Day,
  window: Window.nullable().default(null),
  serviceMinutes: z.int().min(0).max(480).default(5),
  priority: z.enum(priorities).default("normal"),
  quantity: z.int().min(0).max(100_000).default(1),
  weightKg: z.number().min(0).max(100_000).nullable().default(null),
  volumeL: z.number().min(0).max(1_000_000).nullable().default(null),
  cash: Money.nullable().default(null),
  tags: z.array(tag).max(20).default([]),
  requires: z.array(z.enum(requirements)).max(4).default([]),
  reference: line(80).nullable().default(null),
});
export type DeliveryFields = z.infer<typeof DeliveryFields>;

export const NewDelivery = DeliveryFields.extend({ siteId: Id, recipient: Recipient });
export type NewDelivery = z.infer<typeof NewDelivery>;

/**
 * An edit: only what is named changes. A nested object is replaced whole, except the recipient, whose fields can
 * be changed one by one.
 */
export const DeliveryEdit = editOf(DeliveryFields).extend({ recipient: editOf(Recipient).optional() });
export type DeliveryEdit = z.infer<typeof DeliveryEdit>;

/** A delivery as the API shows it. `recipient` is null once the person has been erased. */
export const Delivery = z.object({
  id: Id,
  siteId: Id,
  number: z.string(),
  kind: z.enum(kinds),
  state: z.enum(states),
  outcome: z.enum(outcomes).nullable(),
  driverId: Id.nullable(),
  day: Day,
  window: z.object({ after: z.string(), before: z.string(), hard: z.boolean() }).nullable(),
  serviceMinutes: z.int(),
  priority: z.enum(priorities),
  quantity: z.int(),
  weightKg: z.number().nullable(),
  volumeL: z.number().nullable(),
  cash: Money.nullable(),
  tags: z.array(z.string()),
  requires: z.array(z.enum(requirements)),
  reference: z.string().nullable(),
  recipient: z.object({
    name: z.string(),
    phone: z.string().nullable(),
    email: z.string().nullable(),
    street: z.string(),
    unit: z.string().nullable(),
    postcode: z.string().nullable(),
    city: z.string().nullable(),
    country: z.string().nullable(),
    note: z.string().nullable(),
    position: Position.nullable(),
  }).nullable(),
  version: z.int(),
  createdAt: z.string(),
  updatedAt: z.string(),
});
export type Delivery = z.infer<typeof Delivery>;

/** One step a delivery took: when it happened on the phone, when it reached us, by whom. */
export const Step = z.object({
  id: Id,
  from: z.enum(states),
  to: z.enum(states),
  outcome: z.enum(outcomes).nullable(),
  happenedAt: z.string(),
  receivedAt: z.string(),
  byName: z.string().nullable(),
  driverId: Id.nullable(),
  note: z.string().nullable(),
  /** Who took the goods in, if somebody else than the recipient did. */
  receivedBy: z.string().nullable(),
  /** Whether the reader took this step. */
  mine: z.boolean(),
  undone: z.boolean(),
});
export type Step = z.infer<typeof Step>;

/**
 * A step to take. `id` is chosen by the caller, so that a step sent twice is taken once; `happenedAt` is the phone's
 * clock, at most 7 days old and 5 minutes ahead. Completing and failing need an outcome.
 */
export const NewStep = z.object({
  id: Id,
  to: z.enum(states),
  happenedAt: Instant,
  outcome: z.enum(outcomes).nullable().default(null),
  note: prose(2000).nullable().default(null),
  receivedBy: line(120).nullable().default(null),
  position: Position.nullable().default(null),
});
export type NewStep = z.infer<typeof NewStep>;

/** Many deliveries to one driver at once; `driverId: null` takes them off whoever has them. */
export const Assignment = z.object({
  ids: z.array(Id).min(1).max(500),
  driverId: Id.nullable(),
  /** Ask the driver rather than tell: the order is offered until accepted. */
  offer: z.boolean().default(false),
});
export type Assignment = z.infer<typeof Assignment>;

/** What an assignment did to each: refused ones say why and are unchanged. */
export const AssignmentResult = z.object({
  assigned: z.array(Id),
  refused: z.array(z.object({ id: Id, reason: z.string() })),
});

/** A signature takes some hundred points; this many are as large as a small photo, and lists show them all. */
export const mostSignaturePoints = 10_000;

/** A signature as the pen strokes it is made of: points in thousandths of the pad's width. */
export const Signature = z.object({
  strokes: z.array(z.array(z.tuple([z.int().min(0).max(2000), z.int().min(0).max(2000)])).min(1).max(2000))
    .min(1)
    .max(200)
    .refine((strokes) => strokes.reduce((points, { length }) => points + length, 0) <= mostSignaturePoints, {
      error: `must have at most ${mostSignaturePoints} points in all`,
    }),
});
export type Signature = z.infer<typeof Signature>;

export const Proof = z.object({
  id: Id,
  kind: z.enum(["photo", "signature"]),
  happenedAt: z.string(),
  signature: Signature.nullable(),
  photoUrl: z.string().nullable(),
});

export const DeliveryDetail = Delivery.extend({
  driverName: z.string().nullable(),
  steps: z.array(Step),
  proofs: z.array(Proof),
  /** The steps the reader may take now, from the table of states. */
  onward: z.array(z.enum(states)),
  /** The step that may be undone now, if any. */
  undoable: Id.nullable(),
});
export type DeliveryDetail = z.infer<typeof DeliveryDetail>;

/** A query parameter that lists several values: `state=assigned,accepted`. */
const listOf = <T extends z.ZodType<string, string>>(item: T, most: number) =>
  z.string().max(2000).transform((text) => text.split(",")).pipe(z.array(item).max(most));

export const DeliveryQuery = z.object({
  site: Id.optional(),
  state: listOf(z.enum(states), states.length).optional(),
  /** A driver's id, or `none`. */
  driver: z.union([Id, z.literal("none")]).optional(),
  day: Day.optional(),
  /** Order number, name, phone, e-mail or address words; all words must be found. */
  q: prose(200).optional(),
  /** What to order by; a search is always newest day first. */
  sort: z.enum(["window", "number", "newest"]).default("window"),
  ...paging(200),
});
export type DeliveryQuery = z.infer<typeof DeliveryQuery>;
export const DeliveryPage = pageOf(Delivery);

export const SummaryQuery = z.object({ site: Id.optional(), day: Day.optional() });
export type SummaryQuery = z.infer<typeof SummaryQuery>;
/** How many deliveries of a day stand in each state, and with each driver (`driverId` null: nobody's). */
export const Summary = z.object({
  total: z.int(),
  byState: z.array(z.object({ state: z.enum(states), count: z.int() })),
  byDriver: z.array(z.object({ driverId: Id.nullable(), open: z.int(), done: z.int(), failed: z.int() })),
});
export type Summary = z.infer<typeof Summary>;

/** A driver's day, in the order to drive it. */
export const StopsQuery = z.object({ day: Day.optional() });
export const Stops = z.object({ day: Day, items: z.array(DeliveryDetail) });
