#!/usr/bin/env bash
# What is live is asked through nginx and on its port before an install and after it, by the rule of the switch
# (see_live of release/switch.sh). One that is not as good as before puts the install back; one that is down all the
# same is told as a failure.

declare -gA live_before=()       # app → what see_live said of live before this install; empty where nothing is live

ask_live_before() {
  local name
  for name in $(known_apps); do
    live_before[$name]=$(live_state "$name" 2>/dev/null) || true
  done
}

# live_state APP
live_state() (
  load_app "$1"
  slot=$(slot_at live)
  [[ -n $slot && -n $(release_of "$slot") ]] || exit 0
  answers_wanted=1 proof_seconds=0 see_live "$slot"
  printf '%s' "$REPLY"
)

# ask_live_after: live is as good as before, or this install is unfit. Where it was down before, that is a problem only.
ask_live_after() {
  local name slot before
  for name in $(sorted "${want_slots[@]%% *}" | uniq); do
    load_app "$name"
    slot=$(slot_at live)
    [[ -n $slot && -n $(release_of "$slot") ]] || continue
    before=${live_before[$name]:-gone}
    wait_as_before "$slot" "$before"
    [[ $REPLY != up ]] || continue
    if [[ $before == gone || $before == "$REPLY" ]]; then
      failure="$app: live ($slot) does not answer well: $health_reason"
    else
      failure="$app: live ($slot) does not answer as before: $health_reason"
      # with nothing changed there is nothing to put back
      if [[ $option_allow_live == no && -e $journal ]]; then
        note "error: $failure"
        unfit=$failure
        return 0
      fi
    fi
    failure+=$(way_out_text "$(way_out)")
    note "error: $failure"
    problems+=("$failure")
  done
}

# wait_as_before SLOT STATE: REPLY and health_reason as of see_live, once it is as good as that, within the time that
# the app has to become healthy; what it depends on may restart.
wait_as_before() {
  local until=$((SECONDS + health_seconds))
  [[ $2 != gone ]] || until=$SECONDS
  while :; do
    proof_seconds=1 see_live "$1"
    [[ $REPLY != up && $REPLY != "$2" ]] || return 0
    (( SECONDS < until )) || return 0
    sleep 0.2
  done
}
