# shellcheck shell=sh
# The disk below Docker, where everything of the appliance lies.

# What Docker says of the machine it runs on. Sets: docker_root, memory (bytes), cores.
read_machine() {
  machine=$(docker info --format '{{.DockerRootDir}}|{{.MemTotal}}|{{.NCPU}}|{{.Name}}' 2> /dev/null)
  docker_root=$(printf '%s' "$machine" | cut -d'|' -f1)
  memory=$(printf '%s' "$machine" | cut -d'|' -f2)
  cores=$(printf '%s' "$machine" | cut -d'|' -f3)
  docker_name=$(printf '%s' "$machine" | cut -d'|' -f4)
}

# Docker may be on another host (DOCKER_HOST), or in a virtual machine of a desktop.
docker_is_here() { [ "$docker_name" = "$(uname -n)" ] && [ -d "$docker_root" ]; }

# Sets: disk_size, disk_used, disk_free in bytes; empty where nobody can be asked.
read_disk() {
  if docker_is_here; then
    table=$(df -Pk "$docker_root" 2> /dev/null)
  elif runs db; then
    # Its volume lies below Docker's root, wherever that is.
    table=$(docker exec "$(field_of db id)" df -Pk /var/lib/postgresql < /dev/null 2> /dev/null)
  else
    table=''
  fi
  disk_size=$(of_table 2) disk_used=$(of_table 3) disk_free=$(of_table 4)
}

of_table() { printf '%s\n' "$table" | awk -v column="$1" 'NR == 2 { printf("%.0f\n", $column * 1024) }'; }

# Whether everything below a block device is encrypted by the kernel, LUKS or other dm-crypt. Takes its folder in /sys:
# a file system may lie on LVM on LUKS, or on RAID of several.
is_encrypted() {
  case $(cat "$1/dm/uuid" 2> /dev/null) in CRYPT-*) return 0 ;; esac
  has_slaves=''
  for below in "$1"/slaves/*; do
    [ -e "$below" ] || continue
    # In a shell of its own, so that what this level knows is not overwritten.
    (is_encrypted "$below") || return 1
    has_slaves=1
  done
  [ -n "$has_slaves" ]
}

# The folder in /sys of the block device below a path; empty where it is none we can see (ZFS, a network).
device_below() {
  mounted=$(awk -v path="$1" '
    { at = $5; if (at != "/") at = at "/" }
    index(path "/", at) == 1 && length(at) >= longest {
      longest = length(at)
      for (i = 7; $i != "-"; i++);
      found = $3 " " $(i + 2)
    }
    END { print found }' /proc/self/mountinfo 2> /dev/null)
  for device in "/sys/dev/block/${mounted%% *}" "/sys/class/block/$(basename "$(readlink -f "${mounted#* }" || echo none)")"; do
    [ ! -d "$device" ] || { printf '%s\n' "$device"; return 0; }
  done
}
