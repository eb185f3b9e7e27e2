#!/usr/bin/env bash
# Status: what runs on this host: its generation, the slots of each app, the units that vgen looks after, its
# certificates, what still runs with its former configuration, and drift. Changes nothing and waits for no lock.

down=0                          # how many things are
json_apps='' json_units='' json_certificates='' json_generation='' json_unconfirmed=null json_reverted=null
json_unfinished='false,"cutShort":false'

tell_generation() {
  local commit order time
  json_generation="\"generation\":$generation,\"tree\":$(json_string "$generation_tree")"
  if (( generation > 0 )); then
    order=$(field_of "$generation" 3)
    commit=$(field_of "$generation" 4)
    time=$(field_of "$generation" 5)
    printf 'generation %s, tree %s%s, since %s\n' "$generation" "${generation_tree:0:12}" \
      "$([[ $commit == - ]] || printf ', commit %s' "$commit")" "$time" >&3
    json_generation+=",\"order\":${order/#-/null},\"commit\":$(json_string "${commit#-}")"
    json_generation+=",\"since\":$(json_string "$time")"
  fi
}

# tell_app NAME
tell_app() {
  local role slots_json='' unfinished
  load_app "$1"
  printf 'app %s\n' "$app" >&3
  for role in live next; do
    tell_slot "$role"
    slots_json+=",\"$role\":$slot_json"
  done
  unfinished=$(unfinished_releases)
  if (( unfinished > 0 )); then
    printf '  %s: of a deploy that is under way, or was cut short; the next one removes it\n' \
      "$(count "$unfinished" 'unfinished release')" >&3
  fi
  json_apps+="${json_apps:+,}{\"name\":$(json_string "$app")$slots_json,\"unfinished\":$unfinished}"
}

# tell_slot live|next: the line of a slot; slot_json is the same as data.
tell_slot() {
  local role=$1 slot id state=none reason='' since='' stale later='' bad='' remedy=''
  slot=$(slot_at "$role")
  if [[ -z $slot ]]; then
    reason='the link names no slot'
    id=''
  else
    id=$(release_of "$slot")
  fi
  if [[ -n $id ]]; then
    look_at "$slot"
    state=$process_state
    since=$(started_at "$process_pid")
    reason=$(what_is_wrong "$role" "$slot" "$state")
  elif [[ -z $reason && $role == live ]]; then
    reason='nothing is deployed'
  fi
  stale=$([[ -z $slot ]] || stale_of_slot "$slot")
  [[ -z $slot ]] || later=$(waiting_paths "$app/$slot")
  stale+=${later:+${stale:+ }$later}
  [[ -z $id || ! -e $app_state/bad/$id ]] || bad=$(<"$app_state/bad/$id")
  # A release that is known to be bad waits in next for its successor; nothing is down because of that.
  if [[ -n $reason && ($role == live || -z $bad) ]]; then
    down=$((down + 1))
    [[ $role == next || -z $id ]] || remedy=$(way_out)
  fi
  printf '  %-5s %-6s %-28s %-9s %-21s %s%s%s\n' "$role" "${slot:--}" "${id:-no release}" "$state" "${since:--}" \
    "${reason:-${id:+healthy}}$(way_out_text "$remedy")" "${bad:+; marked bad}" \
    "${stale:+; former configuration, changed since: $stale}" >&3
  slot_json="{\"slot\":$(json_string "$slot"),\"release\":$(json_string "$id"),\"process\":$(json_string "$state")"
  slot_json+=",\"since\":$(json_string "$since"),\"healthy\":$([[ -n $id && -z $reason ]] && echo true || echo false)"
  slot_json+=",\"bad\":$(json_string "$bad"),\"reason\":$(json_string "$reason"),\"pending\":$(json_string "$stale")"
  slot_json+=",\"remedy\":$(json_string "$remedy")}"
}

# what_is_wrong ROLE SLOT STATE: one reason, or nothing. Live is up by the rule of the switch.
what_is_wrong() {
  local answer
  if [[ $3 != running ]]; then
    printf '%s' "${process_detail:-not running}"
    return
  fi
  if [[ $1 == live ]]; then
    { live_is_up "$2" && listens_itself "$2"; } || printf '%s' "$health_reason"
    return
  fi
  probe "$2" || { printf '%s' "$health_reason"; return; }
  is_served "$1" || return 0
  answer=$(ask_nginx "$1" /.vgen/slot 2>&1) || true
  [[ $answer == "$2" ]] || printf 'nginx answers "%s" on %s' "${answer:0:80}" "$(place_of "$1")"
}

stale_of_slot() {
  local what instance paths
  [[ -f $stale_file ]] || return 0
  while IFS=$'\t' read -r what instance paths; do
    [[ $what != "$app/$1" || $instance != "$(slot_instance "$1")" ]] || printf '%s' "$paths"
  done <"$stale_file"
}

# started_at PID: when the process started; the kernel counts in ticks since it booted itself.
started_at() {
  local instance boot
  instance=$(instance_of "$1")
  [[ $instance != none ]] || return 0
  boot=$(awk '$1 == "btime" { print $2 }' /proc/stat)
  date -u -d "@$((boot + ${instance##*:} / $(getconf CLK_TCK)))" +%Y-%m-%dT%H:%M:%SZ
}

tell_units() {
  local name names=() up stale
  [[ ! -f $vgen_state/installed.tsv ]] ||
    mapfile -t names < <(awk -F '\t' '$1 == "unit" { print $2 }' "$vgen_state/installed.tsv")
  (( ${#names[@]} > 0 )) || return 0
  read_units "${names[@]}"
  printf 'units\n' >&3
  for name in "${names[@]}"; do
    up=true
    if [[ ${unit_active[$name]} != active ]]; then
      up=false
      down=$((down + 1))
    fi
    stale=''
    ! runtime_of_unit "$name" || stale=$(stale_of_unit "$name" "$("${REPLY}_own_instance")")
    printf '  %-34s %s (%s)%s\n' "$name" "${unit_active[$name]}" "${unit_sub[$name]}" \
      "${stale:+; former configuration, changed since: $stale}" >&3
    json_units+="${json_units:+,}{\"name\":$(json_string "$name"),\"up\":$up"
    json_units+=",\"state\":$(json_string "${unit_active[$name]}")"
    json_units+=",\"pending\":$(json_string "$stale")}"
  done
}

# tell_jobs: those whose last run failed; a backup that is too old is one of them.
tell_jobs() {
  local name
  while read -r name _; do
    down=$((down + 1))
    printf 'job %s failed; see: journalctl -u %s\n' "$name" "$name" >&3
    json_units+="${json_units:+,}{\"name\":$(json_string "$name"),\"up\":false,\"state\":\"failed\",\"pending\":\"\"}"
  done < <(systemctl list-units --state failed --plain --no-legend --full 'vgen-job-*.service')
}

# stale_of_unit UNIT INSTANCE
stale_of_unit() {
  local what instance paths
  [[ -f $stale_file ]] || return 0
  while IFS=$'\t' read -r what instance paths; do
    [[ $what != "$1" || $instance != "$2" ]] || printf '%s' "$paths"
  done <"$stale_file"
}

# tell_unconfirmed: what waits for confirmation, and what was put back because nobody confirmed it.
tell_unconfirmed() {
  local left paths
  if [[ -e $unconfirmed || -e $reverting ]]; then
    paths=$(unconfirmed_paths)
    left=0
    [[ ! -e $unconfirmed ]] || left=$(seconds_left)
    printf 'unconfirmed: %s; put back in %s s unless /opt/vgen/bin/vgen confirm is run\n' "$paths" "$left" >&3
    json_unconfirmed="{\"seconds\":$left,\"paths\":$(json_words "$paths")}"
  fi
  [[ -s $reverted ]] || return 0
  IFS=$'\t' read -r left paths <"$reverted"
  printf 'put back at %s, as nobody confirmed it: %s\n' "$left" "$paths" >&3
  json_reverted="{\"time\":$(json_string "$left"),\"paths\":$(json_words "$paths")}"
}

# tell_unfinished: an install that goes on is nothing to mend. The lock first: the journal may end between the two.
tell_unfinished() {
  local is_held=no
  ! lock_is_held || is_held=yes
  [[ -e $journal ]] || return 0
  json_unfinished='true,"cutShort":false'
  if [[ $is_held == yes ]]; then
    printf 'an install is under way\n' >&3
  else
    down=$((down + 1))
    json_unfinished='true,"cutShort":true'
    printf 'an install was cut short: "vgen apply" finishes it\n' >&3
  fi
}

# json_words TEXT: its words as an array; paths hold no blanks.
json_words() {
  local word list=''
  for word in $1; do
    list+="${list:+,}$(json_string "$word")"
  done
  printf '[%s]' "$list"
}

# tell_status yes|no: as JSON; 1 if something is down.
tell_status() {
  local as_json=$1
  # The lines go to descriptor 3: to the terminal, or nowhere when data is asked for.
  if [[ $as_json == yes ]]; then exec 3>/dev/null; else exec 3>&1; fi

  local host='' file
  [[ ! -f $vgen_state/host ]] || read -r host <"$vgen_state/host"
  printf 'host %s\n' "${host:-(nothing installed)}" >&3
  read_generations
  tell_generation
  for file in "$vgen_apps"/*.sh; do
    [[ ! -f $file ]] || tell_app "$(basename -- "$file" .sh)"
  done
  tell_units
  tell_certificates
  tell_jobs
  tell_drift
  tell_unconfirmed
  tell_unfinished
  if [[ $as_json == yes ]]; then
    printf '{"host":%s,"good":%s,%s,"unfinished":%s,' "$(json_string "$host")" \
      "$( (( down == 0 )) && echo true || echo false)" "$json_generation" \
      "$json_unfinished"
    printf '"apps":[%s],"units":[%s],"certificates":[%s],"drift":[%s],"unconfirmed":%s,"reverted":%s}\n' \
      "$json_apps" "$json_units" "$json_certificates" "$json_drift" "$json_unconfirmed" "$json_reverted"
  fi
  (( down == 0 ))
}
