import { type Kysely, sql } from "kysely";

/**
 * Wakes the worker for a sealed value that a drill wants opened. It looked once a minute, and a drill of a small company
 * spent most of its time waiting for that. The backup service may not queue anything, so the table does it for it.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create function open_samples() returns trigger
      language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
    begin
      perform graphile_worker.add_job('backups.open-samples', job_key := 'backups.open-samples');
      return null;
    end $$`.execute(db);
  await sql`revoke all on function open_samples() from public`.execute(db);
  await sql`
    create trigger open_samples after insert on backup_samples
      for each statement execute function open_samples()`.execute(db);
}
