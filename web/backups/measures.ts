import { locale } from "../i18n/i18n.ts";

const relative = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });

const spans = [["day", 86_400], ["hour", 3_600], ["minute", 60], ["second", 1]] as const;
/** The largest unit of which there are at least two, so that 90 minutes are not one hour. */
const spanOf = (seconds: number) => spans.find(([, size]) => seconds >= 2 * size) ?? ["second", 1] as const;

/** `2 days ago`. */
export function ago(instant: string, now = Date.now()): string {
  const seconds = Math.max(0, Math.round((now - Date.parse(instant)) / 1000));
  const [unit, size] = spanOf(seconds);
  return relative.format(-Math.round(seconds / size), unit);
}

/** `58 seconds`, `3 hours`. */
export function duration(seconds: number): string {
  const [unit, size] = spanOf(seconds);
  return new Intl.NumberFormat(locale, {
    style: "unit",
    unit,
    unitDisplay: "long",
    maximumFractionDigits: seconds < 10 ? 1 : 0,
  }).format(seconds / size);
}

const sizes = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"] as const;

/** `3.18 GB`. */
export function size(bytes: number): string {
  const power = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), sizes.length - 1);
  return new Intl.NumberFormat(locale, {
    style: "unit",
    unit: sizes[power],
    unitDisplay: power === 0 ? "long" : "short",
    maximumSignificantDigits: 3,
  }).format(bytes / 1000 ** power);
}
