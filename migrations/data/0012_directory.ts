import { type Kysely, sql } from "kysely";

/**
 * People and groups as a company's directory sends them by SCIM 2.0 (RFC 7643, 7644). What a directory calls somebody is
 * stored as a keyed hash to be found by, and sealed to be sent back. Groups are the company's words, not anybody's data.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table directory_keys (
      provider_id uuid primary key references sso_providers on delete cascade,
      token_hash bytea not null unique,
      start text not null,
      created_by uuid,
      created_at timestamptz not null default now(),
      expires_at timestamptz not null,
      last_used_at timestamptz
    )`.execute(db);
  await sql`
    create table directory_users (
      id uuid primary key,
      provider_id uuid not null references sso_providers on delete cascade,
      -- Null as long as no group gives them a role.
      account_id uuid unique references accounts on delete set null,
      person_id uuid not null,
      user_name bytea not null,
      external_id bytea,
      active boolean not null,
      sealed bytea not null,
      created_at timestamptz not null default now(),
      updated_at timestamptz not null default now(),
      unique (provider_id, user_name),
      unique (provider_id, external_id)
    )`.execute(db);
  await sql`
    create table directory_groups (
      id uuid primary key,
      provider_id uuid not null references sso_providers on delete cascade,
      name text not null,
      external_id text,
      created_at timestamptz not null default now(),
      updated_at timestamptz not null default now(),
      unique (provider_id, name)
    )`.execute(db);
  await sql`
    create table directory_members (
      group_id uuid not null references directory_groups on delete cascade,
      user_id uuid not null references directory_users on delete cascade,
      primary key (group_id, user_id)
    )`.execute(db);
  await sql`create index directory_members_user on directory_members (user_id)`.execute(db);
  await sql`
    grant select, insert, delete, update (last_used_at) on directory_keys to fleethold_app;
    grant select, insert, delete, update (account_id, person_id, user_name, external_id, active, sealed, updated_at)
      on directory_users to fleethold_app;
    grant select, insert, delete, update (name, external_id, updated_at) on directory_groups to fleethold_app;
    grant select, insert, delete on directory_members to fleethold_app`.execute(db);
}
