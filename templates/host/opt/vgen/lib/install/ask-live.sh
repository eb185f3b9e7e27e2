#!/usr/bin/env bash
# What is live is asked through nginx, as the switch does, before an install and after it. One that answered before and
# does not any more puts the install back; one that is down all the same is told as a failure.

declare -gA live_before=()       # app → the HTTP status of what is live before this install, empty if it is down

# ask_live_before: each app whose live slot nginx serves.
ask_live_before() {
  local name
  for name in $(known_apps); do
    live_before[$name]=$(live_status "$name" 2>/dev/null) || true
  done
}

# live_status APP: prints the HTTP status of what is live if its slot answers through nginx; nothing where nothing is
# deployed or nginx does not serve it.
live_status() (
  load_app "$1"
  slot=$(slot_at live)
  if [[ -n $slot && -n $(release_of "$slot") && $(is_served live && ask_nginx live /.vgen/slot) == "$slot" ]]; then
    status=$(status_behind_nginx "$slot")
    [[ $status == @(000|50[234]) ]] || printf '%s' "$status"
  fi
)

# ask_live_after: live still answers, or this install is unfit. Where it did not answer before, that is a problem only.
ask_live_after() {
  local name slot
  for name in $(sorted "${want_slots[@]%% *}" | uniq); do
    load_app "$name"
    slot=$(slot_at live)
    if [[ -z $slot || -z $(release_of "$slot") ]] || ! is_served live; then continue; fi
    ! answers_as_before "$slot" "${live_before[$name]:-}" || continue
    failure="$app: live ($slot) does not answer${live_before[$name]:+ as before}: $health_reason"
    note "error: $failure"
    # with nothing changed there is nothing to put back
    if [[ -n ${live_before[$name]:-} && $option_allow_live == no && -e $journal ]]; then
      unfit=$failure
      return 0
    fi
    problems+=("$failure")
  done
}

# answers_as_before SLOT STATUS: within the time that the app has to become healthy; what depends on it may restart.
# What answered well before has to do so again.
answers_as_before() {
  local until=$((SECONDS + health_seconds)) proof status
  [[ -n $2 ]] || until=$SECONDS
  while :; do
    if proof=$(proof_seconds=1 prove "$1"); then
      status=$(status_behind_nginx "$1")
      [[ $2 =~ ^[23] && ! $status =~ ^[23] ]] || return 0
      proof="HTTP $status for ${health_of[$1]:-/}, was $2"
    fi
    health_reason=$proof
    (( SECONDS < until )) || return 1
    sleep 0.2
  done
}
