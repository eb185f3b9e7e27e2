#!/usr/bin/env bash
# Slots: a release is put into the next one and proven healthy there. The live slot is never stopped by anything here.

slot_started=no

# place RELEASE SLOT: the slot runs it and is healthy; else a release that is deployed is marked bad, and this fails
# with reasons told.
place() {
  local id=${1:?} slot=${2:?}
  [[ $slot != "$(slot_at live)" ]] || fail 2 "$slot is live; nothing is put there"
  [[ -d ${dir:?}/$slot ]] || fail 2 "$dir/$slot is not there; run install.sh first"
  drain "$slot"
  stop_slot "$slot"
  if ! port_is_free "$slot"; then
    failure="port ${port_of[$slot]} is $(listener_on "${port_of[$slot]}") although $slot is stopped"
    note "error: $failure"
    return 1
  fi
  # Stopped before and started after: a process never runs another release than its link names.
  point "$dir/$slot/release" "../releases/$id" || return 1
  if run_slot "$slot"; then
    unmark_bad "$id"
  else
    # what was live before was good then: that a rollback to it fails is no proof against it
    [[ $slot_started == no || $action == rollback ]] || mark_bad "$id" "$failure"
    return 1
  fi
}

# run_slot SLOT: it was stopped; now it runs with the files as they are, and is healthy. slot_started tells whether a
# failure is the release's (yes) or lies in the slot's files (no).
run_slot() {
  local since=$SECONDS
  slot_started=no
  if start_slot "$1"; then
    slot_started=yes
    stale_clear "${app:?}/$1"
    wait_healthy "$1" && return 0
    failure="$app: $1 is not healthy after $((SECONDS - since)) s: $health_reason"
  else
    failure="$app: $1 cannot be started with its files${failure:+: $failure}"
  fi
  note "error: $failure"
  explain_slot "$1"
  return 1
}

# restart_slot SLOT: it takes up files that changed.
restart_slot() {
  drain "$1"
  stop_slot "$1"
  port_is_free "$1" || true             # if not, its start tells
  run_slot "$1"
}

# drain SLOT: connections that outlived the last switch get drain_seconds to end.
drain() {
  local until=$((SECONDS + ${drain_seconds:?})) open port=${port_of[$1]:?}
  open=$(connections_on "$port")
  (( open > 0 )) || return 0
  note "$app: $1 still holds $(count "$open" connection); waiting up to $drain_seconds s for them to end"
  while (( open > 0 && SECONDS < until )); do
    sleep 0.5
    open=$(connections_on "$port")
  done
  (( open == 0 )) || note "$app: $(count "$open" connection) to $1 cut now"
}

port_is_free() {
  local count
  for (( count = 0; count < 50; count++ )); do
    [[ -n $(listener_on "${port_of[$1]:?}") ]] || return 0
    sleep 0.1
  done
  return 1
}

# is_stale SLOT: its process still runs with files that were replaced.
is_stale() {
  [[ -n $(stale_paths "$app/$1") ]] || return 1
  stale_refresh "$app/$1" "$(slot_instance "$1")"
  [[ -n $(stale_paths "$app/$1") ]]
}
