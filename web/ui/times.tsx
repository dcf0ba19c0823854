import { useTranslation } from "react-i18next";
import { locale } from "../i18n/i18n.ts";

const formats = new Map<string, Intl.DateTimeFormat>();

/** Intl formats are dear to make (about 50 µs) and a board draws thousands of times. */
function format(timeZone: string | undefined, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = JSON.stringify([timeZone, options]);
  let made = formats.get(key);
  if (made === undefined) formats.set(key, made = new Intl.DateTimeFormat(locale, { timeZone, ...options }));
  return made;
}

/** `14:05`, as the reader's locale writes it, in `timeZone` (the site's; the reader's own when left out). */
export const clock = (instant: string, timeZone?: string): string =>
  format(timeZone, { timeStyle: "short" }).format(new Date(instant));

/** `9:00 – 11:30 AM`: what both ends share is written once, and the days only where they differ. */
const span = ({ after, before }: { after: string; before: string }, timeZone?: string): string =>
  format(timeZone, { timeStyle: "short" }).formatRange(new Date(after), new Date(before));

/** `23 Nov 2026, 14:05`. */
export const moment = (instant: string, timeZone?: string): string =>
  format(timeZone, { dateStyle: "medium", timeStyle: "short" }).format(new Date(instant));

/** A calendar day `2026-11-23` as `Mon, 23 Nov 2026`: a date of the site, the same wherever it is read. */
export const dayName = (day: string): string =>
  format("UTC", { weekday: "short", day: "numeric", month: "short", year: "numeric" }).format(
    new Date(`${day}T12:00:00Z`),
  );

/** Today's calendar day in `timeZone`, `2026-11-23`. */
export function today(timeZone?: string): string {
  const parts = new Intl.DateTimeFormat("en-CA", {
    timeZone,
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
  });
  return parts.format(new Date());
}

/** A moment; the full date and the zone stand in the tooltip. */
export function DateText({ at, timeZone }: { at: string; timeZone?: string }) {
  const full = format(timeZone, { dateStyle: "full", timeStyle: "long" }).format(new Date(at));
  return <time dateTime={at} title={full}>{moment(at, timeZone)}</time>;
}

interface TimeWindowProps {
  window: { after: string; before: string; hard?: boolean } | null;
  timeZone?: string;
}

/** When service may start: `09:00 – 11:30`. */
export function TimeWindow({ window, timeZone }: TimeWindowProps) {
  const { t } = useTranslation();
  if (window === null) return <span>{t("window.any")}</span>;
  const times = span(window, timeZone);
  return <span>{window.hard === true ? `${times} · ${t("window.hard")}` : times}</span>;
}
