#!/usr/bin/env bash
# Pending actions: units and slots that may run with other files than those in place, written down before the swap and
# struck off when all has acted, so that no restart is lost.

pending_before=''               # what a former run left pending

# read_pending_actions: units and slots that a former run had to reload or restart and perhaps did not.
read_pending_actions() {
  local what unit
  [[ -s $pending_actions ]] || return 0
  pending_before=$(<"$pending_actions")
  while read -r what unit; do
    # a path, since what none calls for is not stale; those that did are back as they were
    note_due "$what" "$unit" "$pending_actions"
  done <<<"$pending_before"
}

# write_pending_actions: before the swap, so that no unit is forgotten whatever happens after it.
write_pending_actions() {
  local unit
  {
    for unit in "${!due_reload[@]}"; do printf 'reload %s\n' "$unit"; done
    for unit in "${!due_restart[@]}"; do printf 'restart %s\n' "$unit"; done
    for unit in "${!due_slots[@]}"; do printf 'slot %s\n' "$unit"; done
    for unit in "${!runtime_changed[@]}"; do printf 'reload %s\n' "${runtime_unit[$unit]}"; done
  } >"$pending_actions"
}

# keep_pending_actions: nothing has acted on the files of this run, and they are gone again.
keep_pending_actions() {
  if [[ -n $pending_before ]]; then
    printf '%s\n' "$pending_before" >"$pending_actions"
  else
    no_pending_actions
  fi
}

no_pending_actions() { rm -f -- "$pending_actions"; }
