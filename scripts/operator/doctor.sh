# shellcheck shell=sh
# Looks for what keeps the appliance from being well, before somebody notices. Each finding is a line, with a hint
# where there is something to do: ok; warn, look after it soon; FAIL, mend it; ?, this host cannot tell.

warnings=0
failures=0
findings=''
# Set by `up`, which only says what stands in its way.
only_failures=''

doctor() {
  check_docker
  [ "$failures" -eq 0 ] || { end_doctor; return; }
  check_env_file || { end_doctor; return; }
  read_settings
  read_containers
  tell_journal
  read_machine
  read_disk
  check_host
  check_appliance
  end_doctor
}

# The exit code, and for programs all findings as one object.
end_doctor() {
  [ -z "$json" ] || printf '{"failures":%s,"warnings":%s,"findings":[%s]}\n' "$failures" "$warnings" "$findings"
  [ -n "$json" ] || say "$(tally)"
  [ "$failures" -eq 0 ] || return "$unfit"
  [ "$warnings" -eq 0 ] || return "$unwell"
}

tally() {
  if [ "$failures" -gt 0 ]; then
    echo "$failures to mend, $warnings to look after"
  elif [ "$warnings" -gt 0 ]; then
    echo "nothing to mend, $warnings to look after"
  else
    echo 'nothing to mend'
  fi
}

# What stands in the way of a start. Docker's own failures would come later, and say less.
refuse_if_unfit() {
  only_failures=1
  check_docker
  [ "$failures" -eq 0 ] || exit "$tools_missing"
  check_env_file
  [ "$failures" -eq 0 ] || exit "$not_started"
}

refuse_if_ports_taken() {
  read_machine
  read_disk
  check_disk
  check_ports
  [ "$failures" -eq 0 ] || exit "$not_started"
}

# finding ok|warn|FAIL|? NAME TEXT [HINT]
finding() {
  case $1 in
    warn) warnings=$((warnings + 1)) ;;
    FAIL) failures=$((failures + 1)) ;;
  esac
  if [ -n "$only_failures" ]; then
    [ "$1" != FAIL ] || { say "$3"; say "hint: $4"; }
  elif [ -n "$json" ]; then
    findings="$findings${findings:+,}$(finding_json "$@")"
  else
    printf '%-4s  %-12s  %s\n' "$1" "$2" "$3"
    [ -z "${4:-}" ] || printf '                    hint: %s\n' "$4"
  fi
}

finding_json() {
  level=$(printf '%s' "$1" | tr 'A-Z?' 'a-zu')
  [ "$level" != u ] || level=unknown
  printf '{"level":"%s","check":%s,"text":%s,"hint":%s}' "$level" "$(json_text "$2")" "$(json_text "$3")" \
    "$(if [ -n "${4:-}" ]; then json_text "$4"; else printf null; fi)"
}

check_docker() {
  need_docker
  check_version engine 'Docker Engine' "$engine" 20 10 'https://docs.docker.com/engine/install/'
  check_version compose 'Docker Compose' "$compose" 2 26 'https://docs.docker.com/compose/install/linux/'
}

check_version() {
  if at_least "$3" "$4" "$5"; then
    finding ok "$1" "$2 $3"
  else
    finding FAIL "$1" "$2 $3 is too old: $4.$5 is needed" "install a newer one: $6"
  fi
}

# Whether a version such as v2.26.1-4 is at least 2.26.
at_least() {
  printf '%s\n' "${1#v}" | awk -F'[^0-9]+' -v major="$2" -v minor="$3" \
    '{ exit !($1 + 0 > major || ($1 + 0 == major && $2 + 0 >= minor)) }'
}

# Answers whether there is anything to go on with.
check_env_file() {
  if [ ! -e .env ]; then
    finding ok settings 'there is no .env; everything has its default'
  elif [ ! -r .env ]; then
    finding FAIL settings "You may not read $root/.env" "run this as its owner ($(owner_of .env)) or as root"
    return 1
  elif ! said=$(docker compose config --quiet 2>&1); then
    finding FAIL settings "compose.yaml and .env cannot be read: $(last_line "$said")" 'correct .env, which .env.example explains'
    return 1
  else
    check_names
  fi
}

# A misspelt name is a setting that is silently not set.
check_names() {
  known=$(sed -n 's/^# \{0,1\}\(FLEETHOLD_[A-Z_]*\)=.*/\1/p' .env.example)
  before=$failures
  for name in $(names_set); do
    printf '%s\n' "$known" | grep -qx "$name" && continue
    # shellcheck disable=SC2086 # a list of names
    finding FAIL settings "$name in .env is not a setting; did you mean $(nearest "$name" $known)?" \
      'correct .env, which .env.example explains'
  done
  [ "$before" -ne "$failures" ] || finding ok settings 'every name in .env is a setting'
}

names_set() { sed -n 's/^[[:space:]]*\(FLEETHOLD_[A-Za-z0-9_]*\)[[:space:]]*=.*/\1/p' .env; }
