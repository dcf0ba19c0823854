# shellcheck shell=sh
# How long the certificates hold. Read where they are used, with the openssl of the proxy's, the clusters' and backup's
# images.

# Prints `NAME|begins|ends` in seconds since 1970 for each; what cannot be asked now is left out.
certificates() {
  ! runs proxy || in_container proxy "$read_dates $dates_by_proxy"
  for service in db keys backup; do
    ! runs "$service" || in_container "$service" "$read_dates dates $service < /run/fleethold/tls.pem"
  done
}

in_container() { docker exec "$(field_of "$1" id)" sh -c "$2" < /dev/null 2> /dev/null; }

# For a shell in a container: its `date` is Debian's whatever this host's is.
# shellcheck disable=SC2016 # meant for that shell
read_dates='
  dates() {
    both=$(openssl x509 -noout -dates) || return 0
    begins=$(printf "%s\n" "$both" | sed -n "s/notBefore=//p")
    ends=$(printf "%s\n" "$both" | sed -n "s/notAfter=//p")
    printf "%s|%s|%s\n" "$1" "$(date -d "$begins" +%s)" "$(date -d "$ends" +%s)"
  }
'

# The instances have no openssl of their own; the proxy sees what they answer with.
# shellcheck disable=SC2016 # meant for that shell
dates_by_proxy='
  dates public < /run/fleethold/tls.pem
  dates authority < /run/fleethold/authority.pem
  for api in api-a api-b; do
    timeout 3 openssl s_client -connect "$api:8443" -servername "$api" < /dev/null | dates "$api"
  done
'

# Of the lines above, the one that ends first: `public` for browsers, `inside` for all others.
first_to_end() {
  printf '%s\n' "$certificates" | awk -F'|' -v which="$1" '
    NF == 3 && (which == "public") == ($1 == "public") && (ends == "" || $3 < ends) { ends = $3 }
    END { print ends }'
}

# Whole days from now until then, negative when it is over; empty for an empty moment.
days_until() { [ -z "$1" ] || printf '%s\n' "$1 $(date +%s)" | awk '{ d = ($1 - $2) / 86400; print int(d) - (d < int(d)) }'; }

ends_of() { printf '%s\n' "$certificates" | awk -F'|' -v name="$1" '$1 == name { print $3 }'; }

# Names of those that end within a week and were not renewed, as they are when a third is left.
overdue() {
  printf '%s\n' "$certificates" | awk -F'|' -v now="$(date +%s)" '
    NF == 3 { left = $3 - now }
    NF == 3 && left < 7 * 86400 && left < ($3 - $2) / 4 { print $1 }'
}
