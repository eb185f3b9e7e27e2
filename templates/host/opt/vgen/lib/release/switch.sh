#!/usr/bin/env bash
# The switch: next becomes live by exchanging two links, is proven through nginx, and is undone if that fails. nginx
# follows the link at each connect, so nothing is reloaded and no request fails. A rollback is a switch to an older
# release.

answers_wanted=20               # right answers in a row that prove a switch
proof_seconds=5                 # how long they may take
unproven_from=''                # while a switch is not proven: the slot that was live

# switch_to_next switch|rollback
switch_to_next() {
  local was is id proof
  was=$(slot_at live)
  is=$(slot_at next)
  id=$(release_of "$is")
  [[ -n $id ]] || fail 1 "${app:?}: the next slot $is has no release; deploy one first"
  action_from=$(release_of "$was")
  action_to=$id
  be_ready "$is"
  [[ -d $app_state ]] || install -d -m 0700 -- "$app_state"
  printf '%s\t%s\n' "$1" "$action_from" >"$app_state/switching"
  on_disk "$app_state/switching" "$app_state"
  unproven_from=$was
  exchange "$was" "$is"
  if ! proof=$(prove "$is"); then
    undo_switch
    fail 1 "$app: $is did not prove itself on $(place_of live): $proof; live is $was again"
  fi
  remember_live "$1" "$is" "$id"
  unproven_from=''
  [[ $1 != rollback || -z $action_from ]] || mark_bad "$action_from" 'rolled back'
  unmark_bad "$id"
  on_disk "$dir" "$dir/$is" "$app_state" "$app_state/history" "$app_state/bad"
  say "$app: live is $is (release $id), was $was (release ${action_from:-none}), $proof"
}

# be_ready SLOT: it answers, runs with the files of today, and not only since a moment ago.
be_ready() {
  if is_stale "$1"; then
    note "$app: $1 still runs with its former configuration; it is restarted first"
    restart_slot "$1" || fail 1 "$failure"
  elif is_pending_slot "$app/$1"; then
    note "$app: $1 may run with the configuration of an install that was put back; it is restarted first"
    restart_slot "$1" || fail 1 "$failure"
  fi
  if is_healthy "$1"; then
    is_steady "$1" && return 0
    note "$app: $1 was started anew since it was found healthy; it has to answer for $steady_seconds s"
    wait_healthy "$1" && return 0
  fi
  explain_slot "$1"
  fail 1 "$app: the next slot $1 is not healthy: $health_reason"
}

# exchange LIVE NEXT: live and next change places; a stop between two renames is seen to by repair_pair.
exchange() {
  if ! exchange_paths "${dir:?}/live" "$dir/next"; then
    point "$dir/live" "$2"
    point "$dir/next" "$1"
  fi
  [[ $(slot_at live) == "$2" && $(slot_at next) == "$1" ]] || fail 2 "$app: live and next could not be exchanged"
}

# undo_switch: also called when the script ends early while a switch is not proven.
undo_switch() {
  [[ $(slot_at live) == "$unproven_from" ]] || exchange "$(other_slot "$unproven_from")" "$unproven_from"
  unproven_from=''
  on_disk "$dir"
  rm -f -- "$app_state/switching"
}

# prove SLOT: through nginx, each time over a new connection, the slot answers with its name, and the app behind it with
# anything but a gateway's error. Prints the proof, or what was wrong with it.
prove() {
  local until=$((SECONDS + proof_seconds)) path=${health_of[$1]:-/} wanted='' answers='' code count
  is_served live || { printf 'which nothing proves, as nginx does not serve it'; return 0; }
  for (( count = 0; count < answers_wanted; count++ )); do
    wanted+=$1$'\n'
  done
  while :; do
    # curl asks for each number of the range; the question mark keeps it out of the path.
    answers=$(ask_nginx live "/.vgen/slot?[1-$answers_wanted]" --header 'Connection: close' 2>&1) || true
    if [[ $answers$'\n' == "$wanted" ]]; then
      code=$(status_behind_nginx "$1")
      [[ $code == 000 || $code == 50[234] ]] || break
      answers="HTTP $code for $path"
    fi
    if (( SECONDS >= until )); then
      printf 'it answered "%s"' "$(head -n 1 <<<"$answers" | cut -c 1-120)"
      return 1
    fi
    sleep 0.1
  done
  printf 'proven by %s answers' "$answers_wanted"
}

# status_behind_nginx SLOT: the HTTP status that live has for the health path of the slot; 000 for none.
status_behind_nginx() {
  ask_nginx live "${health_of[$1]:-/}" --output /dev/null --write-out '%{http_code}' 2>/dev/null || true
}

# see_live SLOT: the one rule of what is up. In REPLY "up" if live is what a switch would go to: nginx leads to it, with
# anything but a gateway's error, and it answers its health path well; "unhealthy" if the latter fails alone; else
# "gone". Whatever is not up is down, for health_reason.
see_live() {
  local proof
  REPLY=gone
  if ! proof=$(prove "$1"); then
    health_reason="$proof on $(place_of live)"
  elif answers_well "$1"; then
    REPLY=up
  else
    REPLY=unhealthy
  fi
}

# live_is_up SLOT: asked once.
live_is_up() {
  answers_wanted=1 proof_seconds=0 see_live "$1"
  [[ $REPLY == up ]]
}

# way_out: what makes another release live while live is down, "switch" or "rollback"; nothing where neither works.
way_out() {
  local slot id
  slot=$(slot_at next)
  id=$(release_of "$slot")
  if [[ -n $id ]] && ! is_bad "$id" && is_healthy "$slot"; then
    printf 'switch'
  elif [[ -n $(good_before "$(release_of "$(slot_at live)")") ]]; then
    printf 'rollback'
  fi
}

# way_out_text WAY: for people, after a reason.
way_out_text() { printf '%s' "${1:+; to make another release live: /opt/vgen/bin/vgen $1 $app}"; }

# roll_back: what was live before is live again. Deployed anew from its release if the next slot holds another by now.
# After one that was cut short when live had changed already there is nothing left to do; one more step back would be
# wrong.
roll_back() {
  local left target slot proof
  left=$(release_of "$(slot_at live)")
  if [[ $finished_action == rollback ]]; then
    slot=$(slot_at live)
    action_to=$left
    proof=$(prove "$slot") || fail 1 "$app: $slot does not prove itself on $(place_of live): $proof"
    say "$app: the rollback that was cut short is complete; live is $slot (release $left), $proof"
    return 0
  fi
  target=$(good_before "$left")
  slot=$(slot_at next)
  [[ -n $target ]] ||
    fail 3 "$app: nothing to roll back to: no other release was live, is still here and is not marked bad"
  action_from=$left
  action_to=$target
  if [[ $(release_of "$slot") != "$target" ]] || ! is_healthy "$slot"; then
    note "$app: release $target is started in $slot first"
    place "$target" "$slot" || fail 1 "$failure"
  fi
  switch_to_next rollback
}
