#!/bin/sh
# Runs one cluster: creates it on the first start, gives it its roles, lets its log be archived and received, and takes
# over a renewed certificate without ending a connection. Ends when PostgreSQL ends, so that Docker starts the
# container again.
set -eu

handed=/run/fleethold
own=/run/postgresql
shared=/usr/share/fleethold

say() { printf '%s\n' "$*" >&2; }

refuse() {
  say "$1"
  say "hint: $2"
  exit 78 # EX_CONFIG of sysexits.h
}

# shellcheck source=appliance/db/cluster.sh
. "$shared/cluster.sh"
# shellcheck source=appliance/db/ballast.sh
. "$shared/ballast.sh"
# shellcheck source=appliance/db/log_archive.sh
. "$shared/log_archive.sh"
# shellcheck source=appliance/db/synchronous_log.sh
. "$shared/synchronous_log.sh"

take_certificate() { install -m 600 "$handed/tls.pem" "$own/tls.pem.new" && mv "$own/tls.pem.new" "$own/tls.pem"; }

# PostgreSQL reads a renewed certificate when told to; who is connected stays so.
take_renewed_certificate() {
  ! cmp -s "$handed/tls.pem" "$own/tls.pem" || return 0
  take_certificate && kill -HUP "$1" || return 1
  reload_pgbackrest
  say "took over the renewed certificate"
}

# What is looked after while PostgreSQL runs; what fails now is tried again. Takes its process id.
watch() {
  turn=0
  while sleep 2; do
    guard_synchronous_log "$1" || :
    [ $((turn % 5)) -ne 0 ] || take_renewed_certificate "$1" || :
    [ $((turn % 300)) -ne 0 ] || make_ballast || :
    turn=$((turn + 1))
  done
}

if [ ! -s "$PGDATA/PG_VERSION" ]; then
  take_certificate
  configure_pgbackrest
  refuse_if_backed_up
  create
fi
check_installation
give_up_ballast_if_full
set_memory
take_certificate
wait_for_nobody
configure_pgbackrest
cp "$shared/postgresql.conf" "$PGDATA/postgresql.conf"

postgres &
postmaster=$!
# Fast shutdown: transactions are rolled back, the cluster is closed properly.
trap 'kill -INT "$postmaster" 2> /dev/null' TERM INT
serve_files &

until pg_isready -q; do
  kill -0 "$postmaster" 2> /dev/null || break
  sleep 0.2
done
if kill -0 "$postmaster" 2> /dev/null; then
  apply_roles
  touch "$own/ready"
  watch "$postmaster" &
fi

# A signal ends `wait` early, so it is asked again until PostgreSQL is really gone.
while kill -0 "$postmaster" 2> /dev/null; do wait "$postmaster" || code=$?; done
exit "${code:-0}"
