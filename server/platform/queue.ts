import { type Kysely, sql, type Transaction } from "kysely";
import type { DataTables } from "./database.ts";

/** Every background job by name, with what it is handed: ids only, since jobs stand in the database in the clear. */
// deno-lint-ignore no-empty-interface -- filled by the slices
export interface Jobs {}
export type JobName = keyof Jobs;

/**
 * Puts a job into the queue inside the caller's transaction: it exists exactly when the change does.
 * `key` makes a job unique: a second one with the same key replaces the first while it waits.
 */
export async function enqueue<N extends JobName>(
  tx: Transaction<DataTables> | Kysely<DataTables>,
  name: N,
  payload: Jobs[N],
  options: { key?: string; runAt?: Date; queue?: string } = {},
): Promise<void> {
  await sql`select graphile_worker.add_job(
    ${name}::text, payload := ${JSON.stringify(payload)}::json, queue_name := ${options.queue ?? null}::text,
    run_at := ${options.runAt ?? null}::timestamptz, job_key := ${options.key ?? null}::text)`.execute(tx);
}
