# shellcheck shell=sh
# Renews containers one after the other, so that somebody answers all the time.

restart() {
  for service; do need_restartable "$service"; done
  need_docker
  read_settings
  read_containers
  need_running
  if [ $# -gt 0 ]; then
    warn_of "$@"
    note restart "$@"
    roll "$@"
  else
    note restart
    # The one that is unwell first: as long as it is, the other must not end.
    # shellcheck disable=SC2046 # two words
    roll $(weaker_first) worker
  fi
  # Neither instance may have run before.
  tell_journal
}

need_restartable() {
  need_service "$1"
  case $1 in
    init | migrate) refuse "$1 does its work when the appliance starts, and ends" 'scripts/fleethold up runs it again' "$usage" ;;
  esac
}

weaker_first() {
  if is_well api-a && ! is_well api-b; then echo 'api-b api-a'; else echo 'api-a api-b'; fi
}

# What people will notice of it is said before it is done, and asked.
warn_of() {
  noticed=''
  for service; do
    effect=$(noticed_of "$service")
    [ -z "$effect" ] || { say "$service: $effect"; noticed=1; }
  done
  [ -z "$noticed" ] || agree 'Restart?'
}

noticed_of() {
  case $1 in
    proxy) echo 'for a few seconds nobody reaches Fleethold; requests under way are finished' ;;
    db) echo 'for some seconds every page answers that the database cannot be reached; nothing is lost' ;;
    keys) echo 'for some seconds no personal data can be opened or written; nothing is lost' ;;
    outbound) echo 'for some seconds nobody signs in by an identity provider; other sign-ins go on' ;;
    backup) echo 'a backup or drill under way begins anew; people notice nothing' ;;
    api-a) is_well api-b || echo 'api-b is not well, so nobody is answered until api-a is back' ;;
    api-b) is_well api-a || echo 'api-a is not well, so nobody is answered until api-b is back' ;;
  esac
}

roll() {
  for service; do
    say "restarting $service"
    docker compose up --detach --no-deps --force-recreate --wait --wait-timeout 300 "$service" >&2 ||
      refuse "$service did not get well again; nothing further was restarted" \
        "scripts/fleethold logs $service says why" "$not_started"
    read_containers
    case $service in api-a | api-b) wait_until_used "$service" ;; esac
    say "$service is well"
  done
}

# Docker finds an instance healthy a moment before the proxy does. Only once the proxy sends it requests may the other
# one end.
wait_until_used() {
  runs proxy || return 0
  tries=0
  until is_used "$1"; do
    tries=$((tries + 1))
    [ "$tries" -lt 60 ] || refuse "$1 is healthy, but the proxy sends it nothing; nothing further was restarted" \
      'scripts/fleethold logs proxy says why' "$not_started"
    sleep 1
  done
}

is_used() {
  docker exec "$(field_of proxy id)" sh -c \
    'printf "show stat app -1 -1\n" | socat -t 2 - UNIX-CONNECT:/run/haproxy/admin.sock' < /dev/null 2> /dev/null |
    grep -q "^app,$1,.*,UP,"
}
