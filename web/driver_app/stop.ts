import type { z } from "zod";
import type { DeliveryDetail, failures, Outcome, State, Step } from "../../server/deliveries/schema.ts";
import { locale } from "../i18n/i18n.ts";
import type { Deed } from "./outbox.ts";

/** An order as its driver sees it: a stop of the day. */
export type Stop = z.infer<typeof DeliveryDetail>;
export type Failure = typeof failures[number];
export type Place = NonNullable<Stop["recipient"]>;

/**
 * What a driver may do next, for as long as the step before is still on its way to the server; from then on the
 * server's own list (`onward`) counts. A test holds it to the server's table, which would bring all of zod to the phone.
 */
export const way: Record<State, readonly State[]> = {
  unassigned: [],
  offered: ["accepted", "unassigned"],
  assigned: ["accepted"],
  accepted: ["loaded", "in-transit"],
  loaded: ["in-transit"],
  "in-transit": ["arrived", "failed"],
  arrived: ["completed", "failed"],
  completed: [],
  failed: ["returned"],
  returned: [],
  cancelled: [],
};

const over: readonly State[] = ["completed", "failed", "returned", "cancelled"];

/** Whether nothing more has to be driven for this stop. */
export const isOver = (stop: Stop): boolean => over.includes(stop.state);

/** The stop to drive now: one already begun, otherwise the first that is open, in the day's order. */
export const nextOf = (stops: readonly Stop[]): Stop | undefined =>
  stops.find((stop) => stop.state === "arrived" || stop.state === "in-transit") ??
    stops.find((stop) => !isOver(stop));

/** The stop as it will be once what waits to be sent has arrived. */
export function asIfSent(stop: Stop, deeds: readonly Deed[]): Stop {
  return deeds.filter((deed) => deed.orderId === stop.id).reduce(after, stop);
}

function after(stop: Stop, deed: Deed): Stop {
  if (deed.kind === "proof") {
    if (stop.proofs.some((proof) => proof.id === deed.id)) return stop;
    const signature = deed.content instanceof Blob ? null : deed.content;
    const kind = signature === null ? "photo" : "signature";
    const proof = { id: deed.id, kind, happenedAt: deed.happenedAt, signature, photoUrl: null } as const;
    return { ...stop, proofs: [...stop.proofs, proof] };
  }
  if (deed.kind === "undo") {
    const taken = stop.steps.find((step) => step.id === deed.stepId);
    if (taken === undefined || taken.undone) return stop;
    const steps = stop.steps.map((step) => step === taken ? { ...step, undone: true } : step);
    return { ...stop, state: taken.from, outcome: null, onward: [...way[taken.from]], undoable: null, steps };
  }
  const { id, to, outcome, happenedAt, note, receivedBy } = deed.step;
  if (stop.steps.some((step) => step.id === id)) return stop;
  const step: Step = {
    id,
    from: stop.state,
    to,
    outcome,
    happenedAt,
    receivedAt: happenedAt,
    byName: null,
    driverId: stop.driverId,
    note,
    receivedBy,
    mine: true,
    undone: false,
  };
  return { ...stop, state: to, outcome, onward: [...way[to]], undoable: id, steps: [...stop.steps, step] };
}

/** When the stop was closed, or null. */
export const closedAt = (stop: Stop): string | null =>
  isOver(stop) ? stop.steps.findLast((step) => !step.undone)?.happenedAt ?? null : null;

export type Punctuality = { is: "fine" } | { is: "soon" | "late"; minutes: number };

/** How `now` (ms) stands to the end of the window; "soon" is within half an hour. */
export function punctuality(stop: Stop, now: number): Punctuality {
  if (stop.window === null || isOver(stop) || stop.state === "arrived") return { is: "fine" };
  const left = Math.floor((Date.parse(stop.window.before) - now) / 60_000);
  if (left < 0) return { is: "late", minutes: -left };
  return left <= 30 ? { is: "soon", minutes: left } : { is: "fine" };
}

/** What an envelope has below the street: the unit, then postcode and city. */
export const belowStreet = ({ unit, postcode, city }: Place): string[] =>
  [unit ?? "", [postcode, city].filter(Boolean).join(" ")].filter((line) => line !== "");

/**
 * A link that opens the phone's own map app at a place: `geo:` (RFC 5870, with Android's `q`), or Apple's `maps:`
 * scheme where `geo:` is unknown. Nothing is asked of anybody's server by us, and the recipient's name is not handed on.
 */
export function mapLink(place: Place, platform: string): string {
  const { street, postcode, city, country, position } = place;
  const address = encodeURIComponent([street, postcode, city, country].filter(Boolean).join(", "));
  const point = position === null ? null : `${position.lat},${position.lon}`;
  if (/iPhone|iPad|Mac/.test(platform)) return `maps:?daddr=${point ?? address}`;
  return point === null ? `geo:0,0?q=${address}` : `geo:${point}?q=${point}`;
}

/** Digits and a leading plus, as `tel:` and `sms:` take them (RFC 3966). */
export const dialled = (phone: string): string => phone.replaceAll(/(?!^\+)\D/g, "");

/** Minor units (cents) as the reader writes money. */
export function money({ amount, currency }: { amount: number; currency: string }): string {
  const format = new Intl.NumberFormat(locale, { style: "currency", currency });
  return format.format(amount / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2));
}

export const handedTo = [
  "recipient",
  "someone-else",
  "mailbox",
  "safe-place",
  "pickup-point",
] as const satisfies readonly Outcome[];

export const reasons = [
  "nobody-home",
  "no-access",
  "address-not-found",
  "refused",
  "payment-missing",
  "package-missing",
  "proof-missing",
  "no-time",
] as const satisfies readonly Failure[];
