# shellcheck shell=sh
# What the command knows of the appliance, and how it asks Docker and the product.

# In the order in which a table shows them; a test holds them to compose.yaml.
services='proxy api-a api-b worker outbound db keys backup offsite certs acme init migrate'
# Those that run for long. The others do their work when the appliance starts, and end.
long_running='proxy api-a api-b worker outbound db keys backup offsite certs acme'

release() { sed -n 's/^export const version = "\(.*\)";$/\1/p' server/version.ts; }

# Docker's own sentence tells best why it does not answer: no right to its socket, or nobody there.
need_docker() {
  command -v docker > /dev/null 2>&1 || refuse 'docker is not on the PATH' \
    'install Docker Engine with its compose plugin: https://docs.docker.com/engine/install/' "$tools_missing"
  if ! engine=$(docker version --format '{{.Server.Version}}' 2>&1); then
    say 'Docker does not answer:'
    refuse "  $(last_line "$engine")" \
      'start it (systemctl start docker), or run this as root or as a member of the group docker' "$tools_missing"
  fi
  compose=$(docker compose version --short 2> /dev/null) || refuse 'Docker has no compose plugin' \
    'install it: https://docs.docker.com/compose/install/linux/' "$tools_missing"
}

# Reads compose.yaml and .env as compose does. Sets: config, project, address, host, https_port, http_port, image.
read_settings() {
  [ ! -e .env ] || [ -r .env ] || refuse "You may not read $root/.env" \
    "run this as its owner ($(owner_of .env)) or as root" "$not_started"
  if ! config=$(docker compose config 2> /dev/null); then
    say 'compose.yaml and .env cannot be read:'
    refuse "  $(last_line "$(docker compose config 2>&1 > /dev/null)")" \
      'correct .env, which .env.example explains' "$not_started"
  fi
  project=$(printf '%s\n' "$config" | sed -n 's/^name: //p')
  address=$(printf '%s\n' "$config" | sed -n 's/^ *FLEETHOLD_PUBLIC_URL: *//p' | sed -n '1s/"//g; 1s/:443$//; 1p')
  host=$(printf '%s\n' "$address" | sed 's,^https://,,; s/:[0-9]*$//')
  https_port=$(published 8443)
  http_port=$(published 8080)
  image=$(printf '%s\n' "$config" | sed -n 's/^ *image: *\(.*server.*\)$/\1/p' | sed -n 1p)
}

# The port on this host that leads to one of the proxy's.
published() {
  printf '%s\n' "$config" | awk -v target="$1" '
    $1 == "target:" { ours = $2 == target }
    ours && $1 == "published:" { gsub(/[^0-9]/, ""); print; exit }'
}

last_line() { printf '%s\n' "$1" | sed -n '$p'; }

owner_of() { stat -c %U "$1"; }

# Every container of the appliance: `service|id|state|status`, where status is Docker's "Up 2 hours (healthy)".
read_containers() {
  containers=$(docker ps --all --no-trunc \
    --filter "label=com.docker.compose.project=$project" --filter label=com.docker.compose.oneoff=False \
    --format '{{.Label "com.docker.compose.service"}}|{{.ID}}|{{.State}}|{{.Status}}') ||
    refuse 'Docker does not list its containers' 'docker ps says why' "$tools_missing"
}

# A field of a service's container; empty where there is none: id, state or status.
field_of() {
  case $2 in id) column=2 ;; state) column=3 ;; *) column=4 ;; esac
  printf '%s\n' "$containers" | awk -F'|' -v service="$1" -v column="$column" '$1 == service { print $column; exit }'
}

runs() { [ "$(field_of "$1" state)" = running ]; }

# What Docker's health check says, in one word; or how the container ended: a one-shot's work is done.
health_of() {
  case $(field_of "$1" state)/$(field_of "$1" status) in
    running/*'(healthy)') echo healthy ;;
    running/*'(unhealthy)') echo unhealthy ;;
    running/*) echo starting ;;
    /*) echo missing ;;
    exited/'Exited (0)'*) if runs_for_long "$1"; then echo stopped; else echo 'done'; fi ;;
    exited/*) echo failed ;;
    */*) field_of "$1" state ;;
  esac
}

runs_for_long() {
  case " $long_running " in
    *" $1 "*) return 0 ;;
    *) return 1 ;;
  esac
}

is_well() {
  case $(health_of "$1") in
    healthy | 'done') return 0 ;;
    *) return 1 ;;
  esac
}

any_runs() {
  for service in $long_running; do runs "$service" && return 0; done
  return 1
}

need_running() {
  any_runs || refuse "The appliance is not running (project $project)" \
    'scripts/fleethold up starts it; then repeat this' "$not_running"
}

need_service() {
  case " $services " in
    *" $1 "*) ;;
    *) refuse "There is no service $1; did you mean $(nearest_service "$1")?" "the services are $services" "$usage" ;;
  esac
}

nearest_service() {
  # shellcheck disable=SC2086 # a list of words
  nearest "$1" $services
}

# The instance that is asked. Either does; one that is healthy is not about to end.
instance() {
  for api in api-a api-b; do [ "$(health_of $api)" = healthy ] && { echo $api; return 0; }; done
  for api in api-a api-b; do runs $api && { echo $api; return 0; }; done
  return 1
}

# Asks the product something beside a running instance; answers JSON on standard output, or its refusal on standard
# error. Takes nothing from standard input, which may be a list that is being read.
ask() {
  api=$(instance) || return "$not_running"
  docker exec "$(field_of "$api" id)" operate "$@" < /dev/null
}

# A text of a flat answer such as {"link":"https://…"}: the product writes no quotes into these.
answered() { printf '%s\n' "$2" | sed -n "s/.*\"$1\":\"\{0,1\}\([^\",}]*\).*/\1/p"; }
