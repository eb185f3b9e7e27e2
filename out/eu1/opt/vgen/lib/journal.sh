#!/usr/bin/env bash
# Made by vgen; do not edit.
# What an install is about to change, written down before it changes it, with the former versions beside it. While the
# journal exists the install is not finished; `put_back` undoes all that it names, in the next run if this one dies.
#
#   saved PATH NUMBER        its former version is former/NUMBER      new PATH             it was not there
#   mode PATH MODE OWNER     a directory had these                    made PATH            a directory was not there
#   stopped RUNTIME UNIT     a service was stopped           started UNIT / enabled UNIT   a unit was not so before
#
# Beside it stands the list of units that may run with other files than those in place ("owed").
# shellcheck disable=SC2154  # what is read here is set in the other files

journal=${vgen_state:?}/journal
former=${vgen_state:?}/former
owed=${vgen_state:?}/owed
owed_before=''                  # what a former run still owed
saved_count=0

# journal_add KIND FIELD…: the first line opens the journal and drops what the install before this one saved.
journal_add() {
  local IFS=$'\t'
  if [[ ! -e $journal ]]; then
    rm -rf -- "${former:?}"
    mkdir -m 0700 -- "$former"
  fi
  printf '%s\n' "$*" >>"$journal" || fail 2 "$journal cannot be written"
}

# journal_safe: all of it, the saved and the staged files are on the disk from here on.
journal_safe() { sync -f -- "$vgen_state"; }

journal_end() {
  [[ -e $journal ]] || return 0
  journal_safe
  mv -fT -- "$journal" "$former/journal"
}

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

# put_back: everything as it was before the install that the journal tells of, the last step first. What cannot be put
# back does not keep the rest from it; but then the journal stays, and this fails.
put_back() {
  local line fields files=0 revive=() lines=() stuck=() last
  mapfile -t lines <"$journal"
  last=$((${#lines[@]} - 1))
  # Of a full disk or a power loss half a line can stay. What it would have told of was not begun.
  [[ -z $(tail --bytes 1 -- "$journal") ]] || last=$((last - 1))
  for (( ; last >= 0; last-- )); do
    line=${lines[last]}
    IFS=$'\t' read -r -a fields <<<"$line"
    case ${fields[0]} in
      saved | new)
        [[ ${fields[1]} == "${record:?}" ]] || files=$((files + 1))
        put_back_path "${fields[@]}" || stuck+=("${fields[1]}")
        ;;
      mode)
        chown -- "${fields[3]}" "${fields[1]}" && chmod -- "${fields[2]}" "${fields[1]}" || stuck+=("${fields[1]}")
        ;;
      made) [[ ! -d ${fields[1]} ]] || rmdir --ignore-fail-on-non-empty -- "${fields[1]}" ;;
      started) systemctl stop -- "${fields[1]}" || stuck+=("${fields[1]}") ;;
      enabled) systemctl disable --quiet -- "${fields[1]}" 2>/dev/null || true ;;
      stopped) revive+=("${fields[1]} ${fields[2]}") ;;
      *) stuck+=("\"$line\"") ;;
    esac
  done
  systemctl daemon-reload
  for line in "${revive[@]}"; do
    revive_service "${line% *}" "${line#* }"
  done
  if (( ${#stuck[@]} > 0 )); then
    failure="cannot be put back: ${stuck[*]}; the former versions are in $former"
    note "error: $failure"
    return 1
  fi
  journal_end
  (( files == 0 )) || say "put back $(count "$files" file) as before"
}

# put_back_path saved|new PATH [NUMBER]
put_back_path() {
  if [[ $1 == new ]]; then
    rm -f -- "$2"
  elif [[ -e $former/$3 || -L $former/$3 ]]; then
    replace_with "$former/$3" "$2"
  fi      # else it was written down and then not saved any more; or it is back already, and this was cut short after it
}

# replace_with SAVED PATH: in one step, so that nobody ever finds PATH missing or half written.
replace_with() {
  # A full disk must not keep the former version from coming back; moving it needs no room.
  copy_whole "$1" "$2" || mv -fT -- "$1" "$2"
}

# copy_whole FROM TO: all of it or nothing, also where the disk is full or this is killed; half a copy would be put back
# as if it were the former version.
copy_whole() {
  local new
  new=$(beside "$2")
  rm -rf -- "${new:?}"
  if cp -aT -- "$1" "$new" && mv -fT -- "$new" "$2"; then
    return 0
  fi
  rm -rf -- "${new:?}"
  return 1
}

# beside PATH: a hidden name in the same directory, hence on the same file system and outside every *.conf.
beside() { printf '%s/.%s.vgen-new' "${1%/*}" "${1##*/}"; }

revive_service() {
  if [[ $1 == supervisor ]]; then
    supervisor_reread && supervisor_update "$2" && return 0
  else
    systemctl enable --quiet --now -- "$2" && return 0
  fi
  warn "$2 could not be started again"
}

# put_back_unfinished: an install that was killed left its journal; what it did is undone before anything else.
put_back_unfinished() {
  [[ -e $journal ]] || return 0
  note 'a former install was cut short; its changes are put back first'
  put_back || exit 2
}

# read_owed: units and slots that a former run had to reload or restart and perhaps did not.
read_owed() {
  local what unit
  [[ -s $owed ]] || return 0
  owed_before=$(<"$owed")
  while read -r what unit; do
    note_due "$what" "$unit"
  done <<<"$owed_before"
}

# write_owed: before the swap, so that no unit is forgotten whatever happens after it.
write_owed() {
  local unit
  {
    for unit in "${!due_reload[@]}"; do printf 'reload %s\n' "$unit"; done
    for unit in "${!due_restart[@]}"; do printf 'restart %s\n' "$unit"; done
    for unit in "${!due_slots[@]}"; do printf 'slot %s\n' "$unit"; done
    [[ ${supervisor_changed:?} == no ]] || printf 'reload supervisor.service\n'
  } >"$owed"
}

# owe_as_before: nothing has acted on the files of this run, and they are gone again.
owe_as_before() {
  if [[ -n $owed_before ]]; then
    printf '%s\n' "$owed_before" >"$owed"
  else
    owe_nothing
  fi
}

owe_nothing() { rm -f -- "$owed"; }
