import { sql } from "kysely";
import { completeLogins } from "./access/login.ts";
import {
  allowPasswords,
  letBackIn,
  noteCommand,
  signOutEverybody,
  signOutEverywhere,
} from "./access/operator.ts";
// The tables that the search reads, where nothing else of the product is loaded.
import type {} from "./deliveries/delivery.ts";
import { openPastOrders } from "./deliveries/past.ts";
import { rebuildSearch } from "./deliveries/search.ts";
import type { Services } from "./platform/services.ts";

/** How much an installation holds. */
export interface Holdings {
  orders: number;
  accounts: number;
}

/** What the operator's command asks of the product, by name. Each answers JSON. */
const requests = {
  holdings,
  "new-link": letBackIn,
  "end-sessions": async (services: Services, email: string) => ({
    ended: await signOutEverywhere(services, email),
  }),
  "sso-off": allowPasswords,
  note: noteCommand,
  "past-orders": openPastOrders,
  "after-restore": afterRestore,
} satisfies Record<string, (services: Services, argument: string) => Promise<unknown>>;

/** The requests there are, for whoever asks them. */
export type OperatorRequest = keyof typeof requests;

/**
 * Answers one request of whoever runs the machine, as `main.ts operate REQUEST [ARGUMENT]` passes it on.
 *
 * @throws Problem where the product's own rules refuse it
 */
export async function operate(
  services: Services,
  [name, argument = ""]: readonly string[],
): Promise<unknown> {
  if (name === undefined || !Object.hasOwn(requests, name)) {
    throw new Error(`operate takes one of ${Object.keys(requests).join(", ")}`);
  }
  return await requests[name as OperatorRequest](services, argument);
}

/**
 * What a restored data cluster needs before anybody works with it: sessions that were ended since are open again in it,
 * and what is kept out of backups is made anew from the rows.
 */
async function afterRestore(services: Services): Promise<{ sessionsEnded: number }> {
  const sessionsEnded = await signOutEverybody(services);
  await completeLogins(services);
  await rebuildSearch(services);
  return { sessionsEnded };
}

async function holdings({ db }: Services): Promise<Holdings> {
  const { rows: [row] } = await sql<Holdings>`
    select (select count(*) from deliveries) as orders, (select count(*) from accounts) as accounts`.execute(
    db,
  );
  return row!;
}
