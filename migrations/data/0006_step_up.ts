import { type Kysely, sql } from "kysely";

/**
 * When a session last proved who holds it, and the token it had before that. A session of an earlier release has proved
 * nothing lately, and is asked before its next grave act.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    alter table sessions
      add column proven_at timestamptz not null default '-infinity',
      add column former_hash bytea,
      add column former_until timestamptz`.execute(db);
  await sql`alter table sessions alter column proven_at set default now()`.execute(db);
  await sql`create unique index sessions_former on sessions (former_hash) where former_hash is not null`
    .execute(db);
  // Whoever has broken into the app's connection could begin a session for anybody; another's new token is no more.
  await sql`grant update (token_hash, proven_at, former_hash, former_until) on sessions to fleethold_app`
    .execute(db);
}
