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
  while IFS=$'\t' read -r uid gid mode type path; do
    access_of[$path]="$type $uid $gid $mode"
  done < <(stat --printf '%u\t%g\t%a\t%.1A\t%n\n' -- "${!above[@]}" 2>/dev/null || true)
}

# require_roots DIRECTORY: fails unless it, and all above it, can be written to by root alone; of a link also what it
# leads to, one link at a time. What is not there yet is made by root.
require_roots() {
  local type uid gid mode target word
  [[ -n $1 && -z ${is_roots[$1]:-} ]] || return 0
  is_roots[$1]=yes              # before the rest: links can lead in a circle, and what is not so ends the install
  require_roots "${1%/*}"
  [[ -n ${access_of[$1]:-} ]] || read_access "$1/"
  [[ -n ${access_of[$1]:-} ]] || return 0
  read -r type uid gid mode <<<"${access_of[$1]}"
  if [[ $type == l ]]; then
    target=$(readlink -- "$1")
    (( uid == 0 )) || fail 2 "$1 is a link of $(stat -c %U -- "$1") to $target; root writes nothing below it: remove it"
    [[ $target == /* ]] || target=${1%/*}/$target
    require_roots "${target%/}"
  elif (( uid != 0 || (8#$mode & 8#002) != 0 || ((8#$mode & 8#020) != 0 && gid != 0) )); then
    printf -v word %q "$1"
    fail 2 "$1 belongs to $(stat -c '%U:%G, mode %a' -- "$1"); who can write there could exchange what root writes" \
      "below it: chown root $word && chmod go-w $word"
  fi
}

# require_parents PATH…: of each of them the directories above.
require_parents() {
  local path
  read_access "$@"
  for path; do
    require_roots "${path%/*}"
  done
}
