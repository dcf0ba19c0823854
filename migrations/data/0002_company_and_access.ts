import { type Kysely, sql } from "kysely";

/** The company, its sites, and who may sign in. `sealed` columns hold personal data under the person's own key. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table company (
      only_one boolean primary key default true check (only_one),
      name text not null,
      time_zone text not null,
      holidays text not null,
      version int not null default 1
    )`.execute(db);
  await sql`
    create table sites (
      id uuid primary key,
      name text not null unique,
      street text,
      postcode text,
      city text,
      lat double precision,
      lon double precision,
      time_zone text not null,
      active boolean not null default true,
      version int not null default 1,
      created_at timestamptz not null default now()
    )`.execute(db);
  await sql`
    create table accounts (
      id uuid primary key,
      person_id uuid not null,
      role text not null,
      sealed bytea not null,
      password_hash text,
      totp_sealed bytea,
      totp_last_step bigint not null default 0,
      disabled boolean not null default false,
      last_sign_in_at timestamptz,
      version int not null default 1,
      created_at timestamptz not null default now()
    )`.execute(db);
  await sql`
    create table account_sites (
      account_id uuid not null references accounts on delete cascade,
      site_id uuid not null references sites,
      primary key (account_id, site_id)
    )`.execute(db);
  // Who signs in with which e-mail: a keyed hash, unlogged, so that it never enters the WAL or a backup; made again
  // from the accounts when it is empty.
  await sql`
    create unlogged table account_logins (
      email bytea primary key,
      account_id uuid not null unique
    )`.execute(db);
  await sql`
    create table recovery_codes (
      id uuid primary key,
      account_id uuid not null references accounts on delete cascade,
      hash bytea not null,
      used_at timestamptz
    )`.execute(db);
  await sql`create index recovery_codes_account on recovery_codes (account_id)`.execute(db);
  await sql`
    create table invitations (
      id uuid primary key,
      account_id uuid not null references accounts on delete cascade,
      token_hash bytea not null unique,
      expires_at timestamptz not null,
      used_at timestamptz
    )`.execute(db);
  await sql`create index invitations_account on invitations (account_id)`.execute(db);
  await sql`
    create table sessions (
      id uuid primary key,
      account_id uuid not null references accounts on delete cascade,
      token_hash bytea not null unique,
      sealed bytea not null,
      signed_in_at timestamptz not null default now(),
      last_used_at timestamptz not null default now(),
      expires_at timestamptz not null,
      ended_at timestamptz
    )`.execute(db);
  await sql`create index sessions_account on sessions (account_id) where ended_at is null`.execute(db);
  // Failures in a row, per keyed hash of what was tried (account or network address). Unlogged: losing it in a crash
  // costs an attacker's delay, not anybody's data.
  await sql`
    create unlogged table sign_in_throttles (
      bucket bytea primary key,
      failures int not null,
      wait_until timestamptz not null,
      last_at timestamptz not null default now()
    )`.execute(db);
  await sql`
    create table idempotency_keys (
      id uuid primary key,
      account_id uuid not null references accounts on delete cascade,
      key text not null,
      request bytea not null,
      sealed bytea,
      created_at timestamptz not null default now(),
      unique (account_id, key)
    )`.execute(db);
  await sql`create index idempotency_keys_created on idempotency_keys (created_at)`.execute(db);
  // What the app never does it may not do either: whose account, session or code something is cannot be changed.
  await sql`
    grant select, insert, update on company, sites, sign_in_throttles to fleethold_app;
    grant select, insert, update (role, sealed, password_hash, totp_sealed, totp_last_step, disabled,
      last_sign_in_at, version) on accounts to fleethold_app;
    grant select, insert on account_sites, account_logins to fleethold_app;
    grant select, insert, update (used_at) on recovery_codes, invitations to fleethold_app;
    grant select, insert, update (last_used_at, ended_at) on sessions to fleethold_app;
    grant select, insert, update (sealed) on idempotency_keys to fleethold_app;
    grant delete on account_sites, recovery_codes, invitations, sessions, sign_in_throttles, idempotency_keys
      to fleethold_app`.execute(db);
}
