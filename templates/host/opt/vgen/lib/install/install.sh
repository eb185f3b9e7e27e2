#!/usr/bin/env bash
# The engine of install.sh: the manifest of a tree lists what a host shall have, and `apply` makes it so.
# Each phase is one function; the order below is the whole story. Up to the swap nothing that runs has changed; until
# the journal ends, everything can be put back, files and services; after it, the tree is a generation of this host.

# shellcheck source=SCRIPTDIR/release.sh
declare -F run_action >/dev/null || . "${lib:?}/release.sh"

apply() {
  install_options "$@"
  detached install "$@"
  require_root
  end_on_signals
  with_lock install_tree "${tree:?}"
}

install_tree() {
  trap finish_install EXIT
  [[ -f $1/manifest.tsv && -f $1/SHA256SUMS ]] ||
    fail 2 'this tree is not complete; it lacks manifest.tsv or SHA256SUMS'
  read_manifest "$1/manifest.tsv"
  refuse_other_host
  refuse_unconfirmed
  put_back_unfinished
  read_generations
  stage_generation "$1"
  check_tree
  refuse_older
  read_record
  read_pending_actions
  settle_local_edits
  find_held_slots
  refuse_held_ports
  ask_live_before

  require_secrets "${want_secrets[@]}"
  install_packages "${want_packages[@]}"
  make_users
  make_certificates

  make_directories
  stage_files
  find_orphans
  call_for_changes
  if files_change; then
    check_staged
    replace_files
  fi
  take_up_files
  give_up_waiting_edits
  write_record "$tree_id"
  record_generation
  printf '%s\n' "$want_host" >"$vgen_state/host"
  journal_end
  no_pending_actions

  end_generation
  tidy_up
  ask_for_confirmation
  tell_result
}

# refuse_other_host: a tree that was sent to the wrong machine.
refuse_other_host() {
  local is=''
  install -d -m 0700 -- "$vgen_state"
  [[ ! -f $vgen_state/host ]] || read -r is <"$vgen_state/host"
  [[ -z $is || $is == "${want_host:?}" ]] ||
    fail 3 "this machine is $is, the tree is for $want_host; if it shall become that, remove $vgen_state/host first"
}

files_change() {
  (( ${#changed_files[@]} + ${#changed_links[@]} + ${#new_links[@]} > 0 ||
    ${#orphaned_files[@]} + ${#orphaned_services[@]} > 0 ))
}

# call_for_changes: which checks, reloads and restarts the changes ask for.
call_for_changes() {
  local i path
  for i in "${changed_files[@]}"; do
    note_change "${file_path[i]}" "${file_triggers[i]}" "${file_check[i]}"
  done
  for i in "${changed_links[@]}"; do
    note_change "${link_path[i]}" '' ''
  done
  for path in "${orphaned_files[@]}" "${orphaned_services[@]}"; do
    note_change "$path" "$(still_wanted "${former_triggers[$path]}")" "${former_check[$path]:-}"
  done
}

# still_wanted TRIGGERS: of a file that goes, without those for units and slots that this tree does not have any more.
still_wanted() {
  local trigger
  for trigger in ${1//,/ }; do
    case $trigger in
      slot:*) [[ " ${want_slots[*]/ //} " == *" ${trigger#*:} "* ]] || continue ;;
      reload:* | restart:*)
        [[ -z ${former_units[${trigger#*:}]:-} || " ${want_units[*]} " == *" ${trigger#*:} "* ]] || continue
        ;;
    esac
    printf '%s,' "$trigger"
  done
}

replace_files() {
  keep_edited_versions
  save_changed
  save "$record"
  save "$stale_file"
  write_pending_actions
  arm_revert
  journal_safe
  swap_changed
  remove_orphaned_files
  [[ $checked == yes ]] || run_checks || give_up
  remove_orphaned_services
}

# give_up: nothing has taken up the new files.
give_up() {
  [[ ! -e $journal ]] || put_back || exit 2
  keep_pending_actions
  say "$want_host: nothing was changed"
  exit 1
}

# take_up_files: what reads a changed file takes it up and proves that it runs, new units start, next slots run with the
# files of today. Also without a change of files, for what an install that was cut short left pending.
take_up_files() {
  act_on_units || undo_install
  start_units
  remember_due_slots
  [[ -n $unfit ]] || settle_slots
  [[ -n $unfit ]] || ask_live_after
  [[ -z $unfit ]] || undo_install
}

tidy_up() {
  if [[ $revert_armed == no ]]; then
    forget_originals
    remove_directories
  else
    tidy_up_later
  fi
  tell_left_alone
}

tell_result() {
  local problem
  tell_missing_programs
  if (( changes == 0 && ${#problems[@]} == 0 )); then
    say "$want_host: nothing to do"
    return 0
  fi
  say "$want_host: $(count "$changes" change)"
  (( ${#problems[@]} > 0 )) || return 0
  for problem in "${problems[@]}"; do
    warn "$problem"
  done
  fail 2 "$want_host is as the tree says, but not everything runs: ${problems[0]}"
}

# finish_install: however it ends, no half-installed tree stays and services may start again.
finish_install() {
  local code=$?
  trap - EXIT
  allow_service_starts
  if [[ -e $journal ]]; then
    put_back || code=2
  fi
  discard_staged
  rm -rf -- "${generations:?}/.new"
  disarm_failed
  forget_former
  # An error that nobody foresaw ends bash with any code; to the caller it is "could not be done".
  (( code != 1 )) || [[ -n $failure ]] || code=2
  audit install host="$want_host" from="${former_tree:0:12}" to="${tree_id:0:12}" generation="$generation" \
    commit="${option_commit?}" changes="$changes" \
    result="$(result_of "$code")" reason="$failure" seconds="$SECONDS"
  exit "$code"
}
