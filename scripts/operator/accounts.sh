# shellcheck shell=sh
# What the operator does for people who want to sign in. All of it stands in the audit trail, written by the product itself.

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

# The way back when the company's identity provider fails, or was set up so that nobody gets in.
sso_off() {
  [ "${1:-}" = off ] || refuse 'sso takes one word, off' "$hint_help" "$usage"
  need_product
  say "Lets everybody who has a password sign in with it and a code again, as well as by the company's provider."
  agree 'Switch single sign-on alone off?'
  answer=$(ask sso-off) || explain_refusal "$answer"
  roles=$(printf '%s' "$answer" | sed -n 's/.*"roles":\[\([^]]*\)\].*/\1/p' | tr -d '"' | sed 's/,/, /g')
  if [ -z "$roles" ]; then
    say 'Nothing to switch off: no role signs in by single sign-on alone'
  else
    say "Switched off for: $roles. Who never had a password gets one by new-link EMAIL"
  fi
}

need_email() {
  [ -n "$1" ] || refuse "$command needs the e-mail address of an account" "$hint_help" "$usage"
  need_product
}

need_product() {
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
