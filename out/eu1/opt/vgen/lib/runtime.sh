#!/usr/bin/env bash
# Made by vgen; do not edit.

# ---- templates/host/opt/vgen/lib/runtime/runtime.sh
# Runtime: what keeps the processes of slots running. Each runtime is a file runtime.sh in the templates of its
# component and joined into this layer; to add one is to add that file. NAME being the component's, it has the functions
#
#   NAME_look UNIT                  sets process_state, process_pid and process_detail (process.sh)
#   NAME_start UNIT, NAME_stop UNIT with the files as they are now; how it went is seen from its state and health
#   NAME_log UNIT                   the last lines that it printed, indented, on stderr
#   NAME_instance UNIT              prints what holds the slot's configuration; another one has read the files anew
#
# and, where the default does not fit:
#
#   NAME_place ARTIFACT DIRECTORY   makes the release of an artifact (default: place_files of release/releases.sh)
#   NAME_release_of SLOT            prints the id of the slot's release (default: by its link, release_of_link)
#   NAME_has_process UNIT PID       the process is of this unit (default: it descends from the one that was looked at)
#   NAME_ready                      it answers (default: yes)
#   NAME_revive UNIT                what an install stopped runs again
#
# One that has a shared unit (runtime_unit), and programs beside those of slots, also has
#
#   NAME_owns PATH                  a change of this file is taken up by NAME_take_up
#   NAME_take_up                    programs that are no slots run with their files of today; fails with "failure" set
#   NAME_has_programs PATH          programs run because of this file
#   NAME_programs_in PATH           prints their names; NAME_stop_programs PATH ends them
#   NAME_own_instance               the running process of its unit

# shellcheck source=SCRIPTDIR/state.sh
declare -F read_manifest >/dev/null || . "${lib:?}/state.sh"
runtimes=()                     # their names
declare -gA runtime_unit=()      # runtime → its shared unit

# ---- templates/host/opt/vgen/lib/runtime/process.sh
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

# ---- templates/pm2/runtime.sh
# pm2 as a runtime of slots. It runs in the foreground in a unit for each slot and ends with it, so it never keeps a
# previous release of the slot. The app is its child; one that pm2 restarts has another process.

runtimes+=(pm2)

pm2_look() {
  local children=()
  systemd_look "$1"
  [[ $process_state == running ]] || return 0
  read -r -a children <"/proc/$process_pid/task/$process_pid/children" || true
  process_pid=${children[0]:-$process_pid}
}

pm2_stop() { systemd_stop "$1"; }

pm2_start() { systemd_start "$1"; }

pm2_log() { systemd_log "$1"; }

pm2_has_process() { systemd_has_process "$@"; }

# pm2 keeps the environment through restarts of its app.
pm2_instance() { systemd_instance "$1"; }

# ---- templates/supervisor/runtime.sh
# supervisord as a runtime of slots, with programs beside them, and how it takes up new files. Never "supervisorctl
# reload": with one broken file that ends every program. Its error messages show environments, secrets among them, so
# only places are told.

runtimes+=(supervisor)
runtime_unit[supervisor]=supervisor.service
supervisor_report=''            # its last "reread"

# Without -c it would read a supervisord.conf from the current directory.
supervisor() { supervisorctl -c /etc/supervisor/supervisord.conf "$@" </dev/null; }

supervisor_own_instance() { instance_of "$(systemctl show --property MainPID --value supervisor.service)"; }

# It keeps a program's environment through restarts of the program.
supervisor_instance() { supervisor_own_instance; }

# supervisor_ready: it takes a moment from its start until it answers.
supervisor_ready() {
  local count
  systemctl is-active --quiet supervisor.service || return 1
  for (( count = 0; count < 20; count++ )); do
    process_table=$(supervisor status 2>&1) || true
    [[ $process_table == unix:* ]] || return 0
    sleep 0.25
  done
  return 1
}

supervisor_owns() { [[ $1 == /etc/supervisor/* ]]; }

# supervisor_reread: it has read its files anew; supervisor_report says what differs. Nothing is restarted by that.
supervisor_reread() {
  local place
  supervisor_report=$(supervisor reread 2>&1) || true
  if [[ $supervisor_report == *ERROR* || $supervisor_report == *rror:* || $supervisor_report == *refused* ]]; then
    place=$(supervisor_error_place <<<"$supervisor_report")
    failure="supervisor cannot read its files${place:+: $place}"
    note "error: $failure"
    return 1
  fi
}

# supervisor_update NAME: takes up what changed for this program alone.
supervisor_update() {
  local output
  process_table=''
  output=$(supervisor update "$1" 2>&1) || true
  [[ $output != *ERROR* && $output != *rror:* ]] || return 1
}

# supervisor_take_up: programs that changed are restarted, new ones started, removed ones ended; all but those of slots,
# which have other rules.
supervisor_take_up() {
  local name kind slots_units
  supervisor_ready || return 0          # it reads everything when it starts
  supervisor_reread || return 1
  slots_units=" $(slot_units supervisor) "
  while IFS=' ' read -r name kind; do
    name=${name%:}
    [[ $kind == available || $kind == changed || $kind == disappeared ]] || continue
    [[ $slots_units != *" $name "* ]] || continue
    if ! supervisor_update "$name"; then
      failure="supervisor does not take up $name"
      note "error: $failure"
      return 1
    fi
    change update "$name"
  done <<<"$supervisor_report"
}

supervisor_has_programs() { [[ $1 == /etc/supervisor/conf.d/*.conf ]]; }

# supervisor_programs_in FILE: the programs and groups that it defines.
supervisor_programs_in() { sed -nE 's/^\[(program|group):([^]]+)\].*/\2/p' "$1"; }

supervisor_stop_programs() {
  local name
  while read -r name; do
    journal_add stopped supervisor "$name"
    supervisor stop "$name:*" >/dev/null 2>&1 || true     # already stopped is good as well
    change stop "$name"
  done < <(supervisor_programs_in "$1")
}

# It reads everything when it starts.
supervisor_revive() { ! supervisor_ready || { supervisor_reread && supervisor_update "$1"; }; }

supervisor_look() {
  local name state rest
  [[ -n $process_table ]] || process_table=$(supervisor status 2>&1) || true
  [[ $process_table != unix:* ]] || process_detail='supervisord does not answer'
  while read -r name state rest; do
    [[ $name == "$1" || $name == "$1":* ]] || continue
    process_detail="$state $rest"
    case $state in
      RUNNING) process_state=running ;;
      # EXITED lasts until its next look: every slot is restarted ("Process States" in its manual)
      STARTING | BACKOFF | EXITED) process_state=starting ;;
      STOPPED | STOPPING) process_state=stopped ;;
      *) process_state=failed ;;
    esac
    [[ ! $rest =~ pid\ ([0-9]+) ]] || process_pid=${BASH_REMATCH[1]}
  done <<<"$process_table"
}

supervisor_stop() {
  supervisor_ready || fail 2 'supervisor.service does not run'
  process_table=''
  supervisor stop "$1:*" >/dev/null 2>&1 || true        # not running, or not known yet, is good as well
}

# supervisor_start UNIT: with its files as they are now. "update" starts it where they changed, hence the look between.
supervisor_start() {
  supervisor_reread || return 1
  supervisor_update "$1" || return 1
  supervisor_look "$1"
  process_table=''
  [[ $process_state != running && $process_state != starting ]] || return 0
  supervisor start "$1:*" >/dev/null 2>&1 || true       # how it went is seen from its state and health
}

supervisor_log() {
  local stream
  for stream in stdout stderr; do
    supervisor tail -1500 "$1" "$stream" 2>/dev/null | grep -vE '^$|ERROR \(no log file\)' | tail -n 10 | indent || true
  done
}

# supervisor_error_place: of an error message, the section and file that it is about.
supervisor_error_place() { grep -oE "in section '[^']*'( \(file: '[^']*'\))?" | head -n 1 || true; }

# ---- templates/systemd/runtime.sh
# systemd as a runtime of slots: each one is a unit.

runtimes+=(systemd)

systemd_look() {
  local key value sub='' load=''
  while IFS='=' read -r key value; do
    case $key in
      ActiveState) process_detail=$value ;;
      SubState) sub=$value ;;
      LoadState) load=$value ;;
      MainPID) process_pid=$value ;;
      ExecMainStatus) [[ $value == 0 ]] || sub+=", exit status $value" ;;
    esac
  done < <(systemctl show --property ActiveState,SubState,LoadState,MainPID,ExecMainStatus -- "$1")
  case $process_detail in
    active) process_state=running ;;
    activating | reloading) process_state=starting ;;
    inactive | deactivating) process_state=stopped ;;
    failed) process_state=failed ;;
  esac
  [[ $load != not-found ]] || process_state=absent
  process_detail+=" ($sub)"
}

systemd_stop() { systemctl stop -- "$1"; }

# Enabled only now: a slot without a release must not be tried at every boot.
systemd_start() {
  systemctl daemon-reload
  systemctl enable --quiet -- "$1"
  on_disk /etc/systemd/system/*.wants
  systemctl reset-failed -- "$1" 2>/dev/null || true
  systemctl start -- "$1" || true                       # how it went is seen from its state and health
}

systemd_log() {
  journalctl --unit "$1" --lines 15 --output cat --no-pager 2>/dev/null | indent || true
}

# By the whole path of the control group: a user's manager can have a unit of the same name.
systemd_has_process() {
  local group path
  group=$(systemctl show --property=ControlGroup --value -- "${1%.service}.service")
  [[ -n $group && -r /proc/$2/cgroup ]] || return 1
  while IFS=: read -r _ _ path; do
    [[ $path != "$group" && $path != "$group"/* ]] || return 0
  done <"/proc/$2/cgroup"
  return 1
}

# It reads a unit and its environment at each start, so the process itself tells.
systemd_instance() {
  process_pid=0
  systemd_look "$1"
  instance_of "$process_pid"
}

systemd_revive() { systemctl enable --quiet --now ${no_block:+--no-block} -- "$1"; }
