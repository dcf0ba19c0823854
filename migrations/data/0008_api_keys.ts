import { type Kysely, sql } from "kysely";

/** Keys by which programs use the API. Each acts as an account of its own, of the role integration. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table api_keys (
      account_id uuid primary key references accounts on delete cascade,
      token_hash bytea not null unique,
      -- The first characters of the token, by which people tell keys apart.
      start text not null,
      rights text[] not null,
      per_minute int not null check (per_minute > 0),
      created_by uuid,
      created_at timestamptz not null default now(),
      expires_at timestamptz not null,
      last_used_at timestamptz,
      ended_at timestamptz
    )`.execute(db);
  // How often a key was used in this minute. Unlogged: worth nothing after a crash, and no work for the log.
  await sql`
    create unlogged table api_key_calls (
      account_id uuid primary key references api_keys on delete cascade,
      minute timestamptz not null,
      calls int not null
    )`.execute(db);
  await sql`
    grant select, insert, update (last_used_at, ended_at) on api_keys to fleethold_app;
    grant select, insert, update (minute, calls) on api_key_calls to fleethold_app`.execute(db);
}
