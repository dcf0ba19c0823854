# shellcheck shell=sh
# What runs and whether it is well: for a tired person as a table, for programs as JSON.

# PostgreSQL stops when there is none left, and needs some to get going again.
few_bytes=2000000000

status() {
  need_docker
  read_settings
  read_containers
  read_machine
  read_disk
  tell_journal
  details=$(read_details)
  memory_used=$(read_memory)
  certificates=$(certificates)
  public_days=$(days_until "$(first_to_end public)")
  inside_days=$(days_until "$(first_to_end inside)")
  errors=$(last_errors)
  judge
  if [ -n "$json" ]; then status_json; else status_table; fi
  [ "$running" = 1 ] || return "$not_running"
  [ "$well" = 1 ] || return "$unwell"
}

# `id|started|restarts|limit`, where started is an instant and limit bytes.
read_details() {
  ids=$(printf '%s\n' "$containers" | cut -d'|' -f2)
  # shellcheck disable=SC2086 # a list of ids
  [ -z "$ids" ] || docker inspect --format \
    '{{.Id}}|{{.State.StartedAt}}|{{.RestartCount}}|{{.HostConfig.Memory}}' $ids 2> /dev/null
}

# `id|used` in bytes of what runs. Docker takes two seconds for this.
read_memory() {
  ids=$(printf '%s\n' "$containers" | awk -F'|' '$3 == "running" { print $2 }')
  # shellcheck disable=SC2086 # a list of ids
  [ -z "$ids" ] || docker stats --no-stream --no-trunc --format '{{.ID}}|{{.MemUsage}}' $ids 2> /dev/null | awk -F'[| ]' '
    { n = $2 + 0; unit = $2; gsub(/[0-9.]/, "", unit)
      factor = unit == "KiB" ? 1024 : unit == "MiB" ? 1048576 : unit == "GiB" ? 1073741824 : 1
      printf("%s|%.0f\n", $1, n * factor) }'
}

detail_of() {
  printf '%s\n' "$details" | awk -F'|' -v id="$(field_of "$1" id)" -v column="$2" 'id != "" && $1 == id { print $column; exit }'
}

memory_of() {
  printf '%s\n' "$memory_used" | awk -F'|' -v id="$(field_of "$1" id)" 'id != "" && $1 == id { print $2; exit }'
}

# Sets: running, well (1 or 0), and faults: what keeps it from being well, a sentence a line.
judge() {
  running=0 faults=''
  any_runs && running=1
  well=0
  [ "$running" = 1 ] || return 0
  for service in $services; do
    is_well "$service" || fault "$service is $(health_of "$service")"
  done
  for name in $(overdue); do fault "the certificate $name ends in $(days_until "$(ends_of "$name")") days"; done
  [ -z "$disk_free" ] || [ "$disk_free" -ge "$few_bytes" ] || fault "only $(size "$disk_free") of the disk are free"
  [ -n "$faults" ] || well=1
}

fault() { faults="$faults$1
"; }

# The last lines that say something went wrong, `service|line`. PostgreSQL says FATAL also of connections that come too
# early or are ended by a stop.
last_errors() {
  [ -n "$containers" ] || return 0
  docker compose logs --no-color --timestamps --since 24h --tail 500 2> /dev/null | plain |
    grep -E '"level":"(error|fatal)"|\] (FATAL|PANIC): |\| [^ ]+ error: ' |
    grep -Ev 'FATAL:  (the database system is|terminating connection due to)' |
    sed 's/-[0-9]* *| /|/' | sort -t'|' -k2 | tail -n 3 | readable
}

# A line of JSON as its moment and its sentence; any other as it is.
readable() { sed 's/^\([^|]*|[^ .]*\)[^ ]* {.*"msg":"\([^"]*\)".*}$/\1Z \2/'; }

status_table() {
  row installation "$root, project $project"
  row release "$(release)"
  row state "$(state_words)"
  row address "$address/"
  row certificates "$(days_words "$public_days" 'for browsers'), $(days_words "$inside_days" 'inside')"
  row disk "$(disk_words)"
  printf '\n%-8s  %-11s  %-24s  %8s  %s\n' service state since restarts 'memory used / limit'
  for service in $services; do service_row "$service"; done
  if [ -n "$faults" ]; then printf '\nnot well:\n%s' "$faults" | sed '3,$s/^/  /'; fi
  if [ -z "$errors" ]; then printf '\nno errors in the logs of the last day\n'; return; fi
  printf '\nlast errors in the logs\n'
  printf '%s\n' "$errors" | sed 's/|/: /; s/^/  /' | cut -c 1-220
}

row() { printf '%-12s  %s\n' "$1" "$2"; }

state_words() {
  case $running$well in
    11) echo 'running, all well' ;;
    1*) echo 'running, but not well' ;;
    *) echo 'stopped; scripts/fleethold up starts it' ;;
  esac
}

days_words() { if [ -n "$1" ]; then echo "$1 days left $2"; else echo "not known $2"; fi; }

disk_words() {
  if [ -z "$disk_free" ]; then echo 'not known'; return; fi
  echo "$(size "$disk_used") of $(size "$disk_size") used, $(size "$disk_free") free, at $docker_root"
}

service_row() {
  used=$(memory_of "$1") limit=$(detail_of "$1" 4)
  amount=''
  [ -z "$used" ] || amount="$(size "$used") / $(size "$limit")"
  printf '%-8s  %-11s  %-24s  %8s  %s\n' "$1" "$(health_of "$1")" \
    "$(field_of "$1" status | sed 's/^Up //; s/ ([a-z: ]*)$//')" "$(detail_of "$1" 3)" "$amount"
}

# Names stay as they are; more may come.
status_json() {
  printf '{"version":%s,"directory":%s,"project":%s,"running":%s,"well":%s,"url":%s,"faults":[%s],' \
    "$(json_text "$(release)")" "$(json_text "$root")" "$(json_text "$project")" \
    "$(json_boolean "$running")" "$(json_boolean "$well")" "$(json_text "$address/")" "$(lines_json "$faults")"
  printf '"services":['
  comma=''
  for service in $services; do printf '%s' "$comma"; service_json "$service"; comma=,; done
  printf '],"certificates":{"publicDaysLeft":%s,"insideDaysLeft":%s},' \
    "$(json_number "$public_days")" "$(json_number "$inside_days")"
  printf '"disk":{"root":%s,"size":%s,"used":%s,"free":%s},"errors":[%s]}\n' "$(json_text "$docker_root")" \
    "$(json_number "$disk_size")" "$(json_number "$disk_used")" "$(json_number "$disk_free")" "$(errors_json)"
}

service_json() {
  started=$(detail_of "$1" 2)
  printf '{"service":%s,"state":%s,"health":%s,"startedAt":%s,"restarts":%s,"memory":{"used":%s,"limit":%s}}' \
    "$(json_text "$1")" "$(json_text "$(field_of "$1" state)")" "$(json_text "$(health_of "$1")")" \
    "$(if [ -n "$started" ]; then json_text "$started"; else printf null; fi)" \
    "$(json_number "$(detail_of "$1" 3)")" "$(json_number "$(memory_of "$1")")" "$(json_number "$(detail_of "$1" 4)")"
}

lines_json() {
  printf '%s\n' "$1" | {
    comma=''
    while IFS= read -r line; do
      [ -n "$line" ] || continue
      printf '%s%s' "$comma" "$(json_text "$line")"
      comma=,
    done
  }
}

errors_json() {
  printf '%s\n' "$errors" | {
    comma=''
    while IFS='|' read -r service line; do
      [ -n "$service" ] || continue
      printf '%s{"service":%s,"line":%s}' "$comma" "$(json_text "$service")" "$(json_text "$line")"
      comma=,
    done
  }
}
