#!/bin/sh
# PostgreSQL's archive_command: brings a finished piece of the log to the backup service. Where that fails, PostgreSQL
# keeps the piece and asks again, for as long as there is room. On a full disk it would stop, and not start again; so
# shortly before that the piece is given up. Then there is a gap in the log, which is marked and said loudly: the backup
# service makes a new backup at once, from which on every moment can be restored again.
#
#   archive_wal PATH    as %p: below PGDATA
set -u

path=$1
name=${path##*/}

# FIRST MOMENT while pieces are given up, and NEXT MOMENT after it once they are archived again: the first piece that is
# missing and the first that is not.
mark=$PGDATA/fleethold_log_gap
asked=${TMPDIR:-/tmp}/archive_wal.asked

# One piece, in MB.
piece=16
# Little is left below this: whoever writes on this disk may take it within a minute. So many pieces may wait then, as
# long as there is `least_mb`.
few_mb=1024 few_pieces=8 least_mb=128
# So much may wait in any case, as a file system may have a limit that it does not tell.
most_mb=16384

say() { printf 'archive_wal: %s\n' "$*" >&2; }

now() { date -u +%Y-%m-%dT%H:%M:%SZ; }

# Takes the seconds it may wait for the service. A disk that is nearly full may be full after twenty.
push() {
  : > "$asked"
  ${limit:+timeout "$limit"} pgbackrest --config=/run/postgresql/pgbackrest.conf --stanza="$FLEETHOLD_CLUSTER" \
    --io-timeout="$1" archive-push "$path"
}

# PostgreSQL says so in the eighth line of its lock file, for pg_ctl.
is_stopping() { sed -n 8p "$PGDATA/postmaster.pid" 2> /dev/null | grep -q '^stopping'; }

# While pieces are given up, the service is asked once a minute.
was_asked_just_now() { [ -n "$(find "$asked" -newermt '-60 seconds' 2> /dev/null)" ]; }

gap_is_open() { [ -s "$mark" ] && [ "$(wc -w < "$mark")" -eq 2 ]; }

must_give_up() {
  table=$(df -Pm "$PGDATA/pg_wal") || return 1
  free_mb=$(printf '%s\n' "$table" | awk 'NR == 2 { print $4 }')
  waiting=$(find "$PGDATA/pg_wal/archive_status" -name '*.ready' | wc -l)
  [ $((waiting * piece)) -lt "$most_mb" ] || return 0
  [ "$free_mb" -ge "$least_mb" ] || return 0
  [ "$free_mb" -lt "$few_mb" ] && [ "$waiting" -ge "$few_pieces" ]
}

give_up() {
  # On a disk without a byte it cannot be marked; the gap is found all the same, in the repository.
  gap_is_open || printf '%s %s\n' "$name" "$(now)" 2> /dev/null > "$mark" || say "the gap could not be marked"
  say "GAVE UP $name OF THE LOG, which could not be archived: $free_mb MB of the disk are free, $waiting pieces wait"
  say 'hint: free some space, and see why the log is not archived: scripts/fleethold logs backup; until the next backup, no moment from here on can be restored'
  # Only a checkpoint lets PostgreSQL use the room again.
  if [ $((waiting % few_pieces)) -le 1 ]; then psql -qAtX -d postgres -c checkpoint > /dev/null 2>&1 & fi
}

end_gap() {
  printf '%s %s %s\n' "$(cat "$mark")" "$name" "$(now)" > "$mark.new" && mv "$mark.new" "$mark"
  say "the log is archived again, from $name on"
}

limit='' patience=20
if is_stopping; then
  # PostgreSQL tries the last piece three times, and has a minute until it is killed. Where the service was stopped before
  # it, as on a change of settings, the piece stays until the next start. pgBackRest alone would ask for a name that is
  # gone for much longer than its time.
  limit=4 patience=3
elif must_give_up; then
  if gap_is_open && was_asked_just_now; then
    give_up
    exit 0
  fi
  patience=5
fi
if push "$patience"; then
  if gap_is_open; then end_gap; fi
elif [ -n "$limit" ]; then
  say "$name stays here until the next start: the backup service does not answer"
  exit 1
elif must_give_up; then
  give_up
else
  exit 1
fi
