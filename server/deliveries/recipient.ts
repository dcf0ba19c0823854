import { Buffer } from "node:buffer";
import { sql } from "kysely";
import { peppered } from "../access/pepper.ts";
import type { Change } from "../audit/change.ts";
import type { Changed } from "../audit/sealed_detail.ts";
import { nationalNumber, normaliseEmail, type SearchableFields, words } from "../platform/blind_index.ts";
import type { Recipient } from "./schema.ts";

declare module "../platform/database.ts" {
  interface DataTables {
    recipientMatches: { contact: Buffer; recipientId: string };
  }
}

/**
 * Which person each recipient is, one id per recipient in their order: whoever has the same name and the same phone or
 * e-mail is the same person, so that one erasure reaches all their orders. Others are new people, whose keys exist
 * when this returns.
 */
export async function findOrMakeRecipients(
  change: Change,
  recipients: readonly Recipient[],
): Promise<string[]> {
  const contacts = recipients.map((recipient) => contactsOf(change, recipient));
  const known = await knownBy(change, contacts.flat());
  const ids: (string | undefined)[] = [];
  const strangers: string[][] = [];
  const inThisBatch = new Map<string, number>();
  const strangerOf: (number | undefined)[] = [];
  for (const of of contacts) {
    const id = of.map((contact) => known.get(contact)).find(Boolean);
    ids.push(id);
    if (id) {
      strangerOf.push(undefined);
      continue;
    }
    const at = of.map((contact) => inThisBatch.get(contact)).find((at) => at !== undefined) ??
      strangers.push([]) - 1;
    strangers[at]!.push(...of);
    for (const contact of of) inThisBatch.set(contact, at);
    strangerOf.push(at);
  }
  const subjects = await change.newSubjects(strangers.length);
  await remember(
    change,
    strangers.flatMap((of, at) => of.map((contact) => ({ contact, recipientId: subjects[at]! }))),
  );
  return ids.map((id, at) => id ?? subjects[strangerOf[at]!]!);
}

/** What a search may find of a recipient. */
export const searchableOf = (recipient: Recipient): SearchableFields => ({
  names: [recipient.name],
  phones: recipient.phone ? [recipient.phone] : [],
  emails: recipient.email ? [recipient.email] : [],
  addresses: [recipient.street, recipient.unit, recipient.postcode, recipient.city].filter((part) =>
    part !== null
  ),
});

/** The fields in which two versions of a recipient differ. */
export const changedFields = (before: Recipient, after: Recipient): (keyof Recipient)[] =>
  (Object.keys(after) as (keyof Recipient)[])
    .filter((field) => JSON.stringify(after[field]) !== JSON.stringify(before[field]));

/**
 * Whether such a change makes it another person: a new name, phone and e-mail at once is no correction, and the new
 * data must not lie under the first one's key.
 */
export const isSomebodyElse = (changed: readonly (keyof Recipient)[]): boolean =>
  (["name", "phone", "email"] as const).every((field) => changed.includes(field));

/**
 * What the trail keeps of a change, under the key of the person it was before. Of somebody else who takes their place it
 * keeps nothing there: that stands with the order alone, under their own key, and goes when they are erased.
 */
export function traceOf(
  changed: readonly (keyof Recipient)[],
  before: Recipient,
  after: Recipient,
): Changed {
  const values = isSomebodyElse(changed) ? null : after;
  return Object.fromEntries(
    changed.map((field) => [field, { from: before[field], to: values?.[field] ?? null }]),
  );
}

/** Makes the matching index's rows again for people who already have orders. */
export async function rememberContacts(
  change: Change,
  people: readonly { recipientId: string; recipient: Recipient }[],
): Promise<void> {
  await remember(
    change,
    people.flatMap(({ recipientId, recipient }) =>
      contactsOf(change, recipient).map((contact) => ({ contact, recipientId }))
    ),
  );
}

/** Name with phone, name with e-mail: keyed hashes in hex. */
function contactsOf(change: Change, { name, phone, email }: Recipient): string[] {
  const who = words(name).sort().join(" ");
  const hash = (kind: string, contact: string) =>
    peppered(change.services.config, `recipient ${kind}`, `${contact}\0${who}`).toString("hex");
  return [
    // With and without its country: one shop's checkout asks for it, another's does not.
    ...(phone ? [hash("phone", nationalNumber(phone))] : []),
    ...(email ? [hash("email", normaliseEmail(email))] : []),
  ];
}

/** Contacts already known, of people whose key still exists: nobody erased is woken up. */
async function knownBy(change: Change, contacts: readonly string[]): Promise<Map<string, string>> {
  if (contacts.length === 0) return new Map();
  const rows = await change.tx.selectFrom("recipientMatches").selectAll()
    .where("contact", "=", sql<Buffer>`any(${contacts.map((hex) => Buffer.from(hex, "hex"))}::bytea[])`)
    .execute();
  const keys = await change.services.keys.load(rows.map((row) => row.recipientId));
  return new Map(
    rows.filter((row) => keys.get(row.recipientId)).map((
      row,
    ) => [row.contact.toString("hex"), row.recipientId]),
  );
}

async function remember(
  change: Change,
  matches: readonly { contact: string; recipientId: string }[],
): Promise<void> {
  // Sorted, so that two imports at once take the index's locks in the same order.
  const unique = [...new Map(matches.map((match) => [match.contact, match])).values()]
    .sort((a, b) => a.contact < b.contact ? -1 : 1);
  if (unique.length === 0) return;
  await sql`insert into recipient_matches (contact, recipient_id)
    select decode(contact, 'hex'), recipient_id
    from unnest(${unique.map((match) => match.contact)}::text[], ${
    unique.map((match) => match.recipientId)
  }::uuid[])
      as match (contact, recipient_id)
    on conflict (contact) do update set recipient_id = excluded.recipient_id`.execute(change.tx);
}
