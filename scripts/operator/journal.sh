# shellcheck shell=sh
# What the operator did, told to the audit trail. What cannot be told now is kept beside compose.yaml and told by the
# next command that finds the product running. No command fails because the trail is away.
#
# A line is the project and a JSON object, since two installations of one checkout are two companies: neither is told
# what was done to the other.

journal=$root/.operator-journal
unreadable=$root/.operator-journal-unreadable

# The number of who runs this: behind sudo, of who they were before. Never a name; the trail holds none.
operator_uid() {
  case ${SUDO_UID:-} in
    '' | *[!0-9]*) id -u ;;
    *) printf '%s\n' "$SUDO_UID" ;;
  esac
}

# The words of a command as JSON, without the closing brace: `{"command":"restart","services":["api-a"],"uid":0`.
words_of() {
  printf '{"command":"%s"' "$1"
  shift
  [ $# -eq 0 ] || printf ',"services":[%s]' "$(printf '"%s",' "$@" | sed 's/,$//')"
  printf ',"uid":%s' "$(operator_uid)"
}

# Records a command and the services it names; none means all.
note() {
  told=$(words_of "$@")
  tell_journal
  ask note "$told}" > /dev/null 2>&1 && return 0
  keep "$told,\"at\":\"$(date -u +%Y-%m-%dT%H:%M:%SZ)\"}"
}

keep() {
  # A command still does what it is for; that nothing of it will stand in the trail has to be known.
  if ! printf '%s %s\n' "$project" "$1" | add_to "$journal"; then
    say "The audit trail cannot be told of this, and $journal cannot be written."
    say "hint: note it by hand: $1"
    return 0
  fi
  say 'The audit trail cannot be told of this now; it is kept in .operator-journal and told when the product runs.'
}

# Adds lines to a file that only its owner reads. Half a line at its end is ended first, or it would spoil the next.
add_to() {
  (
    umask 077
    [ -z "$(tail -c 1 "$1")" ] || echo >> "$1"
    cat >> "$1"
  ) 2> /dev/null
}

# Tells what was kept. It is moved aside first, so that two commands at once do not tell the same twice.
tell_journal() {
  take_over_abandoned
  has_kept && instance > /dev/null || return 0
  mv "$journal" "$journal.$$" 2> /dev/null || return 0
  told_lines=0 lost=''
  while IFS= read -r line || [ -n "$line" ]; do tell_line || lost=1; done < "$journal.$$"
  # On a full disk what could not be told stays where it is, for the next command to take over.
  [ -n "$lost" ] || rm -f "$journal.$$"
  [ "$told_lines" -eq 0 ] || say "The audit trail was told of $told_lines earlier command(s)."
}

# Whether something is left to be told to this installation, or to be put aside.
has_kept() { [ -s "$journal" ] && { grep -q "^$project " "$journal" || grep -Evq "$whole" "$journal"; }; }

tell_line() {
  if ! printf '%s\n' "$line" | grep -Eq "$whole"; then
    say "A line of .operator-journal cannot be read; it is put aside in $unreadable."
    printf '%s\n' "$line" | add_to "$unreadable"
  elif [ "${line%% *}" = "$project" ] && ask note "${line#* }" > /dev/null 2>&1; then
    told_lines=$((told_lines + 1))
  else
    printf '%s\n' "$line" | add_to "$journal"
  fi
}

# A full disk or a power cut leaves half a line, which the product would refuse for ever.
whole='^[a-z0-9_-]+ \{"command":"[a-z]+"(,"services":\[("[a-z-]+",?)+\])?,"uid":[0-9]+,"at":"[0-9TZ:-]+"\}$'

# What a command that was killed had moved aside. Told twice is better than not at all.
take_over_abandoned() {
  for left in "$journal".[0-9]*; do
    [ -e "$left" ] || continue
    kill -0 "${left##*.}" 2> /dev/null && continue
    add_to "$journal" < "$left" && rm -f "$left"
  done
}
