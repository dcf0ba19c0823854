import { createAccount } from "../../server/access/account.ts";
import { cookieName, startSession } from "../../server/access/session.ts";
import { system } from "../../server/audit/actor.ts";
import { change } from "../../server/audit/change.ts";
import { createCompany } from "../../server/company/company.ts";
import { regions } from "../../server/demo/places.ts";
import { newId } from "../../server/platform/id.ts";
import type { Services } from "../../server/platform/services.ts";
import { createSite } from "../../server/sites/site.ts";
import { say } from "../installation/terminal.ts";
import type { LaneReport, LaneTask } from "./filling_lane.ts";

const TIME_ZONE = "Europe/Berlin";
const bench = system("bench");

/** The ids of the company's sites; the company is set up with three of them unless it is already. */
export async function ensureCompany(services: Services): Promise<string[]> {
  const existing = await services.db.selectFrom("sites").select("id").orderBy("id").execute();
  if (existing.length > 0) return existing.map(({ id }) => id);
  return await change(services, bench, async (change) => {
    await createCompany(change, { name: "Kestrel Couriers", timeZone: TIME_ZONE, holidays: "DE" });
    const ids: string[] = [];
    for (const [town] of regions) {
      const { name, postcode, lat, lon } = town;
      const address = { street: null, postcode, city: name, position: { lat, lon }, timeZone: TIME_ZONE };
      ids.push((await createSite(change, { name: `Depot ${name}`, ...address })).id);
    }
    return ids;
  });
}

/**
 * Makes orders until there are `total`, by the same function that an import uses: keys, sealing, blind index and trail
 * included. One lane for each core: while one writes, the other seals.
 */
export async function fill(
  environment: Record<string, string>,
  siteIds: readonly string[],
  total: number,
): Promise<void> {
  const from = performance.now();
  let made = 0, kept = 0, told = from;
  const lanes = navigator.hardwareConcurrency;
  await Promise.all(Array.from({ length: lanes }, (_, lane) =>
    new Promise<void>((resolve, reject) => {
      const worker = new Worker(new URL("./filling_lane.ts", import.meta.url), { type: "module" });
      worker.onerror = ({ message }) => reject(new Error(message));
      worker.onmessage = ({ data }: MessageEvent<LaneReport>) => {
        if (data.done) {
          worker.terminate();
          return resolve();
        }
        made += data.made;
        kept += data.kept;
        if (made === 0 || performance.now() - told < 10_000) return;
        told = performance.now();
        const perSecond = made / (told - from) * 1000;
        const left = Math.round((total - made - kept) / perSecond);
        say(`stored ${made + kept} of ${total} orders, ${Math.round(perSecond)} a second, ${left} s left`);
      };
      worker.postMessage({ environment, siteIds, total, lane, lanes } satisfies LaneTask);
    })));
}

/** The cookies of so many dispatchers of all sites, just signed in. */
export async function signInDispatchers(
  services: Services,
  siteIds: readonly string[],
  count: number,
): Promise<string[]> {
  return await change(services, bench, async (change) => {
    const cookies: string[] = [];
    for (let at = 0; at < count; at++) {
      const email = `dispatcher.${newId()}@kestrel.example`;
      const personId = await change.newSubject();
      const person = { personId, role: "dispatcher" as const, siteIds, name: `Dispatcher ${at + 1}`, email };
      const account = await createAccount(change, person);
      const { token } = await startSession(change, account, { device: "a benchmark", address: null });
      cookies.push(`${cookieName(services.config)}=${token}`);
    }
    return cookies;
  });
}
