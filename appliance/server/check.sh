#!/bin/bash
# Health check of the server's containers. Bash's own sockets, since a second Deno every few seconds would cost more
# than the one it asks.
#   check http PATH    the process on 127.0.0.1:8081 answers PATH with 200
#   check fresh FILE   the file was written within the last minute
case $1 in
  http)
    exec 3<> /dev/tcp/127.0.0.1/8081 || exit 1
    printf 'GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' "$2" >&3
    read -r -t 4 _ status _ <&3
    [ "$status" = 200 ]
    ;;
  fresh)
    [ -n "$(find "$2" -newermt '-60 seconds' 2> /dev/null)" ]
    ;;
  *)
    exit 2
    ;;
esac
