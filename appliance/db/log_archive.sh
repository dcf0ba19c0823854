# shellcheck shell=sh
# pgBackRest beside PostgreSQL: archive_wal sends the log to the backup service by it, and its server lets that service,
# and nobody else, read the cluster's files. Both by TLS, each side showing its certificate.

configure_pgbackrest() {
  mkdir -p "$own/lock" "$own/spool"
  (umask 077 && cat > "$own/pgbackrest.conf") << CONF
[global]
repo1-host=backup
repo1-host-type=tls
repo1-host-config=/run/backup/pgbackrest.conf
repo1-host-ca-file=$handed/authority.pem
repo1-host-cert-file=$own/tls.pem
repo1-host-key-file=$own/tls.pem
tls-server-address=*
tls-server-ca-file=$handed/authority.pem
tls-server-cert-file=$own/tls.pem
tls-server-key-file=$own/tls.pem
tls-server-auth=backup=$FLEETHOLD_CLUSTER
compress-type=zst
lock-path=$own/lock
spool-path=$own/spool
log-path=$own
log-level-file=off
log-level-console=off
log-level-stderr=warn
log-timestamp=n

[$FLEETHOLD_CLUSTER]
pg1-path=$PGDATA
pg1-socket-path=$own
CONF
}

# A cluster that is gone while there are backups of it was lost; a new one in its place would look like a first start.
# On a real first start the service answers as well, and has none. Where it does not answer, the work goes on without.
refuse_if_backed_up() {
  known=$(timeout 10 pgbackrest --config="$own/pgbackrest.conf" --stanza="$FLEETHOLD_CLUSTER" --io-timeout=5 \
    --output=json info 2> /dev/null) || return 0
  case $known in
    *'"backup":[{'*) refuse "The $FLEETHOLD_CLUSTER cluster is gone, and there are backups of it." \
      "scripts/fleethold restore --cluster $FLEETHOLD_CLUSTER brings it back; nothing was created" ;;
  esac
}

# Runs its server, and again when it ends: PostgreSQL does not stop for the sake of backups.
serve_files() {
  while :; do
    pgbackrest --config="$own/pgbackrest.conf" server &
    echo $! > "$own/pgbackrest.pid"
    wait $! || true
    say "pgBackRest's server ended; starting it again"
    sleep 5
  done
}

# It then reads its certificate again; what is under way goes on.
reload_pgbackrest() { kill -HUP "$(cat "$own/pgbackrest.pid")" 2> /dev/null || true; }
