#!/usr/bin/env bash
# Confirm or revert: a change of what leads into this host (sshd, firewall, network, a tunnel) stays only if somebody
# confirms it over a new connection. The timer that puts it back runs before the first file is swapped, with scripts of
# its own, so that neither a kill nor a power loss leaves a host that nobody gets into.
#
# /var/lib/vgen/unconfirmed, one line each:
#   seconds N                how long the timer waits        from CONNECTION   over which the install came, or "-"
#   path PATH                what waits for confirmation     slot APP/SLOT PATHS        these of its files changed
#   reload|restart UNIT      what took up new files          directory PATH    to be removed if it is empty

unconfirmed=${vgen_state:?}/unconfirmed
reverting=$vgen_state/reverting         # the same while it is put back
reverted=$vgen_state/reverted           # what the last revert put back, until the next good install
revert_scripts=$vgen_state/revert
revert_unit=/etc/systemd/system/vgen-revert
confirm_paths=()                        # what this install changes and somebody has to confirm
reverted_paths=''
revert_armed=no                         # a timer runs that this install started, or one that was cut short

# refuse_unconfirmed: one at a time. An install that was cut short has left its journal and is put back anyway.
refuse_unconfirmed() {
  [[ -e $unconfirmed || -e $reverting ]] || return 0
  if [[ -e $journal ]]; then
    revert_armed=yes
    return 0
  fi
  fail 3 "not confirmed yet: $(unconfirmed_paths); confirm it over a new connection with /opt/vgen/bin/vgen confirm," \
    "or put it back with /opt/vgen/bin/vgen confirm --revert"
}

unconfirmed_paths() {
  cat -- "$unconfirmed" "$reverting" 2>/dev/null | sed -n 's/^path\t//p' | sort -u | paste -s -d ' ' || true
}

# arm_revert: before the swap. Whatever happens from here on, the timer puts back what nobody confirms.
arm_revert() {
  local from what
  (( ${#confirm_paths[@]} > 0 )) || return 0
  from=$(ssh_connection)
  rm -rf -- "${revert_scripts:?}"
  mkdir -m 0700 -- "$revert_scripts"
  cp -a -- "${tree:?}/opt/vgen/bin" "$tree/opt/vgen/lib" "$revert_scripts"
  {
    printf 'seconds\t%s\n' "$confirm_seconds"
    printf 'from\t%s\n' "${from:--}"
    printf 'path\t%s\n' "${confirm_paths[@]}"
    sed -n '/^slot /!s/ /\t/p' "$pending_actions"
    for what in "${!due_slots[@]}"; do printf 'slot\t%s\t%s\n' "$what" "${due_slots[$what]}"; done
  } >"$unconfirmed.new"
  chmod 0600 -- "$unconfirmed.new"
  write_revert_units
  revert_armed=yes
  mv -fT -- "$unconfirmed.new" "$unconfirmed"
  systemctl enable --quiet --now vgen-revert.timer 2>/dev/null ||
    fail 2 'the timer that would put this back does not start, see: systemctl status vgen-revert.timer'
  on_disk "$vgen_state" "$unconfirmed" "$revert_unit".* "${revert_unit%/*}" "${revert_unit%/*}/timers.target.wants"
}

# The time is counted from when the timer starts, so anew after a boot. The lock may be held by a long deploy.
write_revert_units() {
  printf '%s\n' '# Made by vgen; gone once the change is confirmed or put back.' '[Unit]' \
    'Description=Puts back what nobody confirmed' '[Service]' 'Type=oneshot' 'Environment=VGEN_LOCK_SECONDS=86400' \
    "ExecStart=/bin/bash $revert_scripts/bin/vgen confirm --revert --foreground" \
    'Restart=on-failure' 'RestartSec=60' >"$revert_unit.service"
  printf '%s\n' '# Made by vgen; gone once the change is confirmed or put back.' '[Unit]' \
    'Description=Time to confirm a change of what leads into this host' '[Timer]' "OnActiveSec=$confirm_seconds" \
    'AccuracySec=100ms' '[Install]' 'WantedBy=timers.target' >"$revert_unit.timer"
}

# tidy_up_later: what was there before vgen, and directories that it made, have to stay while they may be needed again.
tidy_up_later() {
  local path
  for path in "${!former_directories[@]}"; do
    [[ -n ${declared[$path]:-} ]] || printf 'directory\t%s\n' "$path" >>"$unconfirmed"
  done
}

# forget_former: secrets of a former time are among the saved versions; they stay only while they may be needed.
forget_former() {
  [[ -e $journal || -e $unconfirmed || -e $reverting ]] || rm -rf -- "${former:?}"
}

# ask_for_confirmation: all went well; the time to confirm begins now.
ask_for_confirmation() {
  local address port
  rm -f -- "$reverted"
  [[ $revert_armed == yes ]] || return 0
  revert_armed=no
  (( ${#confirm_paths[@]} > 0 )) || { disarm_revert; return 0; }
  systemctl stop vgen-revert.service 2>/dev/null || true      # it may wait for the lock already
  systemctl restart vgen-revert.timer
  read -r _ _ address port <<<"$(ssh_connection)"
  [[ $address != 127.* && $address != ::1 ]] || address='' port=''      # the end of a tunnel
  [[ ${port:-22} == 22 ]] || port=" -p $port"
  say "confirm within $confirm_seconds s, over a new connection: ssh${port#22} root@${address:-$HOSTNAME}" \
    "/opt/vgen/bin/vgen confirm, or it is put back"
}

# disarm_failed: an install that did not get as far as asking, and whose files are back.
disarm_failed() {
  [[ $revert_armed == no || -e $journal ]] || disarm_revert
}

# disarm_revert: neither the timer nor what it would need is there any more.
disarm_revert() {
  [[ ! -e $revert_unit.timer ]] || systemctl disable --quiet --now vgen-revert.timer 2>/dev/null || true
  rm -rf -- "$revert_unit.timer" "$revert_unit.service" "${revert_scripts:?}"
  rm -f -- "$unconfirmed" "$reverting"
  systemctl daemon-reload
}

# confirm_install: whoever renames the file first wins, this or the timer; so it needs no lock to be in time.
confirm_install() {
  local from here paths
  if [[ ! -e $unconfirmed ]]; then
    [[ ! -e $reverting ]] || fail 1 'too late: it is being put back'
    [[ ! -e $reverted ]] || fail 1 "too late, it was put back: $(told_revert)"
    say 'nothing waits for confirmation'
    return 0
  fi
  [[ ! -e $journal ]] || fail 1 'the install is still under way; confirm when it says so'
  from=$(sed -n 's/^from\t//p' "$unconfirmed")
  here=$(ssh_connection)
  [[ -z $here || $here != "$from" ]] ||
    fail 1 'this is the connection over which the install came; it proves nothing. Confirm over a new one' \
      '(without ControlMaster: ssh -o ControlPath=none …)'
  paths=$(unconfirmed_paths)
  mv -T -- "$unconfirmed" "$vgen_state/confirmed" 2>/dev/null || fail 1 'too late: it is being put back'
  on_disk "$vgen_state"
  say "confirmed: $paths"
  audit confirm paths="$paths" from="$here" result=ok
  with_lock finish_confirmation
}

finish_confirmation() {
  local path
  [[ -e $unconfirmed ]] || disarm_revert
  forget_unused_originals
  while read -r path; do
    [[ ! -d $path || -L $path ]] || rmdir --ignore-fail-on-non-empty -- "$path"
  done < <(sed -n 's/^directory\t//p' "$vgen_state/confirmed" | sort -r)
  rm -f -- "$vgen_state/confirmed"
  forget_former
}

# forget_unused_originals: what was there before vgen is kept for paths in the record alone.
forget_unused_originals() {
  local path
  while IFS= read -r -d '' path; do
    awk -F '\t' -v path="/$path" '$2 == path { found = 1 } END { exit !found }' "$record" ||
      rm -f -- "$originals/${path:?}"
  done < <(find "$originals" \( -type f -o -type l \) -printf '%P\0' 2>/dev/null)
}

# revert_install: all that the unconfirmed install did is undone: files by its journal, then what had taken them up.
revert_install() {
  local kind name paths pending_then=''
  [[ -e $reverting ]] || mv -T -- "$unconfirmed" "$reverting" 2>/dev/null || { nothing_to_revert; return 0; }
  trap finish_revert EXIT
  reverted_paths=$(unconfirmed_paths)
  [[ -e $journal || ! -e $former/journal ]] || mv -T -- "$former/journal" "$journal"
  while IFS=$'\t' read -r kind name paths; do
    case $kind in
      reload | restart | slot) note_change "$paths" "$kind:$name" '' ;;
    esac
  done <"$reverting"
  [[ ! -f $stale_file ]] || pending_then=$(<"$stale_file")
  [[ ! -e $journal ]] || put_back || exit 2
  systemd_changed=yes
  act_on_units || fail 2 "files are as before, but not all takes them up: $failure"
  settle_reverted_slots "$pending_then"
  no_pending_actions
  printf '%s\t%s\n' "$(time_now)" "$reverted_paths" >"$reverted"
  say "put back, as nobody confirmed it: $reverted_paths"
}

nothing_to_revert() {
  disarm_revert
  say 'nothing waits for confirmation'
}

# settle_reverted_slots PENDING: a slot that had taken up the files that are gone takes up these, at once or, if it is
# live, with the next switch. PENDING is what had not taken them up yet, and needs not to any more.
settle_reverted_slots() {
  local what
  for what in $(sorted "${!due_slots[@]}"); do
    [[ -f $vgen_apps/${what%%/*}.sh ]] || continue
    load_app "${what%%/*}"
    [[ -n $(release_of "${what#*/}") ]] || continue
    if [[ ${what#*/} == "$(slot_at next)" ]]; then
      restart_slot "${what#*/}" || warn "$failure"
    elif ! grep -q -- "^$what"$'\t' <<<"$1"; then
      stale_add "$what" "$(slot_instance "${what#*/}")" "${due_slots[$what]}"
    fi
  done
}

finish_revert() {
  local code=$?
  trap - EXIT
  (( code != 1 )) || code=2
  audit revert paths="$reverted_paths" result="$(result_of "$code")" reason="$failure" seconds="$SECONDS"
  (( code != 0 )) || disarm_revert
  forget_former
  exit "$code"
}

# told_revert: "PATHS, TIME" of the last revert.
told_revert() {
  local time paths
  [[ -s $reverted ]] || return 0
  IFS=$'\t' read -r time paths <"$reverted"
  printf '%s, at %s' "$paths" "$time"
}

# seconds_left: until the timer puts it back.
seconds_left() {
  local seconds since
  seconds=$(sed -n 's/^seconds\t//p' "$unconfirmed")
  since=$(systemctl show --property ActiveEnterTimestamp --value vgen-revert.timer)
  since=$(date -d "${since:-now}" +%s)
  seconds=$((seconds + since - $(date +%s)))
  (( seconds > 0 )) || seconds=0
  printf '%s' "$seconds"
}
