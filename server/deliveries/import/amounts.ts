/**
 * A number as people and shops write it: `1,234.50`, `1.234,50`, `1 234,5`, `1'234.5`, `12,5 kg`.
 *
 * Where only one kind of separator stands, it is the decimal one, unless it groups thousands: it stands more than
 * once, or `groups` says that three digits after it are a group, as in money (`1.250 €` is no fraction of a euro).
 *
 * @param units what the units mean that may follow, by factor (kg 1, g 0.001); others are not understood.
 * @returns null when the text is no number.
 */
export function readNumber(
  text: string,
  { groups = false, units = new Map() }: { groups?: boolean; units?: Map<string, number> } = {},
): number | null {
  const written = text.trim().replaceAll(/[\s'’\u00a0\u202f]/gu, "");
  if (written.length > 40) return null;
  const [, digits, unit] = /^([+-]?[\d.,]*\d)(\D*)$/u.exec(written) ?? [];
  if (!digits) return null;
  const factor = unit ? units.get(unit.toLowerCase()) : 1;
  if (factor === undefined) return null;
  const plain = withDecimalPoint(digits, groups);
  return plain === null ? null : Number(plain) * factor;
}

function withDecimalPoint(digits: string, groups: boolean): string | null {
  const last = Math.max(digits.lastIndexOf(","), digits.lastIndexOf("."));
  if (last === -1) return digits;
  const separator = digits.charAt(last);
  const grouping = separator === "," ? "." : ",";
  const whole = digits.slice(0, last);
  const rest = digits.slice(last + 1);
  const grouped = whole.includes(separator) || (groups && !whole.includes(grouping) && rest.length === 3);
  if (!grouped) {
    const parts = whole.split(grouping);
    return parts.slice(1).every((part) => part.length === 3) ? `${parts.join("")}.${rest}` : null;
  }
  const parts = digits.split(separator);
  return parts.slice(1).every((part) => part.length === 3) ? parts.join("") : null;
}

/**
 * An amount of money in the currency's minor units (1250 for `12,50 €`), by ISO 4217's number of decimals.
 *
 * @param currency ISO 4217 code; when null, the sign or code written with the amount counts.
 * @returns "nothing" for zero, which needs no currency; else what is missing, as a word, when it cannot be read.
 */
export function readMoney(
  text: string,
  currency: string | null,
): { amount: number; currency: string } | "nothing" | "no-amount" | "no-currency" {
  const written = text.trim();
  const number = readNumber(written.replaceAll(/[^\d.,'’\s+-]/gu, ""), { groups: true });
  if (number === null || /\p{L}{4,}/u.test(written)) return "no-amount";
  if (number === 0) return "nothing";
  const code = (currency ?? currencyWrittenIn(written))?.toUpperCase();
  if (!code || !/^[A-Z]{3}$/.test(code)) return "no-currency";
  return { amount: Math.round(number * 10 ** decimalsOf(code)), currency: code };
}

/** Signs that mean one currency only; a dollar sign does not. */
const signs: Record<string, string> = {
  "€": "EUR",
  "£": "GBP",
  "zł": "PLN",
  "Kč": "CZK",
  "₹": "INR",
  "₺": "TRY",
};

function currencyWrittenIn(text: string): string | undefined {
  const sign = Object.keys(signs).find((sign) => text.includes(sign));
  return sign ? signs[sign] : /\b[A-Z]{3}\b/i.exec(text)?.[0];
}

const decimals = new Map<string, number>();

function decimalsOf(currency: string): number {
  const known = decimals.get(currency);
  if (known !== undefined) return known;
  const { maximumFractionDigits = 2 } = new Intl.NumberFormat("en", { style: "currency", currency })
    .resolvedOptions();
  decimals.set(currency, maximumFractionDigits);
  return maximumFractionDigits;
}

const minutes = new Map([["min", 1], ["mins", 1], ["minutes", 1], ["minuten", 1], ["m", 1], ["h", 60], [
  "std",
  60,
]]);

/** Minutes: `10`, `10 min`, `1 h`, `00:10`, `1:30:00`. */
export function readMinutes(text: string): number | null {
  const clock = /^(\d{1,3}):(\d{2})(?::\d{2})?$/.exec(text.trim());
  if (clock) return Number(clock[1]) * 60 + Number(clock[2]);
  return readNumber(text, { units: minutes });
}
