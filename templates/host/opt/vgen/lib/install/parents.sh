#!/usr/bin/env bash
# The directories above what root writes. Whoever may write to one of them can exchange what lies in it for a link while
# root writes there, so all of them, up to the root directory, have to be root's alone.

declare -gA access_of=()         # directory or link → "TYPE UID GID MODE", of itself and not of what it points to
declare -gA is_roots=()          # directory → yes, for those that nobody but root can exchange

# read_access PATH…: what is known of the directories above these paths, by one run of stat.
read_access() {
  local path uid gid mode type
  local -A above=()
  for path; do
    path=${path%/*}
    while [[ -n $path && -z ${above[$path]:-} ]]; do
      above[$path]=yes
      path=${path%/*}
    done
  done
  (( ${#above[@]} > 0 )) || return 0
  while read -r uid gid mode type path; do
    access_of[$path]="$type $uid $gid $mode"
  done < <(stat --printf '%u %g %a %.1A %n\n' -- "${!above[@]}" 2>/dev/null || true)
}

# require_roots DIRECTORY: fails unless it, and all above it, can be written to by root alone. What is not there yet is
# made by root.
require_roots() {
  local type uid gid mode
  [[ -n $1 && -z ${is_roots[$1]:-} ]] || return 0
  require_roots "${1%/*}"
  [[ -n ${access_of[$1]:-} ]] || read_access "$1/"
  if [[ -n ${access_of[$1]:-} ]]; then
    read -r type uid gid mode <<<"${access_of[$1]}"
    if [[ $type == l && $uid == 0 ]]; then
      require_roots "$(readlink -f -- "$1")"
    elif (( uid != 0 || (8#$mode & 8#002) != 0 || ((8#$mode & 8#020) != 0 && gid != 0) )); then
      fail 2 "$1 belongs to $(stat -c '%U:%G, mode %a' -- "$1"); who can write there could exchange what root writes" \
        "below it: chown root: $1 && chmod go-w $1"
    fi
  fi
  is_roots[$1]=yes
}

# require_parents PATH…: of each of them the directories above.
require_parents() {
  local path
  read_access "$@"
  for path; do
    require_roots "${path%/*}"
  done
}
