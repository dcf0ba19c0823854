# shellcheck shell=sh
# How the operator's command talks: progress and trouble on standard error, answers on standard output.

# Scripts and service units rely on these, so they never change meaning. The first seven are those of
# scripts/installation/refusal.ts; a test holds the two together.
done_well=0
refused=1
usage=2
tools_missing=3
not_started=4
not_running=5
unwell=6
unfit=7

hint_help='scripts/fleethold help lists the commands'

say() { printf '%s\n' "$*" >&2; }

# A refusal the operator can act on: what failed and what is so, the next step, the exit code.
refuse() {
  say "$1"
  say "hint: $2"
  exit "${3:-$not_started}"
}

# Asks before anything people would notice. Where nobody can answer, nothing is done.
agree() {
  [ -z "$yes" ] || return 0
  [ -t 0 ] || refuse 'Nobody is there to say yes' 'add --yes to do it without asking' "$refused"
  printf '%s [y/N] ' "$1" >&2
  read -r answer || answer=''
  case $answer in
    y | Y | yes | Yes | YES) ;;
    *) refuse 'Nothing was done' 'answer y to do it' "$refused" ;;
  esac
}

# What somebody probably meant: the known name the fewest edits away (Levenshtein), as server/platform/nearest.ts.
nearest() {
  printf '%s\n' "$@" | awk '
    function least(a, b, c) { return a < b ? (a < c ? a : c) : (b < c ? b : c) }
    function edits(a, b,   i, j, row, next_row) {
      for (j = 0; j <= length(b); j++) row[j] = j
      for (i = 1; i <= length(a); i++) {
        next_row[0] = i
        for (j = 1; j <= length(b); j++)
          next_row[j] = least(row[j] + 1, next_row[j - 1] + 1, row[j - 1] + (substr(a, i, 1) != substr(b, j, 1)))
        for (j = 0; j <= length(b); j++) row[j] = next_row[j]
      }
      return row[length(b)]
    }
    NR == 1 { name = $0; fewest = 1000; next }
    { n = edits(name, $0); if (n < fewest) { fewest = n; best = $0 } }
    END { print best }'
}

last() { while [ $# -gt 1 ]; do shift; done; printf '%s' "${1:-}"; }

# A text of one line as a JSON string (RFC 8259, 7). Control characters have no meaning in what is told here.
json_text() {
  printf '"%s"' "$(printf '%s' "$1" | tr '\t' ' ' | tr -d '\000-\037\177' | sed 's/\\/\\\\/g; s/"/\\"/g')"
}

# A number as it is, and null where there is none.
json_number() {
  case $1 in
    '' | *[!0-9-]*) printf null ;;
    *) printf '%s' "$1" ;;
  esac
}

json_boolean() { if [ "$1" = 1 ]; then printf true; else printf false; fi; }

# Bytes in the largest unit that leaves at least one: `340 MB`, `1.2 GB`.
size() {
  printf '%s\n' "$1" | awk '{
    split("B kB MB GB TB", unit, " ")
    for (i = 1; $1 >= 1000 && i < 5; i++) $1 /= 1000
    printf($1 < 10 && i > 1 ? "%.1f %s" : "%.0f %s", $1, unit[i])
  }'
}
