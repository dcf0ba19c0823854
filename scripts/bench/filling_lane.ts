/** A worker that makes every n-th batch of the orders a benchmark needs. */
import { system } from "../../server/audit/actor.ts";
import { change } from "../../server/audit/change.ts";
import { createDeliveries } from "../../server/deliveries/delivery.ts";
import { Random } from "../../server/demo/random.ts";
import type { Services } from "../../server/platform/services.ts";
import { Customers, numberAt } from "./customers.ts";
import { openServices } from "./services.ts";

export interface LaneTask {
  environment: Record<string, string>;
  siteIds: readonly string[];
  total: number;
  /** This worker's number among `lanes`, from 0. */
  lane: number;
  lanes: number;
}

/** Orders made since the last report, orders found made already by an earlier run, and whether all are. */
export interface LaneReport {
  made: number;
  kept: number;
  done: boolean;
}

/** Orders made in one change, of one site; the sites take turns. */
const BATCH = 2_000;

self.onmessage = async ({ data }: MessageEvent<LaneTask>) => {
  const { services, close } = openServices(data.environment, 1);
  await fillLane(services, data);
  await close();
  report({ made: 0, kept: 0, done: true });
};

async function fillLane(services: Services, { siteIds, total, lane, lanes }: LaneTask): Promise<void> {
  const customers = new Customers(new Random(lane), siteIds.length, Temporal.Now.plainDateISO());
  for (let batch = lane; batch * BATCH < total; batch += lanes) {
    const first = batch * BATCH;
    const site = batch % siteIds.length;
    const count = Math.min(total - first, BATCH);
    if (await isMade(services, siteIds[site]!, numberAt(first))) {
      report({ made: 0, kept: count, done: false });
      continue;
    }
    const orders = Array.from({ length: count }, (_, at) => customers.order(first + at, total, site));
    await change(services, system("bench"), (change) => createDeliveries(change, siteIds[site]!, orders));
    report({ made: count, kept: 0, done: false });
  }
}

async function isMade(services: Services, siteId: string, number: string): Promise<boolean> {
  const rows = await services.db.selectFrom("deliveries").select("id")
    .where("siteId", "=", siteId).where("number", "=", number).execute();
  return rows.length > 0;
}

function report(what: LaneReport): void {
  self.postMessage(what);
}
