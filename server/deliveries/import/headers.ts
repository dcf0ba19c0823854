import type { ImportField, Mapping } from "./schema.ts";

/** Headers that may fill a field, best first. */
export type Candidates = Partial<Record<ImportField, string[]>>;

/**
 * What is the same in a header however it is spelled: its words, in any order. `First Name (Shipping)`,
 * `shipping_first_name` and `shippingFirstName` are one.
 */
export function headerKey(header: string): string {
  return wordsOf(header).sort().join(" ");
}

/** The columns by their keys; of two with the same key, the first. */
export function byHeaderKey(columns: string[]): Map<string, string> {
  return new Map(columns.toReversed().map((column) => [headerKey(column), column]));
}

/** The first candidate the file has, for each field; no column fills two fields. */
export function mapped(columns: string[], candidates: Candidates): Mapping {
  const found = byHeaderKey(columns);
  const taken = new Set<string>();
  const mapping: Mapping = {};
  for (const [field, headers] of Object.entries(candidates) as [ImportField, string[]][]) {
    const column = headers.map((header) => found.get(headerKey(header))).find((name) =>
      name && !taken.has(name)
    );
    if (!column) continue;
    mapping[field] = column;
    taken.add(column);
  }
  return mapping;
}

/** The same headers with the words that only say whose they are, `Customer phone` for `Phone`, as further candidates. */
export function whoever(candidates: Candidates): Candidates {
  const owners = [
    "recipient",
    "customer",
    "delivery",
    "shipping",
    "ship to",
    "receiver",
    "Empfänger",
    "Kunde",
  ];
  return Object.fromEntries(
    Object.entries(candidates).map(([field, headers]) => [
      field,
      [...headers, ...owners.flatMap((owner) => headers.map((header) => `${owner} ${header}`))],
    ]),
  );
}

/** Headers written one after the other, separated by commas. */
export function listed(headers: string): string[] {
  return headers.split(/,\s+/);
}

function wordsOf(header: string): string[] {
  return header
    .replaceAll(/(?<=\p{Ll})(?=\p{Lu})|(?<=\p{L})(?=\p{N})/gu, " ")
    .normalize("NFKD").replaceAll(/\p{M}/gu, "").replaceAll("ß", "ss")
    .toLowerCase()
    .match(/[\p{L}\p{N}]+/gu) ?? [];
}
