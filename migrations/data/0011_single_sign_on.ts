import { type Kysely, sql } from "kysely";

/**
 * The company's identity providers, whom they have brought, and by which ways people may sign in. A subject is what a
 * provider calls somebody, often an e-mail address: stored as a keyed hash to be found by, and sealed to be shown.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table sign_in_policy (
      only_one boolean primary key default true check (only_one),
      -- Whose password and passkeys open nothing, but for accounts kept for the day the provider fails.
      sso_only_roles text[] not null default '{}',
      -- Whose password and code open nothing: they sign in with a passkey.
      passkey_roles text[] not null default '{}',
      version int not null default 1
    )`.execute(db);
  await sql`insert into sign_in_policy default values`.execute(db);
  await sql`
    alter table accounts
      add column activated boolean not null default false,
      add column break_glass boolean not null default false,
      add column break_glass_tested_at timestamptz`.execute(db);
  await sql`update accounts set activated = password_hash is not null`.execute(db);
  await sql`
    create table sso_providers (
      id uuid primary key,
      -- Part of the redirect URI, so that no provider can answer in the place of another (RFC 9700, 4.4.2.2).
      slug text not null unique,
      name text not null,
      preset text not null,
      issuer text not null,
      client_id text not null,
      client_secret bytea,
      settings jsonb not null,
      enabled boolean not null,
      -- 'page', or 'file' where the operator brought it.
      source text not null check (source in ('page', 'file')),
      -- Which version somebody last signed in with on trial, from beginning to end.
      tried_version int,
      tried_at timestamptz,
      version int not null default 1,
      created_at timestamptz not null default now()
    )`.execute(db);
  await sql`
    create table sso_identities (
      id uuid primary key,
      provider_id uuid not null references sso_providers on delete cascade,
      account_id uuid not null references accounts on delete cascade,
      subject bytea not null,
      sealed bytea not null,
      origin text not null check (origin in ('sign-in', 'connected', 'invitation', 'directory')),
      created_at timestamptz not null default now(),
      last_used_at timestamptz,
      unique (provider_id, subject),
      unique (provider_id, account_id)
    )`.execute(db);
  await sql`create index sso_identities_account on sso_identities (account_id)`.execute(db);
  await sql`
    create table sso_sessions (
      session_id uuid primary key references sessions on delete cascade,
      identity_id uuid not null references sso_identities on delete cascade,
      -- What the provider calls its own session, and whom it names in its tokens, as keyed hashes.
      sid bytea,
      sub bytea not null,
      -- The ID token, which it wants to see again when somebody signs out.
      sealed bytea not null
    )`.execute(db);
  await sql`create index sso_sessions_identity on sso_sessions (identity_id)`.execute(db);
  await sql`
    create table sso_tries (
      id uuid primary key,
      provider_id uuid not null references sso_providers on delete cascade,
      account_id uuid not null references accounts on delete cascade,
      passed boolean not null,
      sealed bytea not null,
      created_at timestamptz not null default now()
    )`.execute(db);
  await sql`
    grant select, update on sign_in_policy to fleethold_app;
    grant update (activated, break_glass, break_glass_tested_at) on accounts to fleethold_app;
    grant select, insert, delete, update (name, issuer, client_id, client_secret, settings, enabled, preset,
      tried_version, tried_at, version) on sso_providers to fleethold_app;
    grant select, insert, delete, update (last_used_at) on sso_identities to fleethold_app;
    grant select, insert on sso_sessions to fleethold_app;
    grant select, insert, delete on sso_tries to fleethold_app`.execute(db);
}
