#!/usr/bin/env bash
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
