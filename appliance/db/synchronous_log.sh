# shellcheck shell=sh
# Whether a commit waits until the backup service holds its piece of the log too. Only while that service receives: when
# it has been away for ten seconds, commits go on without it, and wait again once it is back.
#
# The setting lies in a file of /run that PostgreSQL's own includes: it must neither outlive this container, since
# the next start would wait for somebody who may not be there, nor be part of a backup.

synchronous=$own/synchronous.conf
patience_s=10
last_seen=0

seconds() { read -r up _ < /proc/uptime; echo "${up%.*}"; }

# Before a start.
wait_for_nobody() { echo "synchronous_standby_names = ''" > "$synchronous"; }

waits() { grep -q fleethold_receiver "$synchronous"; }

receiver_streams() {
  [ "$(psql -qAtX -d postgres -c "select count(*) from pg_stat_replication
    where application_name = 'fleethold_receiver' and usename = 'fleethold_receiver' and state = 'streaming'" \
    2> /dev/null)" = 1 ]
}

# Every two seconds. Takes the postmaster's process id.
guard_synchronous_log() {
  if [ "$FLEETHOLD_SYNCHRONOUS_LOG" != on ]; then
    return
  elif receiver_streams; then
    last_seen=$(seconds)
    waits || wait_for_receiver "$1"
  elif waits && [ $(($(seconds) - last_seen)) -gt "$patience_s" ]; then
    go_on_alone "$1"
  fi
}

wait_for_receiver() {
  echo "synchronous_standby_names = 'fleethold_receiver'" > "$synchronous"
  kill -HUP "$1"
  say 'commits wait until the backup service holds the log too'
}

go_on_alone() {
  wait_for_nobody
  kill -HUP "$1"
  say 'NOBODY RECEIVES THE LOG ANY MORE: commits go on without waiting; if this disk is lost now, so is up to a minute'
  say 'hint: scripts/fleethold logs backup says why'
}
