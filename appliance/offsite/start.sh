#!/bin/sh
# Runs the offsite copy; asleep without a place to copy to, with nothing but this shell in memory. With words, does that
# one thing instead: `start list`, `start fetch --from TARGET --into FOLDER`.
set -u

looked=$FLEETHOLD_OFFSITE_LOOKED

say() { printf 'offsite %s\n' "$*" >&2; }

if [ $# -eq 0 ] && [ -z "${FLEETHOLD_OFFSITE:-}" ]; then
  trap 'exit 0' TERM INT
  say 'no target is set; nothing is copied'
  while :; do
    : > "$looked"
    # Woken by a signal at once, as sleep alone is not.
    sleep 20 &
    wait $!
  done
fi

# restic and curl trust the certificates of one file and no others, so the public ones stand beside the company's.
gather_trust() {
  cat /etc/ssl/certs/ca-certificates.crt /run/fleethold/trust.pem > "$FLEETHOLD_OFFSITE_CACERT.new" &&
    mv "$FLEETHOLD_OFFSITE_CACERT.new" "$FLEETHOLD_OFFSITE_CACERT"
}

gather_trust || exit 1
[ $# -gt 0 ] || while sleep 60; do gather_trust; done &

# The copies of the keys may lie elsewhere, where other credentials let them be deleted.
if [ -d /run/fleethold/keys ]; then export FLEETHOLD_OFFSITE_KEYS_CREDENTIALS=/run/fleethold/keys; fi
exec offsite "${@:-serve}"
