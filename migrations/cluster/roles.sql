-- The roles of either cluster, data and keys. Run it as superuser, connected to the database fleethold, at every start:
-- it brings any earlier state to this one. Before it, in the same session, the caller sets the SCRAM verifiers:
--
--   select set_config('fleethold.app_verifier', 'SCRAM-SHA-256$4096:…', false),
--          set_config('fleethold.migrator_verifier', 'SCRAM-SHA-256$4096:…', false),
--          set_config('fleethold.backup_verifier', 'SCRAM-SHA-256$4096:…', false),
--          set_config('fleethold.receiver_verifier', 'SCRAM-SHA-256$4096:…', false);
--
-- Verifiers, not passwords: a password in a statement could end up in a log.

do $$
declare
  wanted text;
begin
  foreach wanted in array array['fleethold_owner', 'fleethold_migrator', 'fleethold_app', 'fleethold_backup',
      'fleethold_receiver'] loop
    if not exists (select from pg_roles where rolname = wanted) then
      execute format('create role %I', wanted);
    end if;
  end loop;
  execute format('alter role fleethold_migrator password %L', current_setting('fleethold.migrator_verifier'));
  execute format('alter role fleethold_app password %L', current_setting('fleethold.app_verifier'));
  execute format('alter role fleethold_backup password %L', current_setting('fleethold.backup_verifier'));
  execute format('alter role fleethold_receiver password %L', current_setting('fleethold.receiver_verifier'));
end
$$;

alter role fleethold_owner nologin nosuperuser nocreatedb nocreaterole noreplication nobypassrls;
alter role fleethold_migrator login nosuperuser nocreatedb nocreaterole noreplication nobypassrls;
alter role fleethold_app login nosuperuser nocreatedb nocreaterole noreplication nobypassrls;
-- It counts what a backup holds, and row security would hide some of that from it.
alter role fleethold_backup login nosuperuser nocreatedb nocreaterole noreplication bypassrls;
-- Receives the log as it is written, and can do nothing else: it may not connect to a database.
alter role fleethold_receiver login nosuperuser nocreatedb nocreaterole replication nobypassrls;

-- The migrator works as the owner from its first statement, so whatever it creates belongs to the owner.
grant fleethold_owner to fleethold_migrator;
alter role fleethold_migrator set role = 'fleethold_owner';
alter role fleethold_migrator set statement_timeout = 0;
alter role fleethold_migrator set lock_timeout = '10s';

alter role fleethold_app set statement_timeout = '30s';
alter role fleethold_app set lock_timeout = '10s';
alter role fleethold_app set idle_in_transaction_session_timeout = '60s';

-- The backup service compares what it restored with what is here: it reads everything, as its backups hold everything,
-- sealed values as they are. It marks moments in the log, and asks how far the log is archived and received.
grant pg_read_all_data, pg_monitor to fleethold_backup;
alter role fleethold_backup set lock_timeout = '10s';
alter role fleethold_backup set idle_in_transaction_session_timeout = '1h';
grant execute on function pg_create_restore_point(text) to fleethold_backup;
grant execute on function pg_switch_wal() to fleethold_backup;

alter database fleethold owner to fleethold_owner;
revoke all on database fleethold from public;
grant connect on database fleethold to fleethold_migrator, fleethold_app, fleethold_backup;
revoke connect on database postgres, template1 from public;

revoke all on schema public from public;
grant usage on schema public to fleethold_app;
