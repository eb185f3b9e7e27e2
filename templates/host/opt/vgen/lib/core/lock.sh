#!/usr/bin/env bash
# One thing at a time on a host: the kernel's lock on a file, which is free again however its holder ends.
# The file is never removed: a waiter would keep the lock of the removed one, and two would hold "the" lock.

# with_lock COMMAND…: runs COMMAND while no other script of vgen runs here.
with_lock() {
  # Who can read a file can lock it, and who may write to its directory can make it first: both are root's alone.
  [[ -d ${vgen_lock%/*} ]] || install -d -m 0700 -- "${vgen_lock%/*}"
  (umask 077 && : >>"${vgen_lock:?}")
  exec 9<>"$vgen_lock"
  flock --nonblock 9 || wait_for_lock
  : >"$vgen_lock"
  # on a full disk the lock holds all the same
  printf '%s, process %s, since %s\n' "$0" "$$" "$(time_now)" >&9 2>/dev/null || true
  # A child that outlives the script, such as a daemon, would keep the lock. So descriptor 9 is closed for COMMAND; bash
  # keeps a copy, marked close-on-exec, until COMMAND returns.
  "$@" 9>&-
}

# lock_is_held: some script of vgen works here; waits for nothing.
lock_is_held() { [[ -e $vgen_lock ]] && ! flock --nonblock "$vgen_lock" true; }

# free_lock: before the script ends.
free_lock() { exec 9>&-; }

wait_for_lock() {
  local seconds=${VGEN_LOCK_SECONDS:-300} holder
  holder=$(head -n 1 -- "$vgen_lock")
  note "waiting up to $seconds s for ${holder:-another run of vgen}"
  flock --timeout "$seconds" 9 || fail 3 "locked for $seconds s by ${holder:-another run of vgen}"
}
