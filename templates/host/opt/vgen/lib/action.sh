#!/usr/bin/env bash
# Made by vgen; do not edit.
# What the scripts in /opt/vgen/bin share: everything about apps, the lock, one line of audit for each action.

# shellcheck source=SCRIPTDIR/detach.sh
[[ -n ${vgen_state:-} ]] || . "${lib:?}/detach.sh"
# shellcheck source=SCRIPTDIR/lock.sh
. "$lib/lock.sh"
# shellcheck source=SCRIPTDIR/journal.sh
. "$lib/journal.sh"
# shellcheck source=SCRIPTDIR/checks.sh
. "$lib/checks.sh"
# shellcheck source=SCRIPTDIR/apps.sh
. "$lib/apps.sh"
# shellcheck source=SCRIPTDIR/pending.sh
. "$lib/pending.sh"
# shellcheck source=SCRIPTDIR/supervisor.sh
. "$lib/supervisor.sh"
# shellcheck source=SCRIPTDIR/process.sh
. "$lib/process.sh"
# shellcheck source=SCRIPTDIR/health.sh
. "$lib/health.sh"
# shellcheck source=SCRIPTDIR/slots.sh
. "$lib/slots.sh"
# shellcheck source=SCRIPTDIR/release.sh
. "$lib/release.sh"
# shellcheck source=SCRIPTDIR/exchange.sh
. "$lib/exchange.sh"
# shellcheck source=SCRIPTDIR/switch.sh
. "$lib/switch.sh"

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
}

locked_action() {
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
  audit "$action" app="$action_app" from="$action_from" to="$action_to" result="$(result_of "$code")" \
    reason="$failure" seconds="$SECONDS"
  # Last of all: a rollback that dies before this is completed by the next one; after it, the next goes further back.
  (( code != 0 )) || rm -f -- "${app_state:?}/switching"
  exit "$code"
}
