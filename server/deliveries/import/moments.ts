import type { ImportOptions } from "./schema.ts";

export type DateOrder = ImportOptions["dateOrder"];

/** A day as written, and the time of day and UTC offset if they were written with it. */
export interface Moment {
  /** `2026-11-23` */
  day: string;
  /** `10:00`; `24:00` is the end of the day. */
  clock: string | null;
  /** A time zone as Temporal takes it: `+01:00`, `UTC`. */
  offset: string | null;
}

/** Longer texts are no dates; nothing below has to look at them. */
const longest = 64;

/**
 * A day as shops and spreadsheets write it: 2026-02-21, 2026/2/21, 20260221, 21.02.2026 (always day first),
 * 02/21/2026 or 21/02/2026 (by `order`), 21 Feb 2026, Sat, February 21st 2026, in English, German or French.
 *
 * @returns `2026-02-21`, or null when the text is no day there is.
 */
export function readDay(text: string, order: DateOrder): string | null {
  const written = text.trim();
  if (written.length > longest) return null;
  const yearFirst = /^(\d{4})([-/.])(\d{1,2})\2(\d{1,2})$/.exec(written) ??
    /^(\d{4})()(\d{2})(\d{2})$/.exec(written);
  if (yearFirst) return isoDay(yearFirst[1], yearFirst[3], yearFirst[4]);
  const yearLast = /^(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d{2})$/.exec(written);
  if (yearLast) {
    const [, first, separator, second, year] = yearLast;
    const dayFirst = separator === "." || order === "day-first";
    return dayFirst ? isoDay(year, second, first) : isoDay(year, first, second);
  }
  return dayInWords(written);
}

/** A day with or without a time: `2026-02-20 10:00:00 +0000`, `2026-02-20T10:00:00Z`, `20.02.2026 10:00`. */
export function readMoment(text: string, order: DateOrder): Moment | null {
  const written = text.trim();
  if (written.length > longest) return null;
  const alone = readDay(written, order);
  if (alone) return { day: alone, clock: null, offset: null };
  const parts =
    /^(.*?)(?:T|,? (?:at |um )?) ?(\d{1,2}(?::\d{2})+(?:\.\d+)?(?: ?[ap]\.?m\.?| ?uhr)?) ?(Z|UTC|GMT|[+-](?:0\d|1[0-4]):?[0-5]\d)?$/i
      .exec(written.replaceAll(/\s+/g, " "));
  if (!parts) return null;
  const [, date = "", time = "", zone] = parts;
  const day = readDay(date, order);
  const clock = readClock(time.replace(/\.\d+/, ""));
  return day && clock ? { day, clock, offset: zone ? offsetOf(zone) : null } : null;
}

/** A time of day: `10:00`, `10.30`, `10h30`, `1000`, `10 AM`, `10:00 p.m.`, `10 Uhr`. */
export function readClock(text: string): string | null {
  const written = text.trim().toLowerCase();
  if (written.length > longest) return null;
  const parts =
    /^(\d{1,2})(?:[:.h](\d{2}))?(?::\d{2})?(?: ?([ap])\.?m\.?)?(?: ?(?:uhr|h|o'clock))?$/.exec(written) ??
      /^(\d{1,2})(\d{2})$/.exec(written);
  if (!parts) return null;
  const [, hours = "", minutes = "00", half] = parts;
  let hour = Number(hours);
  if (half && (hour < 1 || hour > 12)) return null;
  if (half) hour = hour % 12 + (half === "p" ? 12 : 0);
  if (hour > 24 || Number(minutes) > 59 || (hour === 24 && minutes !== "00")) return null;
  return `${String(hour).padStart(2, "0")}:${minutes}`;
}

/** A span of one day: `10:00 AM - 12:00 PM`, `10-12`, `10:00 bis 12:00 Uhr`. */
export function readClockRange(text: string): { after: string; before: string } | null {
  if (text.length > longest) return null;
  const ends = text.trim().replace(/^(?:between|from|zwischen|von|entre|de) /i, "")
    .split(/ ?[-–—~] ?| (?:to|until|and|bis|und|à|et) /i);
  const [first, second] = ends;
  if (ends.length !== 2 || !first || !second) return null;
  const before = readClock(second);
  if (!before) return null;
  // “10:00 - 12:00 PM”, “1 - 3 PM”: the half of the day said once counts for both, where it can.
  const half = /[ap]\.?m\.?$/i.exec(second.trim())?.[0];
  const after = half ? readClock(`${first.trim()} ${half}`) : null;
  const start = after && after < before ? after : readClock(first);
  return start ? { after: start, before } : null;
}

/**
 * The instant of a local time in an IANA time zone, ISO 8601 in UTC. A time that the clock skips in spring is taken
 * as much later as the clock jumps; of a time that comes twice in autumn, the first is taken (RFC 5545, 3.3.5).
 *
 * @param clock `10:00`, or `24:00` for the end of the day
 */
export function instantAt(day: string, clock: string, timeZone: string): string {
  const midnight = Temporal.PlainDate.from(day);
  const local = clock === "24:00"
    ? midnight.add({ days: 1 }).toPlainDateTime()
    : midnight.toPlainDateTime(Temporal.PlainTime.from(clock));
  return local.toZonedDateTime(timeZone).toInstant().toString();
}

/** The calendar day of an instant in a time zone. */
export function dayOf(instant: string, timeZone: string): string {
  return Temporal.Instant.from(instant).toZonedDateTimeISO(timeZone).toPlainDate().toString();
}

function isoDay(year = "", month = "", day = ""): string | null {
  const fullYear = year.length === 2 ? `20${year}` : year;
  try {
    return Temporal.PlainDate.from(
      { year: Number(fullYear), month: Number(month), day: Number(day) },
      { overflow: "reject" },
    ).toString();
  } catch {
    return null;
  }
}

function offsetOf(zone: string): string {
  if (!/^[+-]/.test(zone)) return "UTC";
  return zone.includes(":") ? zone : `${zone.slice(0, 3)}:${zone.slice(3)}`;
}

const languages = ["en", "de", "fr"];
let monthNumbers: Map<string, number> | undefined;

/** `february`, `feb`, `februar`, `févr`, … → 2 */
function monthsByName(): Map<string, number> {
  monthNumbers ??= new Map(
    languages.flatMap((language) =>
      (["long", "short"] as const).flatMap((month) => {
        const format = new Intl.DateTimeFormat(language, { month, timeZone: "UTC" });
        return Array.from({ length: 12 }, (_, index): [string, number] => [
          format.format(Date.UTC(2026, index, 15)).toLowerCase().replace(".", ""),
          index + 1,
        ]);
      })
    ),
  );
  return monthNumbers;
}

function dayInWords(text: string): string | null {
  let day: string | undefined;
  let month: number | undefined;
  let year: string | undefined;
  for (const word of text.toLowerCase().split(/[\s,.]+/)) {
    const [, number] = /^(\d{1,2})(?:st|nd|rd|th|er)?$/.exec(word) ?? [];
    if (number && !day) day = number;
    else if (/^\d{4}$/.test(word) && !year) year = word;
    else if (/\d/.test(word)) return null;
    else month ??= monthsByName().get(word);
  }
  return day && month && year ? isoDay(year, String(month), day) : null;
}
