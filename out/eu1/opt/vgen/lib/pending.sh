#!/usr/bin/env bash
# Made by vgen; do not edit.
# What still runs with its former configuration although the files changed: a live slot until the next switch, or
# supervisord itself. One line each: what (APP/SLOT or a unit), which running instance, the paths that changed. The
# instance tells a process from its successor, so that a line dies by itself when the machine was started anew.

pending_file=${vgen_state:?}/pending

# pending_add WHAT INSTANCE PATHS
pending_add() {
  local paths=()
  read -r -a paths <<<"$(pending_paths "$1") $3"
  mapfile -t paths < <(printf '%s\n' "${paths[@]}" | sort -u)
  pending_clear "$1"
  printf '%s\t%s\t%s\n' "$1" "$2" "${paths[*]}" >>"$pending_file"
}

# pending_paths WHAT: nothing if it is up to date.
pending_paths() {
  local what paths
  [[ -f $pending_file ]] || return 0
  while IFS=$'\t' read -r what _ paths; do
    [[ $what != "$1" ]] || printf '%s' "$paths"
  done <"$pending_file"
}

pending_clear() {
  [[ -f $pending_file ]] || return 0
  awk -F '\t' -v what="$1" '$1 != what' "$pending_file" >"$pending_file.new"
  mv -fT -- "$pending_file.new" "$pending_file"
}

# pending_refresh WHAT INSTANCE: the line goes if another instance runs now.
pending_refresh() {
  local what instance
  [[ -f $pending_file ]] || return 0
  while IFS=$'\t' read -r what instance _; do
    [[ $what != "$1" || $instance == "$2" ]] || pending_clear "$1"
  done <"$pending_file"
}

# instance_of PID: this process in this boot; a process id alone can come again.
instance_of() {
  local fields
  [[ -r /proc/${1:-0}/stat ]] || { printf 'none'; return; }
  fields=$(<"/proc/$1/stat")
  read -r -a fields <<<"${fields##*) }"      # the name before it may hold spaces
  printf '%s:%s:%s' "$(</proc/sys/kernel/random/boot_id)" "$1" "${fields[19]}"
}
