# shellcheck shell=sh
# The doctor's checks of the host: what it has, what it is set to, and who may read what.

check_host() {
  check_memory
  check_cores
  check_disk
  check_encryption
  check_ports
  check_clock
  check_release_date
  check_name
  check_permissions
  check_offsite_folder
  check_socket
}

# A machine sold with 4 GB has a little less for us.
check_memory() {
  if [ "$memory" -ge 3600000000 ]; then
    finding ok memory "$(size "$memory") of memory"
  elif [ "$memory" -ge 2800000000 ]; then
    finding warn memory "$(size "$memory") of memory; 4 GB are asked for" \
      'give the machine more, or lower FLEETHOLD_DB_MEMORY in .env'
  else
    finding FAIL memory "$(size "$memory") of memory; 4 GB are needed" 'give the machine more'
  fi
}

check_cores() {
  if [ "$cores" -ge 2 ]; then
    finding ok cores "$cores cores"
  else
    finding warn cores 'one core; two are asked for' 'it works, but slowly while something is imported or a certificate renewed'
  fi
}

check_disk() {
  if [ -z "$disk_free" ]; then
    finding '?' disk "cannot tell how much is free: Docker's disk is not on this host" "look at $docker_root there"
  elif [ "$disk_free" -lt 2000000000 ]; then
    finding FAIL disk "Only $(size "$disk_free") are free at $docker_root; the databases stop when there is nothing left" \
      'docker system df shows what Docker holds; docker builder prune empties its cache of builds'
  elif [ "$disk_free" -lt 10000000000 ]; then
    finding warn disk "$(size "$disk_free") are free at $docker_root" \
      'docker system df shows what Docker holds; docker builder prune empties its cache of builds'
  else
    finding ok disk "$(size "$disk_free") free at $docker_root"
  fi
}

# Below Docker's root lie all volumes, backups among them, but for those that an override put elsewhere.
check_encryption() {
  for place in "$docker_root" $(volumes_elsewhere); do check_encryption_of "$place"; done
}

check_encryption_of() {
  device=''
  docker_is_here && device=$(device_below "$(readlink -f "$1")")
  if [ -z "$device" ]; then
    finding '?' encryption "cannot tell whether the disk below $1 is encrypted" \
      'it should be: personal data is sealed anyway, but orders, logs and the keys to it lie there too'
  elif is_encrypted "$device"; then
    finding ok encryption "the disk below $1 is encrypted ($(basename "$(readlink -f "$device")"))"
  else
    finding warn encryption "the disk below $1 is not encrypted, as far as this host sees" \
      'set it up on LUKS; fine as it is only if the disk or the hypervisor encrypts by itself'
  fi
}

# The folders or devices of this host that our volumes lie on by their option `device`.
volumes_elsewhere() {
  ours=$(docker volume ls --quiet --filter "label=com.docker.compose.project=$project" 2> /dev/null)
  # shellcheck disable=SC2086 # a list of names
  [ -z "$ours" ] || docker volume inspect --format '{{with .Options}}{{index . "device"}}{{end}}' $ours 2> /dev/null |
    grep '^/' | sort -u
}

check_ports() {
  [ -z "$https_port" ] || check_port https "$https_port" FLEETHOLD_HTTPS_PORT
  [ -z "$http_port" ] || check_port http "$http_port" FLEETHOLD_HTTP_PORT
}

check_port() {
  holder=$(docker ps --filter "publish=$2/tcp" --format '{{.ID}} {{.Names}}' | sed -n 1p)
  if [ -n "$holder" ] && runs proxy && [ "$(field_of proxy id | cut -c1-12)" = "${holder%% *}" ]; then
    finding ok "port $1" "$2 is ours"
  elif [ -n "$holder" ]; then
    finding FAIL "port $1" "Port $2 is taken by the container ${holder#* }" "stop it, or set $3 in .env to another port"
  elif ! docker_is_here; then
    finding '?' "port $1" "cannot tell whether $2 is free: Docker is on another host"
  elif listens "$2"; then
    finding FAIL "port $1" "Port $2 is taken by another program" \
      "ss -ltnp 'sport = :$2' names it; stop it, or set $3 in .env to another port"
  else
    finding ok "port $1" "$2 is free"
  fi
}

# From the kernel's own table (proc(5), net/tcp): state 0A is LISTEN, ports are hexadecimal.
listens() {
  cat /proc/net/tcp /proc/net/tcp6 2> /dev/null |
    awk -v port=":$(printf '%04X' "$1")" '$4 == "0A" && substr($2, length($2) - 4) == port { found = 1 } END { exit !found }'
}

# Codes from authenticator apps hold for half a minute, so a clock that is a minute wrong locks everybody out.
check_clock() {
  if synchronised=$(clock_state) && [ -n "$synchronised" ]; then
    if [ "$synchronised" = yes ]; then
      finding ok clock 'synchronised'
    else
      finding warn clock 'not synchronised' \
        'let systemd-timesyncd or chrony set it: a clock a minute wrong refuses every code of an authenticator app'
    fi
  else
    finding '?' clock 'cannot tell whether it is synchronised: no timedatectl, chronyc or ntpstat answers' \
      'if the host of this virtual machine sets the clock, all is well'
  fi
}

# yes, no, or nothing where nobody can be asked.
clock_state() {
  if state=$(timedatectl show --property NTPSynchronized --value 2> /dev/null) && [ -n "$state" ]; then
    echo "$state"
  elif tracking=$(chronyc -n tracking 2> /dev/null); then
    printf '%s\n' "$tracking" | grep -q '^Leap status *: Normal' && echo yes || echo no
  elif command -v ntpstat > /dev/null 2>&1; then
    ntpstat > /dev/null 2>&1
    case $? in 0) echo yes ;; 1) echo no ;; esac
  fi
}

# A machine whose battery is empty starts in 1970: every certificate is then of the future.
check_release_date() {
  made=$(docker image inspect --format '{{.Created}}' "$image" 2> /dev/null | cut -c1-19)
  now=$(date -u +%Y-%m-%dT%H:%M:%S)
  if [ -z "$made" ]; then
    finding '?' date "cannot tell whether it is right: this release is not built yet; the clock says $now"
  elif printf '%s %s\n' "$now" "$made" | awk '{ exit !($1 < $2) }'; then
    finding FAIL date "The clock says $now, but this release was built at $made (UTC)" 'set the clock'
  else
    finding ok date "$now UTC, after this release was built"
  fi
}

check_name() {
  bare=$(printf '%s' "$host" | tr -d '[]')
  if [ "$bare" = localhost ]; then
    finding warn address 'FLEETHOLD_HOST is localhost: only this host itself gets in' \
      'set it in .env to the name or address people type'
    return
  fi
  if ! command -v getent > /dev/null 2>&1; then
    finding '?' address "cannot tell where $bare leads: getent is missing"
    return
  fi
  leads_to=$(getent ahosts "$bare" 2> /dev/null | awk '{ print $1 }' | sort -u)
  own=$(own_addresses)
  if [ -z "$leads_to" ]; then
    finding FAIL address "The name $bare leads nowhere" 'add it to your DNS, or correct FLEETHOLD_HOST in .env'
  elif [ -z "$own" ] || ! docker_is_here; then
    finding '?' address "cannot tell whether $bare ($(one_line "$leads_to")) is this host"
  elif printf '%s\n' "$leads_to" | grep -qxF "$own"; then
    finding ok address "$bare leads to this host"
  else
    finding warn address "$bare leads to $(one_line "$leads_to"), which is no address of this host" \
      'right only if a router or load balancer there passes the ports on'
  fi
}

own_addresses() {
  { ip -o addr show 2> /dev/null || ifconfig -a 2> /dev/null; } |
    grep -Eo 'inet6? (addr: ?)?[0-9a-f.:]+' | sed 's/.* //; s/addr://'
}

one_line() { printf '%s\n' "$1" | tr '\n' ' ' | sed 's/ $//'; }

check_permissions() {
  bad=$((warnings + failures))
  check_secret .env warn
  check_secret .operator-journal warn
  check_secret tls/key.pem FAIL
  for file in credentials/*; do
    case $file in *.pub | */known_hosts) ;; *) check_secret "$file" FAIL ;; esac
  done
  for file in compose.yaml .env scripts/fleethold; do check_not_writable "$file"; done
  [ "$bad" -ne $((warnings + failures)) ] || finding ok permissions 'nobody else may read what is secret or write what is run'
}

check_secret() {
  [ -e "$1" ] || return 0
  case $(mode_of "$1") in
    ???????r??*) finding "$2" permissions "Every account of this host may read $1" "chmod o-rwx $1" ;;
  esac
  # 10001 is the container that reads tls/ and credentials/, see appliance/README.md.
  case $(stat -c %u "$1") in
    0 | 10001 | "$(stat -c %u .)" | "$(id -u)") ;;
    *) finding warn permissions "$1 belongs to $(owner_of "$1"), who owns nothing else here" "chown $(owner_of .) $1" ;;
  esac
}

# Who writes these is root: Docker does what they say.
check_not_writable() {
  [ -e "$1" ] || return 0
  case $(mode_of "$1") in
    ????????w?*) finding FAIL permissions "Every account of this host may write $1, and so become root" "chmod o-w $1" ;;
  esac
}

# Docker makes a folder that is missing, as root: then a disk that is not mounted looks like an empty one.
check_offsite_folder() {
  folder=$(offsite_folder)
  case $folder in /*) ;; *) return 0 ;; esac
  if ! docker_is_here; then
    finding '?' 'offsite folder' "cannot tell whether $folder is ready: Docker is on another host"
  elif [ ! -d "$folder" ]; then
    finding FAIL 'offsite folder' "There is no folder $folder for the offsite copies" \
      "mount the disk, then: mkdir -p $folder && chown 10060 $folder"
  elif [ "$(stat -L -c %u "$folder")" != 10060 ]; then
    finding FAIL 'offsite folder' "$folder belongs to $(stat -L -c %U "$folder"), and the sidecar cannot write into it" \
      "see that the disk is mounted, then: chown 10060 $folder"
  elif [ "$(stat -L -c %d "$folder")" = "$(stat -L -c %d "$docker_root" 2> /dev/null)" ]; then
    finding warn 'offsite folder' "$folder lies on the same disk as everything else" \
      'mount another disk there: what destroys this one would take the copies along'
  else
    finding ok 'offsite folder' "$folder is a disk of its own"
  fi
}

# The folder of this host that the sidecar copies to; nothing where it is a volume of Docker's.
offsite_folder() {
  printf '%s\n' "$config" | awk '$1 == "source:" { source = $2 } $1 == "target:" && $2 == "/target" { print source; exit }'
}

mode_of() { stat -L -c %A "$1"; }

# Whoever holds Docker's socket holds the host.
check_socket() {
  with_socket=$(mounts_of_all | awk -F'|' '$3 ~ /docker\.sock/ { print $1 "|" $2 }')
  ours=$(printf '%s\n' "$with_socket" | sed -n "s,^$project|/,,p")
  others=$(printf '%s\n' "$with_socket" | sed "/^$project|/d; s,^.*|/,,")
  if [ -n "$ours" ]; then
    finding FAIL socket "Docker's socket is mounted into $(one_line "$ours")" \
      'no part of Fleethold needs it; take it out of the override'
  elif [ -n "$others" ]; then
    finding warn socket "Docker's socket is mounted into $(one_line "$others"), not ours: who takes that over has this host" \
      'move it to another machine if it can be'
  else
    finding ok socket "no container holds Docker's socket"
  fi
}

# `project|/name|sources of its mounts` for every container that runs on this engine, not ours only.
mounts_of_all() {
  ids=$(docker ps --quiet)
  # shellcheck disable=SC2086 # a list of ids
  [ -z "$ids" ] || docker inspect --format \
    '{{index .Config.Labels "com.docker.compose.project"}}|{{.Name}}|{{range .Mounts}}{{.Source}} {{end}}' $ids 2> /dev/null
}
