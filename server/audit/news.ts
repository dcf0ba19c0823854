import { allows, type Right, type Role } from "../access/rights.ts";
import type { Actor } from "./actor.ts";

/** An entry of the trail as a live update needs it. */
export interface Entry {
  id: number;
  act: string;
  actor: string | null;
  detail: Record<string, unknown>;
}

/** The kinds of things that live updates tell of, with the right to read them, the most telling first. */
const kinds = {
  delivery: "orders.read",
  import: "orders.write",
  driver: "drivers.read",
  vehicle: "drivers.read",
  account: "accounts.read",
  site: "sites.read",
  company: "company.read",
  backup: "backups.read",
} as const satisfies Record<string, Right>;
export type Kind = keyof typeof kinds;

/**
 * What changed, by kind, as far as an actor may know of it: things of the sites they reach, of kinds their role may
 * read; a driver hears of the deliveries they have, or had until now, and of nobody else's.
 */
export function newsFor(actor: Actor, entries: readonly Entry[]): Map<Kind, Set<string>> {
  const news = new Map<Kind, Set<string>>();
  for (const entry of entries) {
    const kind = kindOf(entry);
    if (!kind || !mayHear(actor, kind, entry.detail)) continue;
    const ids = news.get(kind) ?? new Set();
    if (typeof entry.detail[kind] === "string") ids.add(entry.detail[kind]);
    news.set(kind, ids);
  }
  return news;
}

/** Whether an entry means that an actor's session is over, or may do something else than when its stream began. */
export function endsSession({ act, detail }: Entry, actor: Actor): boolean {
  if (act === "session.ended") return detail.session === actor.sessionId;
  return act.startsWith("account.") && detail.account === actor.accountId;
}

/** What an entry is about: the noun of its act, or else the most telling thing it names, as for a proof. */
function kindOf({ act, detail }: Entry): Kind | undefined {
  const noun = act.slice(0, act.indexOf("."));
  if (noun in kinds) return noun as Kind;
  return (Object.keys(kinds) as Kind[]).find((kind) => kind in detail);
}

function mayHear(actor: Actor, kind: Kind, detail: Record<string, unknown>): boolean {
  const role = actor.role as Role;
  if (kind === "delivery" && allows(role, "orders.drive")) {
    return actor.driverId !== null && [detail.driver, detail.fromDriver].includes(actor.driverId);
  }
  if (!allows(role, kinds[kind])) return false;
  if (actor.sites === "all" || kind === "company") return true;
  return actor.sites.some((site) => site === detail.site || site === detail.fromSite);
}
