#!/usr/bin/env bash
# Slots take up the files of today; but a live one waits for a switch.

# remember_due_slots: which slots have to restart is on the disk before the install counts as done.
remember_due_slots() {
  local what
  for what in $(sorted "${!due_slots[@]}"); do
    load_app "${what%%/*}"
    [[ -n $(release_of "${what#*/}") ]] || continue
    stale_add "$what" "$(slot_instance "${what#*/}")" "${due_slots[$what]}"
  done
}

# settle_slots: every slot that has a release runs, and runs with the files of today; but a live one waits for a switch.
settle_slots() {
  local name
  for name in $(sorted "${want_slots[@]%% *}" | uniq); do
    load_app "$name"
    repair_pair
    settle_slot "$(slot_at next)"
    [[ -z $unfit ]] || return 0
    settle_slot "$(slot_at live)"
  done
}

settle_slot() {
  local slot=$1 id
  id=$(release_of "$slot")
  [[ -n $id ]] || return 0
  if ! is_ready "$slot"; then
    failure="$app: ${runtime_unit[${runtime_of[$slot]}]} does not run"
    note_unfit "${runtime_unit[${runtime_of[$slot]}]}"
    return 0
  fi
  look_at "$slot"
  if [[ " ${waiting[*]} " == *" $app/$slot "* ]]; then
    say "$app: live slot $slot keeps its former configuration until the next switch"
    return 0
  fi
  if is_stale "$slot"; then
    if [[ $slot == "$(slot_at live)" && $process_state == running ]]; then
      say "$app: live slot $slot keeps its former configuration until the next switch"
      return 0
    fi
    settle_by restart "$slot" "$id"
  elif [[ $process_state != running && $process_state != starting ]]; then
    settle_by start "$slot" "$id"
  fi
}

# is_of_former_runtime SLOT RELEASE: this install gives the slot another runtime, and what is live is another release.
is_of_former_runtime() { changes_runtime "$1" && [[ $(release_of "$(slot_at live)") != "$2" ]]; }

# settle_by restart|start SLOT RELEASE: a release known to be bad is neither waited for nor a problem of this install.
settle_by() {
  if is_bad "$3"; then
    [[ $1 == restart ]] || return 0
    stop_slot "$2"
    start_slot "$2" || true
    stale_clear "$app/$2"
  else
    settled_slots+=("$app $2")
    if ! restart_slot "$2"; then
      if was_waiting "$app/$2" || { [[ $1 == restart ]] && is_of_former_runtime "$2" "$3"; }; then
        # it was live with its former configuration, what is live now runs with this one; or it was deployed for another
        # runtime: the next release is one for this
        mark_bad "$3" 'it does not run with the configuration of today'
        warn "$failure; release $3 is marked bad, and the next deploy brings another"
      elif [[ $1 == restart && -n ${due_slots[$app/$2]:-} ]]; then
        unfit=$failure          # its files changed with this install, and with them it does not run
      else
        problems+=("$failure")
      fi
      return 0
    fi
  fi
  change "$1" "$app/$2"
}
