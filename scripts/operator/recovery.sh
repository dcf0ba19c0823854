# shellcheck shell=sh
# Bringing data back: what there is, a restore, a look at an order as it was, the recovery kit, and a lost host.
# The work is done by the service restore of compose.yaml, which no other service waits for and which has no network.

# Runs one of its commands with words for people on standard output. Its progress goes to standard error.
tool() { docker compose run --rm --no-deps --no-TTY --quiet-pull restore backup "$@" < /dev/null; }

backups() {
  need_docker
  read_settings
  if [ -n "$json" ]; then tool list "--cluster=${cluster:-data}"; else tool list "--cluster=${cluster:-data}" --text; fi
}

restore() {
  need_docker
  read_settings
  read_containers
  cluster=${cluster:-data} to=${to:-latest}
  if [ -n "$discard_aside" ]; then
    tool asides --text
    agree 'Let go of it for good?'
    tool forget-asides --text
    return 0
  fi
  if [ -n "$put_back" ]; then
    say "Puts the $cluster cluster back that the last restore kept aside."
  else
    tool plan "--cluster=$cluster" "--to=$to" --text >&2 || exit "$refused"
  fi
  say 'Everybody is cut off meanwhile.'
  agree "$(if [ -n "$put_back" ]; then echo 'Put it back?'; else echo 'Restore?'; fi)"
  note restore
  bring_back
}

# What uses the cluster stops, the proxy goes on with its page that says so. Whatever happens, the appliance is started
# again: with what was restored, or as it was.
bring_back() {
  say 'stopping what uses the data'
  docker compose stop api-a api-b worker backup db keys >&2 || refuse 'The appliance could not be stopped' \
    'docker compose ps says what still runs; nothing was changed'
  if [ -n "$put_back" ]; then
    tool put-back "--cluster=$cluster" --text >&2
  else
    tool restore "--cluster=$cluster" "--to=$to" --text >&2
  fi
  outcome=$?
  [ "$outcome" -eq 0 ] || say 'Nothing was restored; the appliance is started as it was.'
  make_ready
  [ "$outcome" -eq 0 ] || exit "$not_started"
  say 'Everybody signs in anew. scripts/fleethold restore --put-back undoes this, restore --discard-aside lets go of it.'
}

# Before anybody works with restored data: this release's schema, nobody signed in, and the search made anew.
make_ready() {
  say 'starting the databases'
  {
    docker compose up --detach --wait --wait-timeout "$start_seconds" db keys >&2 &&
      docker compose run --rm --no-deps --no-TTY migrate < /dev/null >&2
  } || refuse 'The databases did not start' \
    'docker compose logs db says why; scripts/fleethold restore --put-back brings the earlier data back'
  if [ "$outcome" -eq 0 ]; then
    say 'making the search anew'
    docker compose run --rm --no-deps --no-TTY worker operate after-restore < /dev/null > /dev/null ||
      say 'That failed; the search makes itself anew when it is used first. End sessions by hand: end-sessions EMAIL.'
  fi
  {
    docker compose up --detach --wait --wait-timeout "$start_seconds" api-a api-b worker backup >&2 && wait_for_proxy &&
      docker compose up --detach --wait --wait-timeout "$start_seconds" >&2
  } || explain_start
  read_containers
  tell_journal
}

# It went on meanwhile, unhealthy for want of anybody to pass requests to; Compose gives up at once on whoever is that.
wait_for_proxy() {
  tries=60
  while read_containers; runs proxy && ! is_well proxy && [ "$tries" -gt 0 ]; do
    tries=$((tries - 1))
    sleep 1
  done
}

# A path as whoever typed it meant it: from where they stood.
from_caller() {
  case $1 in
    /*) printf '%s' "$1" ;;
    *) printf '%s/%s' "$caller" "$1" ;;
  esac
}

# An order as it was, beside what it is now. The copy is restored by one service and opened by another, which holds the
# keys: none has both.
peek() {
  [ -n "${1:-}" ] || refuse 'peek needs the number of an order' "$hint_help" "$usage"
  [ -n "$to" ] || refuse 'peek needs a moment: --to "2026-11-26 10:00"' "$hint_help" "$usage"
  need_docker
  read_settings
  read_containers
  need_running
  api=$(instance) || refuse 'Neither api-a nor api-b runs' 'scripts/fleethold up starts them; then repeat this' "$not_running"
  past=$(tool peek "--order=$1" "--to=$to" ${customer:+--of-customer}) || exit "$refused"
  printf '%s\n' "$past" | docker exec --interactive "$(field_of "$api" id)" operate past-orders - |
    sed 's/.*"text":"\(.*\)"}$/\1/; s/\\"/"/g; s/\\n/\n/g; s/\\\\/\\/g'
}

mark() {
  [ -n "${1:-}" ] || refuse 'mark needs a name for this moment' "$hint_help" "$usage"
  need_docker
  read_settings
  read_containers
  runs backup || refuse 'The service backup does not run' 'scripts/fleethold up starts it; then repeat this' "$not_running"
  docker exec "$(field_of backup id)" backup mark "--name=$1" --text < /dev/null || exit "$refused"
}

# All that a bare host needs beside the offsite copy, in one file: the vault, the authority, .env and credentials/.
kit() {
  need_docker
  read_settings
  read_containers
  file=$(from_caller "${1:-fleethold-recovery-kit-$(date +%Y-%m-%d).tar.gz}")
  [ ! -e "$file" ] || refuse "$file exists" 'name another file, or remove it' "$refused"
  say "Writes every secret of this installation into $file."
  say 'Whoever has it and the offsite copy can read everything. Keep it away from this host: on paper, on a stick in a safe.'
  agree 'Write it?'
  folder=$(mktemp -d) || refuse 'No temporary folder can be made' 'is the disk full?'
  (
    umask 077
    docker compose run --rm --no-deps --no-TTY --entrypoint tar init -C / -c vault authority < /dev/null |
      tar -C "$folder" -x &&
      printf '%s\n' "$kit_words" > "$folder/README.txt" &&
      { [ ! -e .env ] || cp .env "$folder/dot-env"; } &&
      { [ ! -d credentials ] || cp -R credentials "$folder/credentials"; } &&
      [ -s "$folder/vault/master_key" ] && tar -C "$folder" -cz . > "$file"
  )
  outcome=$?
  rm -rf "$folder"
  if [ "$outcome" -ne 0 ]; then
    rm -f "$file"
    refuse 'The kit could not be written' 'what went wrong stands above'
  fi
  note kit
  say "Written. Try it once a year on a spare host: scripts/fleethold recover --kit $(basename "$file")"
}

kit_words='Recovery kit of a Fleethold installation. It holds every secret: whoever has it and the offsite copy can read
everything. On a host with Docker and the same release of Fleethold:

  scripts/fleethold recover --kit THIS_FILE

brings everything back from the offsite target that is named in dot-env; --from names another one.'

# A bare host: secrets out of the kit, both repositories from offsite, keys and data out of those.
recover() {
  [ -n "$kit_file" ] || refuse 'recover needs the recovery kit: --kit FILE' "$hint_help" "$usage"
  kit_file=$(from_caller "$kit_file")
  [ -r "$kit_file" ] || refuse "There is no $kit_file that can be read" 'name the file that scripts/fleethold kit wrote' "$usage"
  tar -tzf "$kit_file" > /dev/null 2>&1 || refuse "$kit_file is not a recovery kit, or is damaged" 'try another copy of it' "$usage"
  need_docker
  refuse_if_unfit
  take_settings
  read_settings
  read_containers
  refuse_if_in_use
  from=${from:-$(sed -n 's/^FLEETHOLD_OFFSITE=//p' .env 2> /dev/null)}
  [ -n "$from" ] || refuse 'No offsite target is named' 'say where the copy is: --from ADDRESS, as FLEETHOLD_OFFSITE in .env.example' "$usage"
  build
  say "Brings an installation back onto this host from $from: secrets, keys, data."
  agree 'Recover?'
  take_secrets
  docker compose run --rm --no-deps --no-TTY init < /dev/null > /dev/null || refuse 'init failed' 'what went wrong stands above'
  say 'fetching the backups'
  docker compose run --rm --no-deps --no-TTY offsite start fetch --from "$from" --into /returned < /dev/null >&2 ||
    refuse 'The copy could not be fetched' 'what went wrong stands above; what was fetched stays, repeat this to go on'
  # Fetched by one service, and used by another that has no way out.
  {
    docker compose run --rm --no-deps --no-TTY restore sh -c "$take_repository" < /dev/null >&2 &&
      docker compose run --rm --no-deps --no-TTY offsite sh -c 'rm -rf /returned/data /returned/keys' < /dev/null >&2
  } || refuse 'The backups could not be put in place' 'is the disk full?'
  for cluster in keys data; do
    when=latest
    [ "$cluster" = keys ] || when=${to:-latest}
    tool plan "--cluster=$cluster" "--to=$when" --text >&2 || exit "$refused"
    tool restore "--cluster=$cluster" "--to=$when" --text >&2 || refuse "The $cluster cluster could not be restored" \
      'what went wrong stands above; --to names an earlier moment'
  done
  outcome=0
  make_ready
  note recover
  say 'Recovered. Everybody signs in anew, with what they signed in with before.'
  tell_where
}

take_repository='cp -r --preserve=mode,timestamps /returned/data /returned/keys /var/lib/backup/repository/'

# .env and credentials/ out of the kit, where this checkout has none of its own.
take_settings() {
  folder=$(mktemp -d) || refuse 'No temporary folder can be made' 'is the disk full?'
  tar -C "$folder" -xzf "$kit_file" || refuse "$kit_file cannot be read" 'try another copy of it'
  [ -s "$folder/vault/master_key" ] || refuse "$kit_file is not a recovery kit" 'name the file that scripts/fleethold kit wrote' "$usage"
  if [ ! -e .env ] && [ -e "$folder/dot-env" ]; then cp "$folder/dot-env" .env; fi
  for given in "$folder"/credentials/*; do
    if [ ! -e "$given" ] || [ -e "credentials/$(basename "$given")" ]; then continue; fi
    cp "$given" credentials/ && chmod 640 "credentials/$(basename "$given")"
    chgrp 10001 "credentials/$(basename "$given")" 2> /dev/null || chmod 644 "credentials/$(basename "$given")"
  done
}

# Nothing is ever written over: an installation that is here has secrets of its own.
refuse_if_in_use() {
  for volume in data keys vault; do
    docker volume inspect "${project}_$volume" > /dev/null 2>&1 || continue
    [ -z "$containers" ] && is_same_vault && return 0
    refuse "This host has an installation already (volume ${project}_$volume)" \
      'choose another name with COMPOSE_PROJECT_NAME, or remove what is here: docker compose down --volumes' "$refused"
  done
}

# An earlier recover that was interrupted left the very secrets of the kit.
is_same_vault() {
  docker compose run --rm --no-deps --no-TTY --entrypoint cat init /vault/installation_id < /dev/null 2> /dev/null |
    cmp -s - "$folder/vault/installation_id"
}

take_secrets() {
  tar -C "$folder" -c vault authority |
    docker compose run --rm --no-deps --no-TTY --entrypoint tar init -C / -x || refuse 'The secrets could not be put in place' \
    'what went wrong stands above'
  rm -rf "$folder"
}
