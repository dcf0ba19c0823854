import type { Import, ImportPreview } from "../../server/deliveries/import/schema.ts";
import { say } from "../installation/terminal.ts";
import { type Installation, startInstallation } from "./installation.ts";
import { shopFile } from "./shop_file.ts";

const ORDERS = 10_000;

/**
 * Imports a Shopify export of 10,000 orders into a fresh installation through its API, then the same file again.
 * `seconds` is what a dispatcher waits, from choosing the file to the last order being on the board.
 */
export async function run(): Promise<Record<string, number>> {
  const file = shopFile(ORDERS);
  const installation = await startInstallation();
  try {
    const first = await importFile(installation, file);
    say(
      `imported ${first.created} orders in ${first.seconds} s, of which reading and preview ${first.read} s`,
    );
    const again = await importFile(installation, file);
    say(`imported the same file again in ${again.seconds} s`);
    if (first.created !== ORDERS) throw new Error(`${first.created} of ${ORDERS} orders were created`);
    return { rows: ORDERS, seconds: first.seconds, again_changed: again.created + again.updated };
  } finally {
    await installation.end();
  }
}

async function importFile({ siteId, call }: Installation, file: Uint8Array) {
  const from = performance.now();
  const since = () => Math.round((performance.now() - from) / 10) / 100;
  const preview = await call<ImportPreview>(
    "POST",
    `/api/imports?site=${siteId}&name=orders_export.csv`,
    file,
  );
  const read = since();
  let now = await call<Import>("POST", `/api/imports/${preview.id}/run`, { mode: "all-or-nothing" });
  while (now.state === "waiting" || now.state === "running") {
    await new Promise((resolve) => setTimeout(resolve, 50));
    now = await call<Import>("GET", `/api/imports/${preview.id}`);
  }
  if (now.state !== "done") throw new Error(`The import is ${now.state}: ${now.reason}`);
  return { created: now.created, updated: now.updated, read, seconds: since() };
}
