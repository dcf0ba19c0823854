import { custom } from "./custom.ts";
import type { Format } from "./format.ts";
import { mapped } from "./headers.ts";
import type { ImportFormat, Mapping } from "./schema.ts";
import { shopify } from "./shopify.ts";
import { woocommerce } from "./woocommerce.ts";
import { woodelivery } from "./woodelivery.ts";

export const formats = { shopify, woocommerce, woodelivery, custom } satisfies Record<ImportFormat, Format>;

/**
 * Which format a file has, by its header, and which columns then fill which fields. A file of no known format is
 * `custom`: its columns are taken for what their headers say, in English or German.
 */
export function guess(columns: string[]): { format: ImportFormat; mapping: Mapping } {
  const known = (["shopify", "woocommerce", "woodelivery"] as const).find((name) =>
    formats[name].wrote(columns)
  );
  const format = known ?? "custom";
  return { format, mapping: mapped(columns, formats[format].candidates) };
}
