import type { z } from "zod";
import type { Cells } from "./format.ts";
import type { ImportField } from "./schema.ts";

/** What is wrong with one field; the column is the one that filled it, null if none did. */
export interface OrderFault {
  column: string | null;
  reason: string;
}

/** Reads the cells of one order and keeps what is wrong with them. */
export class CellReader {
  readonly faults: OrderFault[] = [];
  private readonly faulty = new Set<ImportField>();

  constructor(private readonly cells: Cells) {}

  /** The text of a field, outer white space gone; undefined when the file says nothing. */
  text(field: ImportField): string | undefined {
    return this.cells[field]?.text.trim() || undefined;
  }

  /** The text on one line; `between` stands for each line end. */
  line(field: ImportField, between = " "): string | undefined {
    return this.text(field)?.replaceAll("\t", " ").split("\n")
      .map((part) => part.trim()).filter((part) => part !== "").join(between);
  }

  /** The text without the apostrophe that keeps spreadsheets from taking it for a number. */
  unquoted(field: ImportField): string | undefined {
    return this.line(field)?.replace(/^'/, "") || undefined;
  }

  /** What `read` makes of the text; a fault when that is null. */
  understood<T>(field: ImportField, read: (text: string) => T | null, otherwise: string): T | undefined {
    const text = this.line(field);
    if (text === undefined) return undefined;
    const value = read(text);
    if (value === null) this.fault(field, otherwise);
    return value ?? undefined;
  }

  /** What a word means; case, hyphens and underscores do not matter. */
  word<T>(field: ImportField, words: Map<string, T>): T | undefined {
    const known = [...new Set(words.values())].join(", ");
    return this.understood(
      field,
      (text) => words.get(text.toLowerCase().replaceAll(/[\s_-]+/g, " ")) ?? null,
      `is none of ${known}`,
    );
  }

  /** Notes what is wrong: the end of a sentence that begins with the field and its text. */
  fault(field: ImportField, reason: string): void {
    this.faulty.add(field);
    const { column = null, text } = this.cells[field] ?? {};
    this.faults.push({
      column,
      reason: text ? `${labels[field]} ${quoted(text)} ${reason}` : `${labels[field]} ${reason}`,
    });
  }

  /** Says in words what a schema found; nothing more about a field that was not understood in the first place. */
  refuse(issue: z.core.$ZodIssue): void {
    const field = fieldAt(issue.path.join("."), this.cells);
    if (!this.faulty.has(field)) this.fault(field, reasonOf(issue));
  }
}

const labels: Record<ImportField, string> = {
  number: "order number",
  name: "name",
  firstName: "first name",
  lastName: "last name",
  phone: "phone",
  email: "e-mail address",
  street: "street",
  street2: "second address line",
  unit: "building or floor",
  postcode: "postcode",
  city: "city",
  country: "country",
  note: "note",
  lat: "latitude",
  lon: "longitude",
  kind: "kind",
  day: "day",
  after: "earliest time",
  before: "latest time",
  serviceMinutes: "service time",
  priority: "priority",
  quantity: "quantity",
  weightKg: "weight",
  volumeL: "volume",
  cashAmount: "cash amount",
  currency: "currency",
  tags: "tag",
  reference: "reference",
};

/** Which field a place in the order is filled by; of several that fill it, the one that has a text. */
function fieldAt(path: string, cells: Cells): ImportField {
  const fields = filledBy.find(([place]) => path === place || path.startsWith(`${place}.`))?.[1] ??
    ["number"];
  return fields.find((field) => cells[field]?.text) ?? fields[0];
}

const filledBy: [string, [ImportField, ...ImportField[]]][] = [
  ["recipient.name", ["name", "firstName", "lastName"]],
  ["recipient.unit", ["unit", "street2"]],
  ["recipient.position.lat", ["lat"]],
  ["recipient.position.lon", ["lon"]],
  ...(["phone", "email", "street", "postcode", "city", "country", "note"] as const)
    .map((field): [string, [ImportField]] => [`recipient.${field}`, [field]]),
  ["window.after", ["after", "before"]],
  ["window", ["before", "after"]],
  ["cash.currency", ["currency"]],
  ["cash", ["cashAmount"]],
  ...([
    "number",
    "kind",
    "day",
    "serviceMinutes",
    "priority",
    "quantity",
    "weightKg",
    "volumeL",
    "tags",
    "reference",
  ] as const)
    .map((field): [string, [ImportField]] => [field, [field]]),
];

/** A schema's finding as the end of a sentence that begins with the field and what it holds. */
function reasonOf(issue: z.core.$ZodIssue): string {
  const path = issue.path.join(".");
  if (issue.input === undefined || issue.input === "") return "is missing";
  if (path === "recipient.phone") return "is not a phone number";
  if (path === "recipient.email") return "is not an e-mail address";
  if (path === "window.before") return "comes before the window begins";
  switch (issue.code) {
    case "too_big":
      if (issue.origin === "array") return `has more than ${issue.maximum} entries`;
      return issue.origin === "string"
        ? `is longer than ${issue.maximum} characters`
        : `is more than ${issue.maximum}`;
    case "too_small":
      return issue.origin === "string" ? "is missing" : `is less than ${issue.minimum}`;
    case "invalid_type":
      return "is not a whole number";
    default:
      return issue.message.charAt(0).toLowerCase() + issue.message.slice(1);
  }
}

function quoted(text: string): string {
  const line = text.trim().replaceAll(/\s+/g, " ");
  return line.length > 40 ? `“${line.slice(0, 39)}…”` : `“${line}”`;
}
