#!/bin/sh
# PostgreSQL's restore_command: brings one file of the log from the repository, and never a damaged one.
#
#   fetch_log CONFIG STANZA REPOSITORY STREAMED FILE PATH
#
# PostgreSQL takes every exit code up to 125 for "the log ends here" and opens the database with what it has. So a
# segment that is damaged, or missing while later ones exist, ends the restore with 255 instead: better no database
# than one that silently lacks rows. pgBackRest alone hands damaged segments out, since neither zst nor CBC notices.
set -u

config=$1 stanza=$2 repository=$3 streamed=$4 file=$5 path=$6

say() { printf 'fetch_log: %s\n' "$*" >&2; }

stop() {
  say "$1"
  rm -f "$path.fetched"
  exit 255
}

fetched() {
  mv "$path.fetched" "$path" || stop "$file cannot be written; is the disk full?"
  exit 0
}

from_repository() {
  pgbackrest --config="$config" --stanza="$stanza" --log-level-console=off --log-level-stderr=error \
    archive-get "$file" "$path.fetched" 2> "$path.said"
  code=$?
  [ "$code" -eq 0 ] || [ "$code" -eq 1 ] || sed 's/^/fetch_log: /' "$path.said" >&2
  rm -f "$path.said"
  return "$code"
}

# The receiver's copy, finished or the one it was writing last, whose SHA-1 is the one given, if there is one.
from_stream() {
  for copy in "$streamed/$system"-*/"$file" "$streamed/$system"-*/"$file.partial"; do
    [ -f "$copy" ] || continue
    cp "$copy" "$path.fetched" || stop "$file cannot be copied from the stream; is the disk full?"
    [ -z "$1" ] || is_whole "$1" || continue
    return 0
  done
  return 1
}

is_whole() { printf '%s  %s\n' "$1" "$path.fetched" | sha1sum --check --status 2> /dev/null; }

case $file in
  *[!0-9A-F]* | ????????????????????????*?)
    # A timeline's history or a backup's label: small, and PostgreSQL checks what it reads.
    from_repository
    case $? in
      0) fetched ;;
      1)
        rm -f "$path.fetched"
        exit 1
        ;;
      *) stop "$file cannot be brought from the repository" ;;
    esac
    ;;
esac

# An earlier cluster's log has segments of the same names. PostgreSQL starts us in the cluster's own folder, where the
# first eight bytes of pg_control are its number (pg_control.h); pgBackRest knows by which name it keeps its log.
system=$(od -A n -t u8 -N 8 global/pg_control | tr -d ' ')
[ -s "$config.part" ] ||
  pgbackrest --config="$config" --stanza="$stanza" --log-level-console=off --log-level-stderr=error \
    info --output=json | tr '{' '\n' |
  sed -n "s/^\"id\":\([0-9]*\),.*\"system-id\":$system,\"version\":\"\([0-9.]*\)\".*/\2-\1/p" > "$config.part"
[ -s "$config.part" ] || stop "the repository does not know this cluster, or cannot be read"
log=$repository/archive/$stanza/$(cat "$config.part")

timeline=$(printf '%.8s' "$file")
archived=$(find "$log" -name "$file-*" ! -name '*.tmp' 2> /dev/null | sort)

if [ -n "$archived" ]; then
  sum=$(printf '%s\n' "$archived" | sed -n '1s/.*-\([0-9a-f]\{40\}\).*/\1/p')
  if from_repository && is_whole "$sum"; then fetched; fi
  # On a full disk no segment arrives whole either.
  [ "$(df --block-size=1M --output=avail . | tail -n 1)" -ge 32 ] || stop "$file cannot be written: the disk is full"
  say "$file is damaged in the repository; looking for the copy that was streamed"
  if from_stream "$sum"; then
    say "$file is whole in the copy that was streamed"
    fetched
  fi
  stop "$file is damaged, and there is no other copy; restore to a moment before it"
fi

from_stream "" && fetched
rm -f "$path.fetched"

# Nothing later on this timeline, not even begun: the log really ends here.
later=$({
  find "$log" -name "$timeline????????????????-*" ! -name '*.tmp' 2> /dev/null
  find "$streamed/$system"-* -name "$timeline????????????????*" 2> /dev/null
  # By letters: as numbers these names would be rounded, and the next one equal.
} | sed 's,.*/,,' | cut -c 1-24 | sort -u | awk -v here="$file" '$0 "" > here "" { print; exit }')
[ -z "$later" ] || stop "$file is missing although $later exists; restore to a moment before it"
exit 1
