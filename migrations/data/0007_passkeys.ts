import { type Kysely, sql } from "kysely";

/** Passkeys (WebAuthn credentials) of accounts. A public key and an id made at random are nobody's personal data. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table passkeys (
      id uuid primary key,
      account_id uuid not null references accounts on delete cascade,
      credential_id bytea not null unique,
      public_key bytea not null,
      sign_count bigint not null,
      transports text[] not null,
      -- The name of the installation it was made for; at another name no browser offers it.
      rp_id text not null,
      synced boolean not null,
      sealed bytea not null,
      created_at timestamptz not null default now(),
      last_used_at timestamptz
    )`.execute(db);
  await sql`create index passkeys_account on passkeys (account_id)`.execute(db);
  // Challenges that were answered: none is accepted twice. A ticket is good for minutes, so these are kept for an hour.
  await sql`
    create table answered_challenges (
      hash bytea primary key,
      answered_at timestamptz not null default now()
    )`.execute(db);
  await sql`
    grant select, insert, delete, update (sign_count, synced, sealed, last_used_at) on passkeys to fleethold_app;
    grant select, insert, delete on answered_challenges to fleethold_app`.execute(db);
}
