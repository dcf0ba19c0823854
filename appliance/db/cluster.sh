# shellcheck shell=sh
# The cluster itself: its files, its roles, its memory.

mark=$PGDATA/fleethold_installation

# A cluster that is run with other secrets than it was written with would look healthy and open nothing.
check_installation() {
  [ "$(cat "$mark")" = "$(cat "$handed/installation_id")" ] || refuse \
    "This cluster belongs to another installation than the secrets in the volume vault." \
    "put back the volume vault that belongs to it; nothing was changed"
}

# Under another name first: a creation that was killed half-way is thrown away and done again.
create() {
  say "creating the cluster"
  rm -rf "$PGDATA.unfinished"
  initdb --pgdata="$PGDATA.unfinished" --username=postgres --auth=peer --encoding=UTF8 --locale=C.UTF-8 \
    --data-checksums > /dev/null
  cp "$handed/installation_id" "$PGDATA.unfinished/${mark##*/}"
  mv "$PGDATA.unfinished" "$PGDATA"
}

# A quarter of the container's memory, as PostgreSQL's manual advises.
set_memory() {
  limit=$(cat /sys/fs/cgroup/memory.max 2> /dev/null || cat /sys/fs/cgroup/memory/memory.limit_in_bytes 2> /dev/null || true)
  case $limit in
    '' | max) limit=1073741824 ;;
  esac
  megabytes=$((limit / 1048576))
  printf "shared_buffers = '%sMB'\neffective_cache_size = '%sMB'\n" $((megabytes / 4)) $((megabytes / 2)) > "$own/memory.conf"
}

apply_roles() {
  psql -qAtX -v ON_ERROR_STOP=1 -d postgres << 'SQL'
select 'create database fleethold' where not exists (select from pg_database where datname = 'fleethold') \gexec
SQL
  # By way of psql's variables, so that no verifier stands in a list of processes or in a log.
  PGOPTIONS='-c client_min_messages=warning' psql -qAtX -v ON_ERROR_STOP=1 -d fleethold > /dev/null << SQL
\\set app \`cat $handed/*_app_verifier\`
\\set migrator \`cat $handed/*_migrator_verifier\`
\\set backup \`cat $handed/*_backup_verifier\`
\\set receiver \`cat $handed/*_receiver_verifier\`
select set_config('fleethold.app_verifier', :'app', false), set_config('fleethold.migrator_verifier', :'migrator', false),
  set_config('fleethold.backup_verifier', :'backup', false), set_config('fleethold.receiver_verifier', :'receiver', false);
\\i $shared/roles.sql
-- For the mark that archive_wal leaves; below this cluster's own folder, which is all in the backups anyway.
grant execute on function pg_read_file(text, bigint, bigint, boolean) to fleethold_backup;
SQL
}
