import type { z } from "zod";
import type { Money } from "../../server/deliveries/schema.ts";
import { locale } from "../i18n/i18n.ts";

type Amount = z.infer<typeof Money>;

/** An amount of money as the reader's locale writes it. */
export function amountOf({ amount, currency }: Amount): string {
  return new Intl.NumberFormat(locale, { style: "currency", currency }).format(
    amount / 10 ** decimalsOf(currency),
  );
}

/** How many decimals a currency is written with: 2 for EUR, 0 for JPY (ISO 4217). */
export function decimalsOf(currency: string): number {
  try {
    const format = new Intl.NumberFormat("en", { style: "currency", currency });
    return format.resolvedOptions().maximumFractionDigits ?? 2;
  } catch {
    // Three letters are still being typed.
    return 2;
  }
}
