# shellcheck shell=sh
# Starts and stops the whole appliance, and shows what it says meanwhile.

# A database that recovers after a power cut may need minutes.
start_seconds=900

up() {
  need_docker
  refuse_if_unfit
  read_settings
  read_containers
  refuse_if_ports_taken
  # Kept before anything else: it may never come up, and somebody tried.
  note up
  build
  say 'starting; the first time takes a minute or two'
  docker compose up --detach --wait --wait-timeout "$start_seconds" >&2 || explain_start
  read_containers
  tell_journal
  tell_where
}

# Without the internet nothing can be built, and what was built before still has to start.
build() {
  say 'building what is missing'
  docker compose build >&2 && return 0
  # shellcheck disable=SC2046 # a list of names
  docker image inspect $(docker compose config --images) > /dev/null 2>&1 || refuse 'The images could not be built' \
    'what went wrong stands above; behind a proxy that inspects TLS set FLEETHOLD_BUILD_CA, see .env.example'
  say 'The images could not be built (see above); those of an earlier build are started.'
}

# Which part did not get well, and what it said last: mostly a fault in .env, which init names.
explain_start() {
  read_containers
  for service in $services; do
    is_well "$service" && continue
    case $(health_of "$service") in missing | created) continue ;; esac
    say "$service is $(health_of "$service"); it said last:"
    docker logs --tail 8 "$(field_of "$service" id)" 2>&1 | sed 's/^/  /' >&2
  done
  refuse 'The appliance did not start' 'mend what is named above, then repeat this; scripts/fleethold doctor may know more'
}

tell_where() {
  say 'Fleethold runs and is well:'
  printf '%s/\n' "$address"
  accounts=$(answered accounts "$(ask holdings 2> /dev/null)")
  [ "$accounts" = 0 ] || return 0
  say 'The company is not set up yet. This link does it, and works once:'
  docker logs "$(field_of init id)" 2> /dev/null | sed -n 's,.*\(https://[^ ]*/setup#[^ ]*\).*,\1,p' | sed -n '$p'
}

down() {
  need_docker
  read_settings
  read_containers
  [ -n "$containers" ] || { say 'The appliance is not running; there is nothing to stop.'; return 0; }
  say "Stops the appliance (project $project). Everybody is cut off until it is started again; what drivers do meanwhile"
  say 'stays on their phones. The data stays in its volumes.'
  agree 'Stop it?'
  note down
  docker compose down >&2 || refuse 'Not everything could be stopped' 'docker compose ps --all shows what is left'
  say 'It is stopped. scripts/fleethold up starts it again.'
}

logs() {
  [ $# -eq 0 ] || need_service "$1"
  need_docker
  read_settings
  read_containers
  [ -n "$containers" ] || refuse "There are no containers of the project $project, and so no logs" \
    'scripts/fleethold up starts the appliance' "$not_running"
  note logs "$@"
  lines=10
  [ $# -eq 0 ] || lines=40
  if [ -n "$follow" ]; then
    exec docker compose logs --tail "$lines" --follow "$@"
  fi
  docker compose logs --no-color --tail "$lines" "$@" | plain
}

# Compose begins lines with an order to the terminal, which has no place in a file.
plain() { sed "s/$(printf '\033')\[[0-9;]*[A-Za-z]//g"; }
