import { z } from "zod";

/**
 * The vocabulary every slice's schema is spelled in. Parsed at the edge, trusted inside.
 *
 * Text is refused, not repaired, when it cannot be stored or shown as it came: control characters (PostgreSQL
 * refuses U+0000) and lone surrogates. What is accepted is NFC with its outer white space gone, so that what
 * looks equal is equal (ASVS 5.0 V1.1.1, V2.2.1).
 */
// deno-lint-ignore no-control-regex -- control characters are what this looks for
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/u;
// deno-lint-ignore no-control-regex -- as above, but a line feed and a tab may stand in prose
const CONTROL_IN_PROSE = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/u;

const tidy = (text: string) => text.normalize("NFC").trim();

/** One line of text, 1 to `max` characters after trimming. */
export const line = (max: number) =>
  z.string().max(max).refine((text) => text.isWellFormed() && !CONTROL.test(text), {
    error: "must be a single line without control characters",
  }).transform(tidy).pipe(z.string().min(1, "must not be empty").max(max));

/** Text of several lines, up to `max` characters; CRLF becomes LF. */
export const prose = (max: number) =>
  z.string().max(max)
    .transform((text) => tidy(text.replaceAll(/\r\n?/g, "\n")))
    .refine((text) => text.isWellFormed() && !CONTROL_IN_PROSE.test(text), {
      error: "must not have control characters",
    });

/** A row's id: a UUID; ours are version 7 (RFC 9562), so that they sort by age. In small letters, as stored (RFC 9562, 4). */
export const Id = z.uuid().toLowerCase();

/** A moment, ISO 8601 with an offset, between the years 2000 and 2100. PostgreSQL knows no offset of 16 hours or more. */
export const Instant = z.iso.datetime({ offset: true }).refine((text) => {
  const year = new Date(text).getUTCFullYear();
  return year >= 2000 && year <= 2100;
}, { error: "must lie between the years 2000 and 2100" })
  .refine((text) => !/[+-](1[6-9]|2\d):\d\d$/.test(text), { error: "must have an offset below 16 hours" });

/** A calendar day in the site's time zone, `2026-11-23`. */
export const Day = z.iso.date().refine((text) => text >= "2000-01-01" && text <= "2100-12-31", {
  error: "must lie between the years 2000 and 2100",
});

/** A place on earth, WGS 84, degrees. */
export const Position = z.object({
  lat: z.number().min(-90).max(90),
  lon: z.number().min(-180).max(180),
});
export type Position = z.infer<typeof Position>;

/** An e-mail address as people type it; at most 254 characters (RFC 5321, 4.5.3.1.3). */
export const Email = z.string().trim().max(254).pipe(z.email());

/** A phone number as people write it: digits with the usual punctuation, 3 to 20 digits. */
export const Phone = z.string().trim().max(40).regex(/^[+(]?[0-9][0-9 ()./-]*$/, {
  error: "must be a phone number: digits, spaces and + ( ) . / - only",
}).refine((text) => {
  const digits = text.replaceAll(/\D/g, "").length;
  return digits >= 3 && digits <= 20;
}, { error: "must have 3 to 20 digits" });

/** An IANA time zone the runtime knows. */
export const TimeZone = z.string().max(64).refine((name) => {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}, { error: "must be an IANA time zone such as Europe/Berlin" });

/** A country, ISO 3166-1 alpha-2. */
export const Country = z.string().regex(/^[A-Z]{2}$/, {
  error: "must be a two-letter country code such as DE",
});

/** A page of things: `next` is the cursor of the page after this one, null on the last. */
export const pageOf = <T extends z.ZodType>(item: T) =>
  z.object({ items: z.array(item), next: z.string().nullable() });

export interface Page<T> {
  items: T[];
  next: string | null;
}

/** The query parameters of every paged list. */
export const paging = (most: number) => ({
  cursor: z.string().max(400).optional(),
  limit: z.coerce.number().int().min(1).max(most).default(Math.min(50, most)),
});

type WithoutDefault<Field> = Field extends z.ZodDefault<infer Inner> ? Inner : Field;

/**
 * An edit of these fields: only what is named changes. Unlike zod's `partial()`, which fills a field left out with
 * its default, and so would empty whatever an edit does not mention.
 */
export function editOf<Shape extends z.ZodRawShape>(fields: z.ZodObject<Shape>) {
  const shape = Object.entries(fields.shape as z.ZodRawShape).map(([name, field]) =>
    [name, z.optional(field instanceof z.ZodDefault ? field.removeDefault() : field)] as const
  );
  return z.object(
    Object.fromEntries(shape) as { [Name in keyof Shape]: z.ZodOptional<WithoutDefault<Shape[Name]>> },
  );
}
