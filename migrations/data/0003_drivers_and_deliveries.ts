import { type Kysely, sql } from "kysely";

/** The work: who drives what, what is to be delivered, each step it took, and its proof. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table vehicles (
      id uuid primary key,
      site_id uuid not null references sites,
      name text not null,
      plate text,
      kind text not null,
      capacity_kg double precision,
      capacity_units int,
      active boolean not null default true,
      version int not null default 1,
      created_at timestamptz not null default now()
    )`.execute(db);
  await sql`
    create table drivers (
      id uuid primary key,
      person_id uuid not null,
      site_id uuid not null references sites,
      vehicle_id uuid references vehicles,
      account_id uuid unique references accounts,
      sealed bytea not null,
      active boolean not null default true,
      version int not null default 1,
      created_at timestamptz not null default now()
    )`.execute(db);
  await sql`
    create table deliveries (
      id uuid primary key,
      site_id uuid not null references sites,
      number text not null,
      kind text not null,
      state text not null,
      outcome text,
      driver_id uuid references drivers,
      day date not null,
      window_after timestamptz,
      window_before timestamptz,
      window_hard boolean not null default false,
      service_minutes int not null,
      priority text not null,
      quantity int not null,
      weight_kg double precision,
      volume_l double precision,
      cash_amount int,
      cash_currency text,
      tags text[] not null default '{}',
      requires text[] not null default '{}',
      reference text,
      recipient_id uuid not null,
      sealed bytea,
      version int not null default 1,
      created_at timestamptz not null default now(),
      updated_at timestamptz not null default now(),
      constraint deliveries_number unique (site_id, number)
    )`.execute(db);
  // The board's ways in: a site's day, everybody's day, a driver's day, the newest. Work without a window comes last.
  await sql`create index deliveries_board on deliveries (site_id, day, coalesce(window_after, 'infinity'), id)`
    .execute(db);
  await sql`create index deliveries_day on deliveries (day, coalesce(window_after, 'infinity'), id)`.execute(
    db,
  );
  await sql`create index deliveries_driver on deliveries (driver_id, day, id) where driver_id is not null`
    .execute(db);
  await sql`create index deliveries_recipient on deliveries (recipient_id)`.execute(db);
  await sql`create index deliveries_number_like on deliveries (lower(number) text_pattern_ops)`.execute(db);
  await sql`create index deliveries_newest on deliveries (site_id, id desc)`.execute(db);

  await sql`
    create table delivery_steps (
      id uuid primary key,
      delivery_id uuid not null references deliveries,
      seq int generated always as identity,
      from_state text not null,
      to_state text not null,
      outcome text,
      driver_id uuid references drivers,
      account_id uuid references accounts,
      happened_at timestamptz not null,
      received_at timestamptz not null default now(),
      sealed bytea,
      position_sealed bytea,
      undone_at timestamptz
    )`.execute(db);
  await sql`create index delivery_steps_delivery on delivery_steps (delivery_id, seq)`.execute(db);
  await sql`
    create table proofs (
      id uuid primary key,
      delivery_id uuid not null references deliveries,
      kind text not null,
      account_id uuid references accounts,
      digest bytea not null,
      sealed bytea not null,
      created_at timestamptz not null default now()
    )`.execute(db);
  // Photos do not compress: store them out of line as they are.
  await sql`alter table proofs alter column sealed set storage external`.execute(db);
  await sql`create index proofs_delivery on proofs (delivery_id)`.execute(db);

  // The blind indexes: unlogged, so that they never enter the WAL or a backup; made again from the rows when empty.
  await sql`
    create unlogged table delivery_search (
      delivery_id uuid primary key,
      site_id uuid not null,
      tokens int[] not null
    )`.execute(db);
  await sql`create index delivery_search_tokens on delivery_search using gin (tokens)`.execute(db);
  await sql`
    create unlogged table recipient_matches (
      contact bytea primary key,
      recipient_id uuid not null
    )`.execute(db);
  await sql`create index recipient_matches_recipient on recipient_matches (recipient_id)`.execute(db);
  // One row a blind index that is complete. Unlogged with them: a crash that empties an index empties this too.
  await sql`
    create unlogged table blind_indexes (
      name text primary key,
      built_at timestamptz not null default now()
    )`.execute(db);

  await sql`
    create table imports (
      id uuid primary key,
      site_id uuid not null references sites,
      account_id uuid not null references accounts,
      person_id uuid not null,
      state text not null,
      mode text,
      encoding text,
      rows int not null default 0,
      orders int not null default 0,
      done int not null default 0,
      created int not null default 0,
      updated int not null default 0,
      unchanged int not null default 0,
      fault_count int not null default 0,
      left_out_count int not null default 0,
      reason text,
      options jsonb not null default '{}',
      sealed bytea,
      file_sealed bytea,
      faults_sealed bytea,
      created_at timestamptz not null default now(),
      finished_at timestamptz
    )`.execute(db);
  await sql`alter table imports alter column file_sealed set storage external`.execute(db);
  await sql`create index imports_site on imports (site_id, id desc)`.execute(db);
  // Which columns a site mapped to which fields last time, by a hash of the header line.
  await sql`
    create table import_mappings (
      site_id uuid not null references sites,
      header bytea not null,
      options jsonb not null,
      primary key (site_id, header)
    )`.execute(db);
  await sql`
    create table tracking_links (
      id uuid primary key,
      delivery_id uuid not null references deliveries,
      token_hash bytea not null unique,
      expires_at timestamptz not null,
      created_at timestamptz not null default now()
    )`.execute(db);
  await sql`create index tracking_links_delivery on tracking_links (delivery_id)`.execute(db);
  // Work is never deleted; of a step taken nothing changes but that it was taken back, and of a proof nothing at all.
  await sql`
    grant select, insert, update on vehicles, drivers, deliveries, import_mappings, delivery_search,
      recipient_matches to fleethold_app;
    grant select, insert, update (undone_at) on delivery_steps to fleethold_app;
    grant select, insert on proofs, blind_indexes to fleethold_app;
    grant select, insert, update, delete on imports to fleethold_app;
    grant select, insert, delete on tracking_links to fleethold_app`.execute(db);
}
