# shellcheck shell=sh
# What the operator does for one person. Both stand in the audit trail, written by the product itself.

new_link() {
  need_email "${1:-}"
  say "Makes a link by which whoever opens it chooses a new password and authenticator for $1."
  say 'Hand it over in person or by a way only they can read. An earlier link stops working.'
  agree 'Make the link?'
  answer=$(ask new-link "$1") || explain_refusal "$answer"
  say "Works once, until $(answered expiresAt "$answer"):"
  answered link "$answer"
}

end_sessions() {
  need_email "${1:-}"
  say "Signs $1 out on every device at once. What was not sent yet stays on the device."
  agree 'End the sessions?'
  answer=$(ask end-sessions "$1") || explain_refusal "$answer"
  say "$(answered ended "$answer") session(s) ended"
}

need_email() {
  [ -n "$1" ] || refuse "$command needs the e-mail address of an account" "$hint_help" "$usage"
  need_docker
  read_settings
  read_containers
  instance > /dev/null || refuse 'Neither api-a nor api-b runs, so nobody can be asked' \
    'scripts/fleethold up starts them; then repeat this' "$not_running"
  tell_journal
}

# Its refusal the product has said on standard error. Where it failed instead, it says so to its log, which is what we
# were answered.
explain_refusal() {
  [ -z "$1" ] || refuse 'The product cannot do this now' 'scripts/fleethold status says what is not well' "$not_started"
  exit "$refused"
}
