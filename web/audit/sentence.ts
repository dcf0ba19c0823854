import type { AuditEntry } from "../../server/audit/schema.ts";

/** A piece of a sentence: words, or a place where something of the entry is shown. */
export type Piece = { words: string } | { slot: string };

/** What of an entry decides between the sentences of one act: i18next's context and count. */
export interface Variant {
  context?: string;
  count?: number;
}

/** Which of an act's sentences fits: who is meant, and how many. */
export function variantOf({ act, actorId, detail }: AuditEntry): Variant {
  const things = Array.isArray(detail.things) ? detail.things.length : 1;
  if (act === "delivery.assigned" || act === "delivery.unassigned") {
    return detail.fromDriver ? { context: "moved" } : {};
  }
  if (act === "session.ended") return detail.account === actorId ? {} : { context: "other" };
  if (act === "session.refused") return detail.account ? { context: "known" } : {};
  if (act === "sso.tried") {
    return detail.passed === true ? {} : { context: detail.reason ? "refused" : "failed" };
  }
  if (act === "sso.refused") return actorId === null ? {} : { context: "known" };
  if (act === "sso.signed-out-there") return { count: Number(detail.count) };
  if (act === "account.invited") return detail.again === true ? { context: "again" } : {};
  if (act === "account.activated") return detail.account === actorId ? { context: "own" } : {};
  if (act === "backup.sample-tried") {
    return detail.opened === true ? {} : { context: detail.opened === false ? "damaged" : "gone" };
  }
  if (act === "operator.commanded") {
    return { context: detail.happenedAt ? `${detail.command}_late` : `${detail.command}` };
  }
  return { count: things };
}

/** Cuts a sentence whose slots are still written `{{driver}}` into its pieces. */
export function piecesOf(sentence: string): Piece[] {
  return sentence.split(/(\{\{\w+\}\})/).filter((piece) => piece !== "").map((piece) =>
    piece.startsWith("{{") ? { slot: piece.slice(2, -2) } : { words: piece }
  );
}

/** The id a slot stands for, or null where it stands for a plain fact. */
export function idOf({ actorId, detail }: AuditEntry, slot: string): string | null {
  const value = slot === "actor"
    ? actorId
    : slot === "thing"
    ? (Array.isArray(detail.things) ? detail.things[0] : detail.driver)
    : detail[slot];
  return typeof value === "string" && isId(value) ? value : null;
}

export const isId = (text: string): boolean => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text);

/** Fields whose values are a person's, so that the trail keeps them sealed; of other fields it keeps the names only. */
const personal = /^(recipient\..+|name|phone|email)$/;
const aboutPeople = /^(account|driver|delivery)\./;

/** What an edit changed: each field with its values, `null` for a person's value that was erased with them. */
export function changesOf({ act, detail, changed }: AuditEntry) {
  const fields = Array.isArray(detail.fields)
    ? detail.fields.filter((field) => typeof field === "string")
    : [];
  // An order's sealed values are its recipient's, and are named there as the recipient's fields are.
  const full = (field: string) => act.startsWith("delivery.") ? `recipient.${field}` : field;
  const opened = Object.entries(changed ?? {}).map(([field, values]) => ({ field: full(field), values }));
  const closed = changed === null && aboutPeople.test(act)
    ? fields.filter((field) => personal.test(field))
    : [];
  return [...opened, ...closed.map((field) => ({ field, values: null }))];
}
