import { sql } from "kysely";
import { type Actor, system } from "../../audit/actor.ts";
import { type Change, change } from "../../audit/change.ts";
import { Reader } from "../../audit/reader.ts";
import { isBusy, isUnreachable } from "../../platform/database.ts";
import { Problem } from "../../platform/problem.ts";
import type { Services } from "../../platform/services.ts";
import type { FaultReport } from "./faults.ts";
import { readStored } from "./file.ts";
import { faultsPlace, type ImportRow } from "./import.ts";
import type { OrdersInFile } from "./orders.ts";
import { Progress } from "./progress.ts";
import type { ImportState } from "./schema.ts";
import { carryOut, planImport } from "./upsert.ts";

const IMPORT_LOCK = 0x696d7074; // "impt"

/** What an import has come to. */
type Outcome = Partial<Pick<ImportRow, "done" | "created" | "updated" | "unchanged" | "reason">>;

/**
 * Carries out an import somebody started: all of it in one transaction, so that whatever kills it leaves nothing half
 * done and it simply runs again. Run again once it has ended, it does nothing.
 *
 * @throws whatever may have passed at the next try, such as a database that cannot be reached, and what nobody foresaw
 */
export async function runImport(services: Services, { import: id }: { import: string }): Promise<void> {
  const row = await services.db.selectFrom("imports").selectAll().where("id", "=", id).executeTakeFirst();
  if (!row || !isUnderWay(row.state)) return;
  const actor = importerOf(row);
  const progress = new Progress(services, id);
  try {
    const { found } = await readStored(new Reader(services, actor), row, null);
    await change(services, actor, (change) => importOrders(change, row, found, progress));
  } catch (error) {
    if (mayPass(error)) throw error;
    await change(
      services,
      actor,
      (change) => finish(change, row, "failed", null, { reason: reasonOf(error) }),
    );
    if (!(error instanceof Problem)) throw error;
  } finally {
    await progress.end();
  }
}

async function importOrders(
  change: Change,
  row: ImportRow,
  found: OrdersInFile,
  progress: Progress,
): Promise<void> {
  await takeTurn(change, row.siteId);
  const { state } = await change.tx.selectFrom("imports").select("state").where("id", "=", row.id)
    .executeTakeFirstOrThrow();
  if (!isUnderWay(state)) return change.unchanged();
  progress.begin();
  const plan = await planImport(change, row.siteId, found.orders);
  const report = plan.faults.and(found);
  if (row.mode === "all-or-nothing" && report.faultCount > 0) {
    const reason = `The file has ${
      report.faultCount === 1 ? "a fault" : `${report.faultCount} faults`
    }, so nothing was imported`;
    return await finish(change, row, "refused", report, { reason });
  }
  progress.add(found.orders.length - plan.made.length - plan.edits.length);
  await carryOut(change, plan, (orders) => progress.add(orders));
  await finish(change, row, "done", report, {
    done: found.orders.length,
    created: plan.made.length,
    updated: plan.edits.length,
    unchanged: plan.unchanged,
  });
}

/** Whoever started the import acts, and reaches the site it is for and no other. */
const importerOf = ({ accountId, personId, siteId }: ImportRow): Actor => ({
  ...system("import"),
  accountId,
  personId,
  sites: [siteId],
});

/** One import of a site at a time, the others seeing what it did. They wait longer than a request may. */
async function takeTurn(change: Change, siteId: string): Promise<void> {
  await sql`select set_config('lock_timeout', '0', true), set_config('statement_timeout', '0', true)`
    .execute(change.tx);
  await sql`select pg_advisory_xact_lock(${IMPORT_LOCK}, hashtext(${siteId}))`.execute(change.tx);
}

/** Records what became of an import and removes the file, which nobody needs any more. */
async function finish(
  change: Change,
  { id, siteId, personId }: ImportRow,
  state: ImportState,
  report: FaultReport | null,
  { reason = null, ...counts }: Outcome,
): Promise<void> {
  const reported = report && { faultCount: report.faultCount, leftOutCount: report.leftOutCount };
  await change.tx.updateTable("imports").set({
    state,
    reason,
    ...counts,
    ...reported,
    ...(report && { faultsSealed: await change.seal(faultsPlace, id, personId, report.faults) }),
    fileSealed: null,
    finishedAt: new Date(),
  }).where("id", "=", id).execute();
  change.record(`import.${state === "done" ? "finished" : state}`, {
    import: id,
    site: siteId,
    ...counts,
    ...reported,
  });
}

const isUnderWay = (state: ImportState): boolean => state === "waiting" || state === "running";

/** Whether trying again makes sense: a cluster is away, or somebody made an order with one of these numbers just now. */
const mayPass = (error: unknown): boolean =>
  isUnreachable(error) || isBusy(error) ||
  (error instanceof Problem && (error.status === 503 || error.slug === "number-taken"));

const reasonOf = (error: unknown): string =>
  error instanceof Problem
    ? error.title
    : "Something went wrong on our side. Nothing was imported; the fault is in the log";
