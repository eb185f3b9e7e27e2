# shellcheck shell=bash
# The fleet lock: one line in a file that says who is at work on a host, so that two runs do not interleave.
# Columns: id, expiry (seconds since 1970; 0: never), since when, owner, machine, process, action, commit, message.

fleet_lock=/var/lib/vgen/fleet.lock
held='' held_until=0 now=0      # who has it, until when; the host's clock

# shellcheck source=SCRIPTDIR/../../../templates/host/opt/vgen/lib/core/room.sh
. room.sh

# cannot_write_lock: ends this with the reason.
cannot_write_lock() {
  local lack
  rm -f -- "$fleet_lock.new"
  lack=$(lack_of_room "${fleet_lock%/*}")
  printf '%s cannot be written%s\n' "$fleet_lock" "${lack:+: $lack}" >&2
  exit 1
}

# guard_lock: reads the lock. While descriptor 8 is open nobody else looks or writes, so both are one step.
guard_lock() {
  [[ -d ${fleet_lock%/*} ]] || install -d -m 0700 -- "${fleet_lock%/*}"
  { exec 8>>"$fleet_lock.guard"; } 2>/dev/null || cannot_write_lock
  flock --timeout 20 8
  now=$(date +%s)
  [[ ! -s $fleet_lock ]] || IFS=$'\t' read -r held held_until _ <"$fleet_lock"
  [[ $held_until =~ ^[0-9]+$ ]] || held_until=0
}

write_lock() {
  { printf '%s\n' "$1" >"$fleet_lock.new" && sync -- "$fleet_lock.new"; } 2>/dev/null || cannot_write_lock
  mv -fT -- "$fleet_lock.new" "$fleet_lock"
  sync -- "${fleet_lock%/*}"
  exec 8>&-
}

# take_lock ID SECONDS DETAILS [INSTEAD]: DETAILS are the columns from the owner on; SECONDS 0 is for ever. Somebody
# else's lock is told, and this ends with 9, unless it has expired or has the id INSTEAD.
take_lock() {
  local until=0
  guard_lock
  if [[ -n $held && $held != "$1" && $held != "${4:-$1}" ]] && (( held_until == 0 || held_until > now )); then
    cat -- "$fleet_lock"
    exit 9
  fi
  (( $2 == 0 )) || until=$((now + $2))
  write_lock "$1"$'\t'"$until"$'\t'"$now"$'\t'"$3"
}

# renew_lock ID SECONDS
renew_lock() {
  local line
  guard_lock
  [[ $held == "$1" ]] || exit 9
  line=$(<"$fleet_lock")
  write_lock "$1"$'\t'"$((now + $2))"$'\t'"${line#*$'\t'*$'\t'}"
}

# release_lock ID
release_lock() {
  guard_lock
  [[ -z $held || $held == "$1" ]] || exit 9
  rm -f -- "$fleet_lock"
  sync -- "${fleet_lock%/*}"
  exec 8>&-
}
