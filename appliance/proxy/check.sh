#!/bin/sh
# Health check: HAProxy answers its socket and uses the certificate it was handed last, and an instance can be reached.
printf 'show stat app -1 -1\n' | socat -t 2 - UNIX-CONNECT:/run/haproxy/admin.sock | grep -Eq '^app,api-[ab],.*,UP,' || exit 1
cmp -s /run/fleethold/tls.pem /run/haproxy/taken.pem && exit 0
# The watcher takes a few seconds.
[ -n "$(find /run/fleethold/tls.pem -newermt '-60 seconds')" ]
