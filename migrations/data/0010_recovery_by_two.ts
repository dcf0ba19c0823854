import { type Kysely, sql } from "kysely";

/** Who first asked for a new start for an account that is in use; a second one has to ask as well. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    alter table accounts
      add column recovery_asked_by uuid,
      add column recovery_asked_at timestamptz`.execute(db);
  await sql`grant update (recovery_asked_by, recovery_asked_at) on accounts to fleethold_app`.execute(db);
}
