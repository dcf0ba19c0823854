#!/bin/sh
# The hosts that alerts go to, to be added to the worker's --allow-net: `,smtp.example.org:587,hooks.example.org:443`.
# Only a host and a port get through, whatever else stands in the two settings.
set -u

# HOST:PORT as `,HOST:PORT`; nothing for anything else, several lines among it.
allow() {
  printf '%s' "$1" | tr '\n' ' ' | sed -nE 's/^[A-Za-z0-9][A-Za-z0-9.-]*:[0-9]{1,5}$/,&/p' | tr -d '\n'
}

# URL without its scheme as HOST:PORT.
host_and_port() {
  authority=${1%%[/?#]*}
  case $authority in
    *:*) printf '%s' "$authority" ;;
    *) printf '%s:443' "$authority" ;;
  esac
}

allow "${FLEETHOLD_SMTP:-}"
case ${FLEETHOLD_ALERT_WEBHOOK:-} in
  https://*) allow "$(host_and_port "${FLEETHOLD_ALERT_WEBHOOK#https://}")" ;;
esac
