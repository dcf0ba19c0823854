import type { Delivery, NewDelivery, Recipient } from "../../server/deliveries/schema.ts";
import { dayAfter } from "./board_filters.ts";
import { decimalsOf } from "./money.ts";
import { instantAt, timeAt } from "./site_time.ts";

/** An order as it is being typed: text, until the server judges it. Times are the site's own. */
export interface OrderDraft {
  siteId: string;
  number: string;
  kind: Delivery["kind"];
  day: string;
  after: string;
  before: string;
  hard: boolean;
  serviceMinutes: string;
  priority: Delivery["priority"];
  quantity: string;
  weightKg: string;
  volumeL: string;
  cash: string;
  currency: string;
  tags: string[];
  requires: Delivery["requires"];
  reference: string;
  name: string;
  phone: string;
  email: string;
  street: string;
  unit: string;
  postcode: string;
  city: string;
  country: string;
  note: string;
  lat: string;
  lon: string;
}
export type DraftField = keyof OrderDraft;

/** A new order: today's, to the company's own country. */
export function emptyDraft(siteId: string, day: string, country: string): OrderDraft {
  return {
    siteId,
    number: "",
    kind: "delivery",
    day,
    after: "",
    before: "",
    hard: false,
    serviceMinutes: "5",
    priority: "normal",
    quantity: "1",
    weightKg: "",
    volumeL: "",
    cash: "",
    currency: "EUR",
    tags: [],
    requires: [],
    reference: "",
    name: "",
    phone: "",
    email: "",
    street: "",
    unit: "",
    postcode: "",
    city: "",
    country,
    note: "",
    lat: "",
    lon: "",
  };
}

/** An order as it stands, ready to be edited. */
export function draftOf(order: Delivery, timeZone: string): OrderDraft {
  const { window, cash, recipient } = order;
  return {
    siteId: order.siteId,
    number: order.number,
    kind: order.kind,
    day: order.day,
    after: window === null ? "" : timeAt(window.after, timeZone),
    before: window === null ? "" : timeAt(window.before, timeZone),
    hard: window?.hard ?? false,
    serviceMinutes: String(order.serviceMinutes),
    priority: order.priority,
    quantity: String(order.quantity),
    weightKg: order.weightKg?.toString() ?? "",
    volumeL: order.volumeL?.toString() ?? "",
    cash: cash === null
      ? ""
      : (cash.amount / 10 ** decimalsOf(cash.currency)).toFixed(decimalsOf(cash.currency)),
    currency: cash?.currency ?? "EUR",
    tags: order.tags,
    requires: order.requires,
    reference: order.reference ?? "",
    name: recipient?.name ?? "",
    phone: recipient?.phone ?? "",
    email: recipient?.email ?? "",
    street: recipient?.street ?? "",
    unit: recipient?.unit ?? "",
    postcode: recipient?.postcode ?? "",
    city: recipient?.city ?? "",
    country: recipient?.country ?? "",
    note: recipient?.note ?? "",
    lat: recipient?.position?.lat.toString() ?? "",
    lon: recipient?.position?.lon.toString() ?? "",
  };
}

/** What the API is sent for a draft. A number that is none travels as it was typed, and comes back as a fault. */
export type OrderBody = { [Field in keyof Omit<NewDelivery, "recipient">]: unknown } & {
  recipient: { [Field in keyof Recipient]: unknown };
};

export function bodyOf(draft: OrderDraft, timeZone: string): OrderBody {
  const cents = numberOf(draft.cash);
  return {
    siteId: draft.siteId,
    number: draft.number,
    kind: draft.kind,
    day: draft.day,
    window: windowOf(draft, timeZone),
    serviceMinutes: numberOf(draft.serviceMinutes),
    priority: draft.priority,
    quantity: numberOf(draft.quantity),
    weightKg: numberOf(draft.weightKg),
    volumeL: numberOf(draft.volumeL),
    cash: cents === null ? null : {
      amount: typeof cents === "number" ? Math.round(cents * 10 ** decimalsOf(draft.currency)) : cents,
      currency: draft.currency.trim().toUpperCase(),
    },
    tags: draft.tags,
    requires: draft.requires,
    reference: textOf(draft.reference),
    recipient: {
      name: draft.name,
      phone: textOf(draft.phone),
      email: textOf(draft.email),
      street: draft.street,
      unit: textOf(draft.unit),
      postcode: textOf(draft.postcode),
      city: textOf(draft.city),
      country: textOf(draft.country),
      note: textOf(draft.note),
      position: draft.lat.trim() === "" && draft.lon.trim() === ""
        ? null
        : { lat: numberOf(draft.lat), lon: numberOf(draft.lon) },
    },
  };
}

/** What a draft changes of the order it began with: only that is sent, so that an edit touches nothing else. */
export function editOf(before: OrderDraft, after: OrderDraft, timeZone: string): Partial<OrderBody> {
  const { siteId: _, recipient: personBefore, ...fieldsBefore } = bodyOf(before, timeZone);
  const { siteId: __, recipient: personAfter, ...fieldsAfter } = bodyOf(after, timeZone);
  const person = changedOf(personBefore, personAfter);
  return {
    ...changedOf(fieldsBefore, fieldsAfter),
    ...(Object.keys(person).length > 0 && { recipient: person as OrderBody["recipient"] }),
  };
}

/** The fields in which two drafts differ. */
export function differing(one: OrderDraft, other: OrderDraft): DraftField[] {
  return (Object.keys(one) as DraftField[]).filter((field) => !same(one[field], other[field]));
}

/** What was typed since `before`, on top of what somebody else has saved meanwhile. */
export function onTopOf(theirs: OrderDraft, before: OrderDraft, mine: OrderDraft): OrderDraft {
  const typed = differing(before, mine).map((field) => [field, mine[field]]);
  return { ...theirs, ...Object.fromEntries(typed) };
}

function changedOf<Fields extends object>(before: Fields, after: Fields): Partial<Fields> {
  const changed = Object.entries(after).filter(([name, value]) => !same(before[name as keyof Fields], value));
  return Object.fromEntries(changed) as Partial<Fields>;
}

const same = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

const textOf = (typed: string): string | null => typed.trim() === "" ? null : typed;

function numberOf(typed: string): number | string | null {
  const text = typed.trim().replace(",", ".");
  if (text === "") return null;
  return Number.isNaN(Number(text)) ? typed : Number(text);
}

function windowOf({ day, after, before, hard }: OrderDraft, timeZone: string) {
  if (after === "" && before === "") return null;
  // An evening window may end after midnight.
  const last = before !== "" && before < after ? dayAfter(day, 1) : day;
  return {
    after: after === "" ? null : instantAt(day, after, timeZone),
    before: before === "" ? null : instantAt(last, before, timeZone),
    hard,
  };
}
