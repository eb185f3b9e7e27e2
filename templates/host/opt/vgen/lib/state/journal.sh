#!/usr/bin/env bash
# What an install is about to change, written down before it changes it, with the former versions beside it. While the
# journal exists the install is not finished; `put_back` undoes all that it names, in the next run if this one dies.
#
#   saved PATH NUMBER        its former version is former/NUMBER      new PATH             it was not there
#   mode PATH MODE OWNER     a directory had these                    made PATH            a directory was not there
#   stopped RUNTIME UNIT     a service was stopped           started UNIT / enabled UNIT   a unit was not so before

journal=${vgen_state:?}/journal
former=${vgen_state:?}/former
saved_count=0
pending_actions=$vgen_state/pending-actions     # lib/install/pending-actions.sh

# journal_add KIND FIELD…: the first line opens the journal and drops what the install before this one saved.
journal_add() {
  local IFS=$'\t'
  if [[ ! -e $journal ]]; then
    rm -rf -- "${former:?}"
    mkdir -m 0700 -- "$former"
  fi
  printf '%s\n' "$*" >>"$journal" || fail 2 "$journal cannot be written"
}

# journal_safe: all of it, and what is saved, staged or in place because of it, is on the disk from here on: each file
# system as a whole, which for many files is quicker than one by one.
journal_safe() {
  local device path parents=()
  local -A one_on=()
  mapfile -t parents < <(sed -nE 's|^[a-z]+\t(/[^\t]*)/[^\t]*.*|\1|p' "$journal" | sort -u)
  while read -r device path; do
    one_on[$device]=$path
  done < <(stat --format '%d %n' -- / "$vgen_state" "${parents[@]}" 2>/dev/null)
  sync -f -- "${one_on[@]}"
}

journal_end() {
  [[ -e $journal ]] || return 0
  journal_safe
  mv -fT -- "$journal" "$former/journal"
  on_disk "$vgen_state" "$former"
}

# is_left_half_done: an install was killed, or what it had begun to reload or restart is still pending.
is_left_half_done() { [[ -e $journal || -s $pending_actions ]] && ! lock_is_held; }

# is_pending_slot APP/SLOT: an install may have begun to restart it, and was cut short or put back.
is_pending_slot() { [[ -s $pending_actions ]] && grep -qxF -- "slot $1" "$pending_actions"; }

# save PATH: keeps what is there now, whatever it is.
save() {
  if [[ -e $1 || -L $1 ]]; then
    saved_count=$((saved_count + 1))
    journal_add saved "$1" "$saved_count"
    copy_whole "$1" "$former/$saved_count" || fail 2 "the former version of $1 cannot be kept, so it is not replaced"
  else
    journal_add new "$1"
  fi
}
