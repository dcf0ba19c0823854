#!/bin/sh
# Runs HAProxy, and takes over renewed certificates and what the pages tell of them without ending a connection.
set -eu

handed=/run/fleethold
own=/run/haproxy
socket=$own/admin.sock

say() { printf 'proxy %s\n' "$*" >&2; }

ask() { printf '%s\n' "$1" | socat -t 5 - "UNIX-CONNECT:$socket"; }

# HAProxy's own way to replace a certificate in place (its management guide, "set ssl cert" and "commit ssl cert").
take_certificate() {
  cp "$handed/tls.pem" "$own/taking.pem"
  {
    printf 'set ssl cert %s/tls.pem <<\n' "$handed"
    cat "$own/taking.pem"
    printf '\n'
  } | socat -t 5 - "UNIX-CONNECT:$socket" | grep -q 'Transaction' || return 1
  ask "commit ssl cert $handed/tls.pem" | grep -q 'Success' || return 1
  mv "$own/taking.pem" "$own/taken.pem"
}

# What the pages tell: the address, the fingerprint, and where the certificate comes from.
take_facts() {
  cp "$handed/facts.map" "$own/taking.map"
  while read -r name value; do
    ask "set map $handed/facts.map $name $value" > /dev/null || return 1
  done < "$own/taking.map"
  mv "$own/taking.map" "$own/taken.map"
}

watch_handed() {
  while sleep 5; do
    cmp -s "$handed/facts.map" "$own/taken.map" || take_facts || say "cannot take over what the pages tell yet"
    cmp -s "$handed/tls.pem" "$own/taken.pem" && continue
    if take_certificate; then say "took over the renewed certificate"; else say "cannot take over the renewed certificate yet"; fi
  done
}

cp "$handed/tls.pem" "$own/taken.pem"
cp "$handed/facts.map" "$own/taken.map"
haproxy -c -q -f /etc/haproxy/haproxy.cfg
# Quiet, since it would say everything twice: to its log and to its terminal.
haproxy -db -q -f /etc/haproxy/haproxy.cfg 3>&1 &
haproxy=$!
# SIGUSR1: what is under way is finished, nothing new is taken.
trap 'kill -USR1 "$haproxy" 2> /dev/null' TERM INT
watch_handed &
while kill -0 "$haproxy" 2> /dev/null; do wait "$haproxy" || code=$?; done
exit "${code:-0}"
