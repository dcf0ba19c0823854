import { type Kysely, sql } from "kysely";

/** Another role for a time: asked for with a reason, granted by somebody else, over by itself. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table elevations (
      id uuid primary key,
      account_id uuid not null references accounts on delete cascade,
      role text not null,
      minutes int not null check (minutes between 1 and 480),
      -- The reason, under the key of the account's person.
      sealed bytea not null,
      requested_at timestamptz not null default now(),
      decided_by uuid,
      decided_at timestamptz,
      granted boolean,
      ends_at timestamptz,
      ended_at timestamptz,
      ended_by uuid
    )`.execute(db);
  await sql`create unique index elevations_open on elevations (account_id) where ended_at is null`.execute(
    db,
  );
  await sql`create index elevations_requested on elevations (requested_at)`.execute(db);
  await sql`
    grant select, insert, update (decided_by, decided_at, granted, ends_at, ended_at, ended_by)
      on elevations to fleethold_app`.execute(db);
}
