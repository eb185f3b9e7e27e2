#!/usr/bin/env bash
# One action on one app: under the lock, and with one line of audit.


action='' action_app='' action_from='' action_to=''

# run_action ACTION APP FUNCTION [ARGUMENT…]: FUNCTION with the app's data loaded and its links sound, while nothing
# else of vgen runs here.
run_action() {
  action=$1
  action_app=$2
  shift 2
  require_root
  load_app "$action_app"
  end_on_signals
  trap finish_action EXIT
  with_lock locked_action "$@"
  trap - EXIT
  conclude_action 0
  free_lock
}

locked_action() {
  [[ ! -e $journal ]] ||
    fail 3 'an install was cut short, and nothing goes live with half of its files; "vgen apply" finishes it,' \
      'and on the host "/opt/vgen/bin/vgen recover" puts it back'
  repair_pair
  "$@"
}

# finish_action: however the script ends, nothing is left half done and what happened is on record.
finish_action() {
  local code=$?
  trap - EXIT
  [[ -z $unfinished_release ]] || rm -rf -- "${unfinished_release:?}"
  if [[ -n $unproven_from ]]; then
    undo_switch
    note "$app: the switch was not finished; live is $(slot_at live) again"
  fi
  # An error that nobody foresaw ends bash with any code; to the caller it is "could not be done".
  (( code != 1 )) || [[ -n $failure ]] || code=2
  conclude_action "$code"
  exit "$code"
}

# conclude_action CODE
conclude_action() {
  audit "$action" app="$action_app" from="$action_from" to="$action_to" result="$(result_of "$1")" \
    reason="$failure" seconds="$SECONDS"
  # Last of all: a rollback that dies before this is completed by the next one; after it, the next goes further back.
  if (( $1 == 0 )) && [[ -e ${app_state:?}/switching ]]; then
    rm -f -- "$app_state/switching" && on_disk "$app_state"
  fi
}

# repair_pair: live and next name the two slots, one each. They do not when a machine stopped between two renames; live
# is what is served, so next follows it.
repair_pair() {
  local is_live is_next
  rm -f -- "$(beside "$dir/live")" "$(beside "$dir/next")"      # of one that died before the rename
  rm -rf -- "${dir:?}/releases"/.new.*                          # of one that died while it unpacked
  is_live=$(slot_at live)
  is_next=$(slot_at next)
  if [[ -z $is_live ]]; then
    [[ -d $dir ]] || fail 2 "$dir is not there; run install.sh first"
    is_live=$(last_live_slot)
    point "$dir/live" "${is_live:=${slots[0]}}"
    note "$app: live named no slot; it is $is_live now"
  fi
  if [[ $is_next != "$(other_slot "$is_live")" ]]; then
    point "$dir/next" "$(other_slot "$is_live")"
    note "$app: next is $(other_slot "$is_live") again, since live is $is_live"
  fi
  finish_cut_switch
}

# finish_cut_switch: a script that died while it switched left this file; what became live is written down after all.
finish_cut_switch() {
  local action left slot
  [[ -e $app_state/switching ]] || return 0
  IFS=$'\t' read -r action left <"$app_state/switching" || action=switch
  slot=$(slot_at live)
  if [[ $(last_live_slot) != "$slot" && -n $(release_of "$slot") ]]; then
    remember_live "$action" "$slot" "$(release_of "$slot")"
    note "$app: the last $action was cut short before it was proven; live is $slot"
  fi
  if [[ $action == rollback && -n $left && $(release_of "$slot") != "$left" ]]; then
    mark_bad "$left" 'rolled back'
    finished_action=rollback
  fi
  rm -f -- "$app_state/switching"
}
