import { type Kysely, sql } from "kysely";

/**
 * The trail. The app may insert three columns and read; id, transaction and time are the database's, and there is no
 * UPDATE, DELETE or TRUNCATE for anybody but the owner, whom nobody logs in as. `xid` lets readers resume without a
 * gap: all below the oldest running transaction is complete.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table audit_entries (
      id bigint generated always as identity primary key,
      xid xid8 not null default pg_current_xact_id(),
      at timestamptz not null default clock_timestamp(),
      act text collate "C" not null,
      actor uuid,
      detail jsonb not null default '{}'
    )`.execute(db);
  await sql`create index audit_entries_xid on audit_entries (xid)`.execute(db);
  // Newest first, of everybody, of one act or all that begin alike, of one account.
  await sql`create index audit_entries_at on audit_entries (at, id)`.execute(db);
  await sql`create index audit_entries_act on audit_entries (act, at, id)`.execute(db);
  await sql`create index audit_entries_actor on audit_entries (actor, at, id) where actor is not null`
    .execute(db);
  // "What happened to this order?" The ids of all things an entry is about stand in `detail` one level deep, alone
  // (`delivery`) or in a list (`things`); jsonb_ops finds a string wherever it stands.
  await sql`create index audit_entries_things on audit_entries using gin (detail) with (fastupdate = on)`
    .execute(db);
  await sql`grant select, insert (act, actor, detail) on audit_entries to fleethold_app`.execute(db);
}
