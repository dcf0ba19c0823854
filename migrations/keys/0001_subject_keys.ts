import { type Kysely, sql } from "kysely";

/** One wrapped key a subject. The app may make and read keys; it can neither change nor delete one. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table subject_keys (
      subject uuid primary key,
      wrapped bytea not null,
      created_at timestamptz not null default now()
    )`.execute(db);
  await sql`grant select, insert on subject_keys to fleethold_app`.execute(db);
}
