#!/bin/sh
# Asks an ACME authority (RFC 8555) for the certificate of FLEETHOLD_HOST, by HTTP on port 80, and again
# when it has 30 days left. Without FLEETHOLD_ACME_MAIL there is nothing to do. What was issued lies in /issued, from
# where `certs` takes it.
set -eu

home=/var/lib/acme
host=${FLEETHOLD_HOST:-localhost}

say() { printf 'acme %s\n' "$*" >&2; }

trap 'exit 0' TERM INT

# Woken by a signal at once, as sleep alone is not.
rest() { sleep "$1" & wait $!; }

hand_out() {
  umask 027
  cp "$home/certificates/$host.key" /issued/key.pem.new
  cp "$home/certificates/$host.crt" /issued/cert.pem.new
  chmod 640 /issued/*.new
  mv /issued/key.pem.new /issued/key.pem
  mv /issued/cert.pem.new /issued/cert.pem
}

if [ -z "${FLEETHOLD_ACME_MAIL:-}" ]; then
  say "no mail address is set; nothing to do"
  rm -f /issued/*.pem
  while :; do rest 3600; done
fi

set -- --accept-tos --email "$FLEETHOLD_ACME_MAIL" --path "$home" --key-type ec256 \
  --http --http.port :8402 --domains "$host" ${FLEETHOLD_ACME_SERVER:+--server "$FLEETHOLD_ACME_SERVER"}
# The company's authorities, for an ACME server of its own.
export LEGO_CA_CERTIFICATES=/run/fleethold/trust.pem LEGO_CA_SYSTEM_CERT_POOL=true

pause=20
while :; do
  if [ -s "$home/certificates/$host.crt" ]; then task='renew --days 30 --no-random-sleep'; else task=run; fi
  # shellcheck disable=SC2086 # words of our own
  if lego "$@" $task; then
    hand_out
    pause=20
    rest 43200
  else
    say "the authority did not issue a certificate; trying again in $pause s"
    say "hint: http://$host/ must reach this host on port 80 from the internet; what went wrong stands above"
    rest "$pause"
    # Authorities count failures, five an hour at the strictest: 20 s, a minute, three, nine, half an hour, an hour.
    [ "$pause" -ge 3600 ] || pause=$((pause * 3))
  fi
done
