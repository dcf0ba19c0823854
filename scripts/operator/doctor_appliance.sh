# shellcheck shell=sh
# The doctor's checks of the appliance itself: settings as it reads them, services, certificates, what is still kept.

check_appliance() {
  check_values
  if any_runs; then
    check_services
    check_certificates
  else
    finding '?' services 'the appliance does not run, so its services and certificates cannot be asked' \
      'scripts/fleethold up starts it'
  fi
  check_journal
}

# The product's own check of every value, in its own words: what `init` does at each start, without doing anything else.
check_values() {
  if [ -z "$(field_of init id)" ]; then
    finding '?' values 'cannot tell whether every setting has a possible value: the appliance was not started yet'
    return
  fi
  # shellcheck disable=SC2016 # TypeScript
  if ! said=$(docker compose run --rm --no-deps --no-TTY init deno eval --cached-only \
    'import { readSettings } from "/app/appliance/settings.ts";
     try { readSettings(Deno.env.toObject()) }
     catch (error) { if (!error.faults) throw error; console.log(error.faults.join("\n")) }' < /dev/null 2> /dev/null); then
    finding '?' values 'cannot tell whether every setting has a possible value: the check could not be run' \
      'scripts/fleethold logs init'
  elif [ -z "$said" ]; then
    finding ok values 'every setting has a possible value'
  else
    each_fault
  fi
}

# A line for each. Not in a pipe, whose shell would count for itself.
each_fault() {
  while IFS= read -r line; do
    finding FAIL values "$line" 'correct .env, which .env.example explains, then scripts/fleethold up'
  done << FAULTS
$said
FAULTS
}

check_services() {
  bad=''
  for service in $services; do
    is_well "$service" && continue
    bad=1
    level=FAIL
    [ "$(health_of "$service")" != starting ] || level=warn
    finding $level services "$service is $(health_of "$service")" \
      "scripts/fleethold logs $service says why; scripts/fleethold up starts what is missing"
  done
  [ -n "$bad" ] || finding ok services 'all are well'
}

check_certificates() {
  certificates=$(certificates)
  [ -n "$certificates" ] || { finding '?' certificates 'cannot tell: the proxy does not run'; return; }
  now=$(date +%s)
  while IFS='|' read -r name begins ends; do check_certificate; done << CERTIFICATES
$certificates
CERTIFICATES
}

# The built-in authority renews when a third is left, so a quarter left means that it did not.
check_certificate() {
  days=$(days_until "$ends")
  case $name in
    public)
      whose='for browsers'
      hint='put a new one into tls/ if it is your own; otherwise the logs of certs and acme say why it is not renewed'
      ;;
    authority)
      whose='of the built-in authority'
      hint='nothing is done by itself; devices have to trust the next one before this one ends'
      ;;
    *)
      whose="of $name"
      hint='scripts/fleethold logs certs says why it is not renewed'
      ;;
  esac
  if [ "$now" -ge "$ends" ]; then
    finding FAIL certificates "The certificate $whose ended" "$hint"
  elif [ "$now" -lt "$begins" ]; then
    finding FAIL certificates "The certificate $whose is not valid yet" 'the clock of this host is behind'
  elif [ $((ends - now)) -lt $(((ends - begins) / 4)) ] && [ "$days" -lt 30 ]; then
    finding warn certificates "the certificate $whose ends in $days days" "$hint"
  else
    finding ok certificates "$whose: $days days left"
  fi
}

check_journal() {
  has_kept || [ -s "$unreadable" ] || return 0
  finding warn trail 'the audit trail does not know of some commands yet; they are kept in .operator-journal' \
    'the next command that finds the product running tells it'
}
