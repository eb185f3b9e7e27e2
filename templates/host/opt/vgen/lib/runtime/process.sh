#!/usr/bin/env bash
# The process of a slot, whichever runtime it has: look, start, stop, its last words.

process_state=absent            # running, starting, stopped, failed or absent
process_pid=0
process_detail=''
no_block=''                     # "--no-block" at boot, where to wait for a start would be to wait for oneself
process_table=''                # what a runtime last said of all its processes, until something changes

# of_runtime SLOT FUNCTION ARGUMENT…: of the slot's runtime.
of_runtime() {
  has_own "$1" "$2" || fail 2 "${app:?}: this version of vgen has no runtime \"${runtime_of[$1]}\""
  "${runtime_of[$1]}_$2" "${@:3}"
}

# has_own SLOT FUNCTION: the slot's runtime does not leave it to the default.
has_own() { declare -F "${runtime_of[$1]:?}_$2" >/dev/null; }

# ask_runtimes FUNCTION ARGUMENT…: the first runtime that says yes is in REPLY; 1 if none does.
ask_runtimes() {
  local name
  for name in "${runtimes[@]}"; do
    declare -F "${name}_$1" >/dev/null || continue
    if "${name}_$1" "${@:2}"; then
      REPLY=$name
      return 0
    fi
  done
  return 1
}

# runtime_of_unit UNIT: in REPLY, the runtime that runs as this unit; 1 if none does.
runtime_of_unit() {
  for REPLY in "${!runtime_unit[@]}"; do
    [[ ${runtime_unit[$REPLY]} != "$1" ]] || return 0
  done
  return 1
}

# look_at SLOT: sets the four above.
look_at() {
  process_state=absent process_pid=0 process_detail=''
  of_runtime "$1" look "${unit_of[$1]:?}"
}

stop_slot() { of_runtime "$1" stop "${unit_of[$1]:?}"; }

start_slot() {
  process_state=absent
  of_runtime "$1" start "${unit_of[$1]:?}"
}

tell_log() { of_runtime "$1" log "${unit_of[$1]:?}"; }

slot_instance() { of_runtime "$1" instance "${unit_of[$1]:?}"; }

# has_process SLOT PID: the process is of the slot, as it was looked at last.
has_process() {
  if has_own "$1" has_process; then
    of_runtime "$1" has_process "${unit_of[$1]:?}" "$2"
  else
    descends_from "$2" "$process_pid"
  fi
}

# is_ready SLOT: its runtime answers.
is_ready() { ! has_own "$1" ready || of_runtime "$1" ready; }

# release_of SLOT: the id of its release; nothing if there is none.
release_of() { if has_own "$1" release_of; then of_runtime "$1" release_of "$1"; else release_of_link "$1"; fi; }

# keeps_live RUNTIME: a live slot runs under it, so to end it would end what users see.
keeps_live() {
  local name
  for name in $(known_apps); do
    [[ -f $vgen_apps/$name.sh ]] || continue
    (
      load_app "$name"
      name=$(slot_at live)
      [[ -n $name && ${runtime_of[$name]} == "$1" ]] || exit 1
      look_at "$name"
      [[ $process_state == running ]]
    ) && return 0
  done
  return 1
}

# slot_units RUNTIME: of all slots of this host that it runs, separated by spaces.
slot_units() {
  local name slot
  for name in $(known_apps); do
    [[ -f $vgen_apps/$name.sh ]] || continue
    (
      load_app "$name"
      for slot in "${slots[@]}"; do
        [[ ${runtime_of[$slot]} != "$1" ]] || printf '%s ' "${unit_of[$slot]}"
      done
    )
  done
}
