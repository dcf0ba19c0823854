import { type Kysely, sql } from "kysely";

/**
 * What the backup service tells the product, and what people ask of it. The service keeps its own history beside the
 * repository, since it has to work when this cluster does not; here stands a copy of it to be read.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  // One act: a backup, a verification, a drill, a copy to the offsite target. `figures` and `steps` as schema.ts says.
  await sql`
    create table backup_runs (
      id uuid primary key,
      kind text not null,
      cluster text,
      requested_by uuid,
      started_at timestamptz not null,
      ended_at timestamptz,
      outcome text,
      failure text,
      figures jsonb not null default '{}'
    )`.execute(db);
  await sql`create index backup_runs_started on backup_runs (started_at desc, id)`.execute(db);
  // How everything stands, written anew every few seconds; unlogged, so that it fills neither the log nor backups.
  await sql`
    create unlogged table backup_state (
      only_one boolean primary key default true check (only_one),
      at timestamptz not null,
      state jsonb not null
    )`.execute(db);
  // "Back up now" and the like, until the service has taken them up.
  await sql`
    create table backup_requests (
      id uuid primary key,
      kind text not null,
      account_id uuid,
      at timestamptz not null default now(),
      taken_at timestamptz
    )`.execute(db);
  // Written each minute: in a restored copy it says up to when the copy goes.
  await sql`
    create table backup_canary (
      only_one boolean primary key default true check (only_one),
      at timestamptz not null
    )`.execute(db);
  await sql`insert into backup_canary (at) values (now())`.execute(db);
  // A sealed value out of a restored copy. The service holds no key, so the worker says whether it opens.
  await sql`
    create table backup_samples (
      id uuid primary key,
      at timestamptz not null default now(),
      place text not null,
      subject uuid not null,
      sealed bytea not null,
      opened boolean,
      reason text
    )`.execute(db);
  // Which promise about backups is broken at present, since when, and who was told.
  await sql`
    create table backup_alarms (
      promise text primary key,
      since timestamptz not null,
      words text not null,
      told_at timestamptz,
      kept_since timestamptz
    )`.execute(db);

  await sql`
    grant select on backup_runs, backup_state, backup_requests, backup_canary, backup_samples to fleethold_app;
    grant insert (id, kind, account_id) on backup_requests to fleethold_app;
    grant update (opened, reason), delete on backup_samples to fleethold_app;
    grant select, insert, update, delete on backup_alarms to fleethold_app;

    grant usage on schema public to fleethold_backup;
    grant select, insert, update on backup_runs, backup_state to fleethold_backup;
    grant select, update (taken_at) on backup_requests to fleethold_backup;
    grant select, update (at) on backup_canary to fleethold_backup;
    grant select, insert (id, place, subject, sealed), delete on backup_samples to fleethold_backup`.execute(
    db,
  );

  // The service may say in the trail what it did, and nothing else.
  await sql`
    create function backup_record(act text, detail jsonb) returns void
      language plpgsql security definer set search_path = public, pg_temp as $$
    begin
      if act !~ '^backup\\.[a-z-]+$' then
        raise exception 'The backup service records only what begins with backup.';
      end if;
      insert into audit_entries (act, actor, detail) values (act, null, detail || '{"via": "backup"}');
      perform pg_notify('trail', '');
    end $$`.execute(db);
  await sql`
    revoke all on function backup_record(text, jsonb) from public;
    grant execute on function backup_record(text, jsonb) to fleethold_backup`.execute(db);
}
