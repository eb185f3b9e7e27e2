#!/usr/bin/env bash
# Follows the run that a broken connection began after the one named $1: all of its output, then its exit code. A run
# whose host stopped has none; then nobody holds the host's lock any more. Ends with 240 if nothing was begun.
# shellcheck source=SCRIPTDIR/../connect/places.sh
. places.sh
set +e

last=$({ ls -1 -- "$runs" 2>/dev/null || true; } | tail -n 1)
[[ -n $last && $last != "$1" ]] || exit 240
run=$runs/$last idle=0 told_out=0 told_err=0

tell_more() {
  local size
  size=$(stat -c %s -- "$run/out") && (( size > told_out )) && {
    tail -c "+$((told_out + 1))" -- "$run/out" | head -c "$((size - told_out))"
    told_out=$size
  }
  size=$(stat -c %s -- "$run/err") && (( size > told_err )) && {
    tail -c "+$((told_err + 1))" -- "$run/err" | head -c "$((size - told_err))" >&2
    told_err=$size
  }
}

until [[ -e $run/code ]] || (( idle >= 20 )); do
  tell_more
  if [[ ! -e $host_lock ]] || flock --nonblock "$host_lock" true; then idle=$((idle + 1)); else idle=0; fi
  sleep 0.2
done
tell_more
[[ -e $run/code ]] || { echo 'error: the run ended without a result; was the host restarted?' >&2; exit 2; }
exit "$(<"$run/code")"
