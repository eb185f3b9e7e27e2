#!/usr/bin/env bash
# Made by vgen; do not edit.
# supervisord: what runs under it, and how it takes up new files. Never "supervisorctl reload": with one broken file
# that ends every program. Its error messages show environments, secrets among them, so only places are told.
# shellcheck disable=SC2034,SC2154  # variables are shared with the other files

supervisor_report=''            # its last "reread"
supervisor_table=''             # its last "status", until something changes

# Without -c it would read a supervisord.conf from the current directory.
supervisor() { supervisorctl -c /etc/supervisor/supervisord.conf "$@" </dev/null; }

supervisor_instance() { instance_of "$(systemctl show --property MainPID --value supervisor.service)"; }

# supervisor_ready: it takes a moment from its start until it answers.
supervisor_ready() {
  local count
  systemctl is-active --quiet supervisor.service || return 1
  for (( count = 0; count < 20; count++ )); do
    supervisor_table=$(supervisor status 2>&1) || true
    [[ $supervisor_table == unix:* ]] || return 0
    sleep 0.25
  done
  return 1
}

# supervisor_reread: it has read its files anew; supervisor_report says what differs. Nothing is restarted by that.
supervisor_reread() {
  local place
  supervisor_report=$(supervisor reread 2>&1) || true
  if [[ $supervisor_report == *ERROR* || $supervisor_report == *rror:* || $supervisor_report == *refused* ]]; then
    place=$(supervisor_place <<<"$supervisor_report")
    failure="supervisor cannot read its files${place:+: $place}"
    note "error: $failure"
    return 1
  fi
}

# supervisor_update NAME: takes up what changed for this program alone.
supervisor_update() {
  local output
  supervisor_table=''
  output=$(supervisor update "$1" 2>&1) || true
  [[ $output != *ERROR* && $output != *rror:* ]] || return 1
}

# take_up_supervisor: programs that changed are restarted, new ones started, removed ones ended; all but those of slots,
# which have their own rules.
take_up_supervisor() {
  local name kind slots_units
  supervisor_ready || return 0          # it reads everything when it starts
  supervisor_reread || return 1
  slots_units=" $(slot_units) "
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

# slot_units: of all apps of this host, separated by spaces.
slot_units() {
  local file
  for file in "$vgen_apps"/*.sh; do
    [[ ! -f $file ]] || (
      units=()
      # shellcheck source=/dev/null
      . "$file"
      printf '%s ' "${units[*]}"
    )
  done
}

# programs_are_live: a live slot runs under supervisord, so ending supervisord would end what users see.
programs_are_live() {
  local name
  for name in $(known_apps); do
    [[ -f $vgen_apps/$name.sh ]] || continue
    (
      load_app "$name"
      [[ $runtime == supervisor ]] || exit 1
      name=$(slot_at live)
      [[ -n $name ]] || exit 1
      look_at "$name"
      [[ $process_state == running ]]
    ) && return 0
  done
  return 1
}

look_at_supervisor() {
  local name state rest
  [[ -n $supervisor_table ]] || supervisor_table=$(supervisor status 2>&1) || true
  [[ $supervisor_table != unix:* ]] || process_detail='supervisord does not answer'
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
  done <<<"$supervisor_table"
}

stop_supervisor() {
  supervisor_ready || fail 2 'supervisor.service does not run'
  supervisor_table=''
  supervisor stop "$1:*" >/dev/null 2>&1 || true        # not running, or not known yet, is good as well
}

# start_supervisor UNIT: with its files as they are now. "update" starts it where they changed, hence the look between.
start_supervisor() {
  supervisor_reread || return 1
  supervisor_update "$1" || return 1
  look_at_supervisor "$1"
  supervisor_table=''
  [[ $process_state != running && $process_state != starting ]] || return 0
  supervisor start "$1:*" >/dev/null 2>&1 || true       # how it went is seen from its state and health
}

tell_log_supervisor() {
  local stream
  for stream in stdout stderr; do
    supervisor tail -1500 "$1" "$stream" 2>/dev/null | grep -vE '^$|ERROR \(no log file\)' | tail -n 10 | indent || true
  done
}
