# shellcheck shell=sh
# The ballast: a file beside the cluster that does nothing but take room. PostgreSQL stops when the disk is full, and then
# cannot start even where somebody freed the little they could. The ballast is given up for that one start.

ballast=${PGDATA%/*}/ballast
ballast_mb=${FLEETHOLD_BALLAST_MB:-256}

free_mb() { df -Pm "${PGDATA%/*}" | awk 'NR == 2 { print $4 }'; }

# Before a start. PostgreSQL needs room for the next piece of its log, 16 MB, and for what recovery writes.
give_up_ballast_if_full() {
  [ -e "$ballast" ] || return 0
  free=$(free_mb)
  [ "$free" -lt $((ballast_mb / 2)) ] || return 0
  rm -f "$ballast"
  say "THE DISK IS FULL: $free MB are free. Gave up the ballast of $ballast_mb MB, so that PostgreSQL can start"
  say 'hint: free some space now; there is no second ballast, and it is made again once there is room'
}

# Never where it would be in the way: it takes an eighth of what is free, or less.
make_ballast() {
  [ ! -e "$ballast" ] || return 0
  [ "$(free_mb)" -ge $((ballast_mb * 8)) ] || return 0
  # Bytes at random where a file system cannot set room aside: it would press zeros to nothing.
  if fallocate --length "${ballast_mb}M" "$ballast.new" 2> /dev/null ||
    dd if=/dev/urandom of="$ballast.new" bs=1M count="$ballast_mb" conv=fsync 2> /dev/null; then
    mv "$ballast.new" "$ballast"
  else
    rm -f "$ballast.new"
  fi
}
