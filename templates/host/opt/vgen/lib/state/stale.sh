#!/usr/bin/env bash
# What still runs with its former configuration although the files changed: a live slot until the next switch, or
# supervisord itself. One line each: what (APP/SLOT or a unit), which running instance, the paths that changed. The
# instance tells a process from its successor, so that a line dies by itself when the machine was started anew.

stale_file=${vgen_state:?}/stale

# stale_add WHAT INSTANCE PATHS
stale_add() {
  local paths=()
  read -r -a paths <<<"$(stale_paths "$1") $3"
  mapfile -t paths < <(printf '%s\n' "${paths[@]}" | sort -u)
  stale_clear "$1"
  printf '%s\t%s\t%s\n' "$1" "$2" "${paths[*]}" >>"$stale_file"
}

# stale_paths WHAT: nothing if it is up to date.
stale_paths() {
  local what paths
  [[ -f $stale_file ]] || return 0
  while IFS=$'\t' read -r what _ paths; do
    [[ $what != "$1" ]] || printf '%s' "$paths"
  done <"$stale_file"
}

stale_clear() {
  [[ -f $stale_file ]] || return 0
  awk -F '\t' -v what="$1" '$1 != what' "$stale_file" >"$stale_file.new"
  mv -fT -- "$stale_file.new" "$stale_file"
}

# stale_refresh WHAT INSTANCE: the line goes if another instance runs now.
stale_refresh() {
  local what instance
  [[ -f $stale_file ]] || return 0
  while IFS=$'\t' read -r what instance _; do
    [[ $what != "$1" || $instance == "$2" ]] || stale_clear "$1"
  done <"$stale_file"
}
