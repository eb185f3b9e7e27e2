# shellcheck shell=bash
# What a host says of itself without being looked at closely: cheap.
# shellcheck disable=SC2034,SC2154  # the places, the lock, what the data of an app sets; what observe.sh reads

installed='' is_due=no          # the tree that is installed; whether something is pending there

# tell_state: cheap, and enough to say what the host has and whether somebody is at work.
tell_state() {
  local file dir last=''
  if [[ -e $host_lock ]]; then
    exec 9<"$host_lock"
    if ! flock --nonblock 9; then
      tell busy
      for dir in "$runs"/*-install-*; do
        [[ ! -d $dir ]] || last=$dir
      done
      [[ -z $last || -e $last/code ]] || tell attach
    fi
    exec 9<&-
  fi
  for file in /opt/vgen/apps/*.sh; do
    [[ ! -f $file ]] || tell_releases "$file"
  done
  [[ ! -s $fleet_lock ]] || tell lock "$(date +%s)" "$(<"$fleet_lock")"
  [[ ! -f $state/host ]] || tell host "$(<"$state/host")"
  if [[ -s $state/generations.tsv ]]; then
    tell generation "$(tail -n 1 -- "$state/generations.tsv" | cut -f 1)" \
      "$(cut -f 3 -- "$state/generations.tsv" | sort -n | tail -n 1)"
  fi
  [[ ! -e $state/unconfirmed ]] || tell unconfirmed "$(seconds_left)"
  if [[ -s $state/stale || -s $state/pending-actions || -e $state/journal ]]; then
    is_due=yes
    tell due
  fi
  tell_waiting
  [[ ! -f $state/installed.tsv ]] || installed=$(awk -F '\t' '$1 == "tree" { print $2; exit }' "$state/installed.tsv")
  [[ -z $installed ]] || tell tree "$installed"
}

# tell_waiting: files whose change waits for a switch; due where the slot is not live any more.
tell_waiting() {
  local path slot
  [[ -f $state/installed.tsv ]] || return 0
  while IFS=$'\t' read -r path slot; do
    tell waiting "$path" "$slot"
    if [[ $is_due == no && $(live_slot "${slot%%/*}") != "${slot#*/}" ]]; then
      is_due=yes
      tell due
    fi
  done < <(sed -n 's/^waiting\t//p' "$state/installed.tsv")
}

# live_slot APP: the one that its link names.
live_slot() (
  [[ -f /opt/vgen/apps/$1.sh ]] || exit 0
  # shellcheck source=/dev/null
  . "/opt/vgen/apps/$1.sh"
  slot=$(readlink -- "$dir/live") || exit 0
  printf '%s' "${slot##*/}"
)

tell_releases() (
  # shellcheck source=/dev/null
  . "$1"
  for role in live next; do
    target=$(readlink -- "$dir/$role/release") || continue
    tell "$role" "$app" "${target##*/}"
  done
  exit 0
)

# seconds_left: until the host puts back what nobody confirms.
seconds_left() {
  local seconds since
  seconds=$(sed -n 's/^seconds\t//p' "$state/unconfirmed")
  since=$(systemctl show --property ActiveEnterTimestamp --value vgen-revert.timer)
  since=$(date -d "${since:-now}" +%s)
  seconds=$((seconds + since - $(date +%s)))
  (( seconds > 0 )) || seconds=0
  printf '%s' "$seconds"
}

tell_status() {
  local program=(/opt/vgen/bin/vgen status)
  [[ ! -x ${program[0]} ]] || tell status "$("${program[@]}" --json 2>/dev/null | tr -d '\n\t')"
}
