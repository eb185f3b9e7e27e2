#!/usr/bin/env bash
# What is live stays live: the files of a slot change with the slot. While a slot is live, those of its files that this
# tree changes, brings or drops wait: the former ones stay, so that its process, started anew by whatever means, is what
# it was, and what leads to it still does. They are installed, or removed, by the first install that finds the slot not
# live any more; the switch runs one. The record says what waits (state/record.sh).

declare -gA held_slots=()        # APP/SLOT → its runtime, of those that are live and run
declare -gA waiting=()           # path → APP/SLOT, whose new version or removal waits
declare -gA former_runtime=()    # APP/SLOT → the runtime that it has before this install

is_held() { [[ -n $1 && -n ${held_slots[$1]:-} ]]; }

# find_held_slots: by what is installed now. What is damaged is not held, so that an install can mend it.
find_held_slots() {
  local name slot run_by
  for name in $(known_apps); do
    while read -r slot run_by; do
      former_runtime[$name/$slot]=$run_by
    done < <(slot_runtimes "$name" 2>/dev/null)
    read -r slot run_by < <(slot_to_hold "$name" 2>/dev/null) || continue
    held_slots[$name/$slot]=$run_by
    [[ -f $vgen_apps/$name/$slot.sh ]] || hold_former_slot "$name" "$slot"
  done
}

# hold_former_slot APP SLOT: what is live was installed by an engine that wrote no file of what scripts know of a slot,
# and not in the record which files are a slot's. It gets that file, and those that it is restarted for are its own.
hold_former_slot() {
  local path=$vgen_apps/$1/$2.sh data one
  data=$(slot_data "$1" "$2")
  make_parents "$path"
  save "$path"
  printf '%s\n' "$data" >"$path" || fail 2 "$path cannot be written"
  chmod 0644 -- "$path"
  hash_files "$path"
  former_content[$path]=${hash_of[$path]} former_kind[$path]=file former_check[$path]=bash former_slot[$path]=$1/$2
  former_triggers[$path]='' former_source[$path]='' former_mode[$path]=0644 former_owner[$path]=root:root
  for one in "${!former_content[@]}"; do
    [[ -n ${former_slot[$one]} || ,${former_triggers[$one]}, != *",slot:$1/$2,"* ]] || former_slot[$one]=$1/$2
  done
}

# slot_runtimes APP: each slot with its runtime, one a line.
slot_runtimes() (
  load_app "$1"
  for slot in "${slots[@]}"; do
    printf '%s %s\n' "$slot" "${runtime_of[$slot]}"
  done
)

# changes_runtime SLOT: its release was deployed for another runtime, with another command perhaps.
changes_runtime() { [[ ${former_runtime[$app/$1]:-${runtime_of[$1]}} != "${runtime_of[$1]}" ]]; }

# slot_data APP SLOT: what scripts know of it, as the compiler writes it.
slot_data() (
  load_app "$1"
  printf '%s\n' '# shellcheck shell=bash disable=SC2034 # facts only: the scripts in /opt/vgen/bin read them'
  printf 'slot_%s=%q\n' unit "${unit_of[$2]}" port "${port_of[$2]}" runtime "${runtime_of[$2]}" \
    health "${health_of[$2]}"
)

# slot_to_hold APP: its live slot and that one's runtime, if it runs. An app that this tree drops, or moves to another
# directory, ends: there is no slot that it could be switched to.
slot_to_hold() (
  load_app "$1"
  slot=$(slot_at live)
  if [[ -n $slot && " ${want_slots[*]/ //} " == *" $1/$slot "* && $(dir_in_tree "$1") == "$dir" ]] && is_in_use "$slot"
  then
    printf '%s %s\n' "$slot" "${runtime_of[$slot]}"
  fi
)

# slot_that_needs PATH: in REPLY, the held slot that needs a path of the record: it is its own, or of the unit that
# runs it.
slot_that_needs() {
  local unit
  REPLY=${former_slot[$1]}
  ! is_held "$REPLY" || return 0
  for REPLY in $(sorted "${!held_slots[@]}"); do
    unit=${runtime_unit[${held_slots[$REPLY]}]:-}
    [[ -n $unit ]] || continue
    [[ $1 != /etc/systemd/system/$unit.d/* && ,${former_triggers[$1]}, != *",restart:$unit,"* ]] || return 0
  done
  return 1
}

# dir_in_tree APP: its directory, as this tree has it.
dir_in_tree() (
  # shellcheck source=/dev/null
  . "${tree:?}$vgen_apps/$1.sh"
  printf '%s' "$dir"
)

# refuse_held_ports: no slot can get the port that a live one keeps until its switch. In the words of heldPorts in
# src/contract/held.ts.
refuse_held_ports() {
  local held port wanted taker remedy
  for held in $(sorted "${!held_slots[@]}"); do
    port=$(installed_port "$held")
    wanted=$(port_in_tree "$held")
    [[ $wanted != "$port" ]] || continue
    for taker in "${want_slots[@]/ //}"; do
      [[ $(port_in_tree "$taker") == "$port" ]] || continue
      remedy="change ports in two steps: first $held alone, then switch, then $taker"
      [[ $(installed_port "$taker" 2>/dev/null || true) != "$wanted" ]] ||
        remedy="give $held a third port first, apply, switch; then $taker $port, apply, switch; then $held $wanted"
      fail 3 "$taker: port $port is that of $held, which keeps it until its switch; $remedy"
    done
  done
}

# installed_port APP/SLOT
installed_port() (
  load_app "${1%/*}"
  printf '%s' "${port_of[${1#*/}]}"
)

# port_in_tree APP/SLOT
port_in_tree() (
  # shellcheck source=/dev/null
  . "${tree:?}$vgen_apps/$1.sh"
  printf '%s' "${slot_port:-}"
)

# is_in_use SLOT: it runs, or a process of the app's user answers on its port although no manager knows of it.
is_in_use() {
  local owner
  [[ -n $(release_of "$1") ]] || return 1
  look_at "$1"
  [[ $process_state != running ]] || return 0
  owner=$(id -u -- "${user:-root}" 2>/dev/null) || return 1
  sockets_on "${port_of[$1]}" | grep -qE "^[0-9]+ $owner\$"
}

# waits_for_switch INDEX: this file of the tree belongs to a live slot and is another than what is installed. A new one
# that the process does not read is needed at once, by nginx for example, if what it says of the slot is true today.
waits_for_switch() {
  local path=${file_path[$1]} slot=${file_slot[$1]} data
  is_held "$slot" || return 1
  if [[ -z ${former_content[$path]:-} ]]; then
    data=$vgen_apps/$slot.sh
    [[ ",${file_triggers[$1]}," == *",slot:$slot,"* || ${tree_sum[$data]} != "${former_source[$data]:-}" ]]
  else
    # earlier records have neither mode nor owner
    [[ ${new_content[$path]} != "${former_content[$path]}" ||
      ${file_owner[$1]} != "${former_owner[$path]:-${file_owner[$1]}}" ]] ||
      (( 8#${file_mode[$1]} != 8#${former_mode[$path]:-${file_mode[$1]}} ))
  fi
}

# was_waiting APP/SLOT: its files waited, and do so no more.
was_waiting() { ! is_held "$1" && [[ " ${former_waiting[*]} " == *" $1 "* ]]; }
