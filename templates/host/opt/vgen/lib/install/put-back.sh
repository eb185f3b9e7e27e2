#!/usr/bin/env bash
# Puts back what an install did, by its journal.

# put_back: everything as it was before the install that the journal tells of, the last step first. What cannot be put
# back does not keep the rest from it; but then the journal stays, and this fails.
put_back() {
  local line fields files=0 revive=() lines=() paths=() modes=() stuck=() last
  mapfile -t lines <"$journal"
  last=$((${#lines[@]} - 1))
  mapfile -t paths < <(cut -f 2 -- "$journal")
  read_access "${paths[@]}"
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
      mode) modes+=("$line") ;;
      made) [[ ! -d ${fields[1]} ]] || rmdir --ignore-fail-on-non-empty -- "${fields[1]}" ;;
      # a unit whose file is gone does not run
      started)
        systemctl stop -- "${fields[1]}" ||
          [[ $(systemctl show --property ActiveState --value -- "${fields[1]}") == inactive ]] ||
          stuck+=("${fields[1]}")
        ;;
      enabled) systemctl disable --quiet -- "${fields[1]}" 2>/dev/null || true ;;
      stopped) revive+=("${fields[1]} ${fields[2]}") ;;
      *) stuck+=("\"$line\"") ;;
    esac
  done
  systemctl daemon-reload
  for line in "${revive[@]}"; do
    revive_service "${line% *}" "${line#* }"
  done
  put_back_modes "${modes[@]}"
  if (( ${#stuck[@]} > 0 )); then
    failure="cannot be put back: ${stuck[*]}; the former versions are in $former"
    note "error: $failure"
    return 1
  fi
  journal_end
  (( files == 0 )) || say "put back $(count "$files" file) as before"
}

# put_back_modes LINE…: last of all, with the rest struck off the journal before: whoever gets a directory back could
# exchange what root writes there if all were put back once more.
put_back_modes() {
  local line fields
  (( $# > 0 && ${#stuck[@]} == 0 )) || return 0
  # on a full disk the whole journal stays, and what it names is refused below such a directory
  if printf '%s\n' "$@" >"$journal.new"; then
    on_disk "$journal.new"
    mv -fT -- "$journal.new" "$journal"
    on_disk "$vgen_state"
  else
    rm -f -- "$journal.new"
  fi
  for line; do
    IFS=$'\t' read -r -a fields <<<"$line"
    chown -- "${fields[3]}" "${fields[1]}" && chmod -- "${fields[2]}" "${fields[1]}" || stuck+=("${fields[1]}")
  done
}

# put_back_path saved|new PATH [NUMBER]
put_back_path() {
  (require_parents "$2") || return 1
  if [[ $1 == new ]]; then
    rm -f -- "$2"
  elif [[ -e $former/$3 || -L $former/$3 ]]; then
    replace_with "$former/$3" "$2"
  fi      # else it was written down and then not saved any more; or it is back already, and this was cut short after it
}

revive_service() {
  "${1}_revive" "$2" && return 0
  warn "$2 could not be started again"
}

# put_back_unfinished: an install that was killed left its journal; what it did is undone before anything else.
put_back_unfinished() {
  [[ -e $journal ]] || return 0
  note 'a former install was cut short; its changes are put back first'
  put_back || exit 2
}

# recover: what an install left half done that was killed or lost its power. At boot nothing runs yet, and what is
# started here waits for its turn; all of it reads the files that are back, so no reload or restart is pending any more.
recover() {
  local booting
  [[ -e $journal ]] || { say 'nothing was left half done'; return 0; }
  booting=$(systemctl is-system-running || true)
  [[ $booting != initializing && $booting != starting ]] || no_block=--no-block
  put_back || exit 2
  [[ -z $no_block ]] || no_pending_actions
  audit recover result=ok
}

# undo_install: the former files are back, and every unit and slot that took up the new ones takes up those. Ends the
# install.
undo_install() {
  local step settled=yes
  put_back || exit 2
  for step in "${acted[@]}"; do
    systemctl reload-or-restart -- "${step#* }" && continue
    warn "${step#* } does not come back with its former files either"
    settled=no
  done
  for step in "${!runtime_changed[@]}"; do
    "${step}_take_up" && continue
    warn "$step does not take up its former files either"
    settled=no
  done
  for step in "${settled_slots[@]}"; do
    load_app "${step% *}"
    restart_slot "${step#* }" && continue
    warn "$app: ${step#* } does not come back with its former files either"
    settled=no
  done
  [[ $settled == no ]] || keep_pending_actions
  failure=${unfit:-$failure}
  say "$want_host: nothing was changed"
  exit 1
}
