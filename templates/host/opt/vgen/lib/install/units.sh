#!/usr/bin/env bash
# systemd units: reloads and restarts those whose files changed, each once, and starts those that are down.

declare -gA due_checks=()        # name of a check → the paths it has to judge, one per line
declare -gA due_reload=() due_restart=() due_slots=()   # name → the paths that call for it, separated by spaces
declare -gA unit_active=() unit_sub=() unit_enabled=() unit_load=()
acted=()                        # "reload UNIT" or "restart UNIT", done in this run
declare -gA runtime_changed=()   # runtime → yes, if files changed that it takes up itself
systemd_changed=no
problems=()                     # what is wrong although the install went through
unfit=''                        # what this install itself made fail, so that it is put back
settled_slots=()                # "APP SLOT", those that took up the new files

# note_change PATH TRIGGERS CHECK: remembers what the change of a file triggers.
note_change() {
  local trigger path=$1
  ! ask_runtimes owns "$path" || runtime_changed[$REPLY]=yes
  [[ $path != /etc/systemd/system/* ]] || systemd_changed=yes
  [[ -z $3 ]] || due_checks[$3]+="${due_checks[$3]:+$'\n'}$path"
  for trigger in ${2//,/ }; do
    case $trigger in
      confirm) confirm_paths+=("$path") ;;
      *) note_due "${trigger%%:*}" "${trigger#*:}" "$path" ;;
    esac
  done
}

# note_due reload|restart|slot NAME [PATH]
note_due() {
  case $1 in
    reload) due_reload[$2]+=" ${3:-}" ;;
    restart) due_restart[$2]+=" ${3:-}" ;;
    slot) due_slots[$2]+=" ${3:-}" ;;
  esac
}

# read_units NAME…: systemctl answers in one block per name, in their order.
read_units() {
  local line name
  (( $# > 0 )) || return 0
  name=$1
  while IFS= read -r line; do
    case $line in
      ActiveState=*) unit_active[$name]=${line#*=} ;;
      SubState=*) unit_sub[$name]=${line#*=} ;;
      LoadState=*) unit_load[$name]=${line#*=} ;;
      UnitFileState=*) unit_enabled[$name]=${line#*=} ;;
      '')
        shift
        name=${1:-}
        ;;
    esac
  done < <(systemctl show --property ActiveState,SubState,LoadState,UnitFileState -- "$@")
}

is_up() {
  read_units "$1"
  [[ ${unit_active[$1]} == active || ${unit_active[$1]} == reloading || ${unit_active[$1]} == refreshing ]]
}

# act_on_units: everything that changed is taken up, reloads before restarts. Fails, with the reason told, at the first
# unit that does not come back.
act_on_units() {
  local unit
  [[ $systemd_changed == no ]] || systemctl daemon-reload
  for unit in $(sorted "${!due_reload[@]}"); do
    [[ -z ${due_restart[$unit]:-} ]] || continue
    act reload "$unit" || return 1
  done
  for unit in $(sorted "${!due_restart[@]}"); do
    act restart "$unit" || return 1
  done
  for unit in $(sorted "${!runtime_changed[@]}"); do
    "${unit}_take_up" || return 1
  done
  (( ${#acted[@]} == 0 )) || settled "${acted[@]#* }"
}

# act reload|restart UNIT: a unit that is down is not touched here; start_units comes later.
act() {
  local keeper=''
  if runtime_of_unit "$2"; then
    keeper=$REPLY
    runtime_changed[$keeper]=yes
    [[ $1 == restart ]] || return 0
  fi
  is_up "$2" || return 0
  if [[ -n $keeper ]] && keeps_live "$keeper"; then
    stale_add "$2" "$("${keeper}_own_instance")" "${due_restart[$2]# }"
    return 0
  fi
  acted+=("$1 $2")
  "${1}_unit" "$2" || return 1
  change "$1" "$2"
}

restart_unit() {
  local output
  output=$(systemctl restart -- "$1" 2>&1) && return 0
  explain_unit "$1" "does not start with its new files" "$output"
}

reload_unit() {
  local output
  if [[ $1 == nginx.service ]]; then
    reload_nginx
    return
  fi
  output=$(systemctl reload -- "$1" 2>&1) && return 0
  explain_unit "$1" "does not take its new files" "$output"
}

# "nginx -s reload" succeeds although the master then refuses the files, because a port is taken for example. Only new
# workers prove that it took them.
reload_nginx() {
  local master earlier worker count log=/var/log/nginx/error.log
  master=$(systemctl show --property MainPID --value nginx.service)
  earlier=" $(<"/proc/$master/task/$master/children") "
  systemctl reload nginx.service >/dev/null 2>&1 || true
  for (( count = 0; count < 100; count++ )); do
    for worker in $(<"/proc/$master/task/$master/children"); do
      [[ $earlier == *" $worker "* || ! -d /proc/$worker ]] || return 0
    done
    sleep 0.05
  done
  explain_unit nginx.service "did not take its new files" "$(grep -F '[emerg]' "$log" 2>/dev/null | tail -n 3)"
}

# explain_unit UNIT WHAT OUTPUT: tells why, always fails.
explain_unit() {
  failure="$1 $2"
  note "error: $failure"
  [[ -z $3 ]] || indent <<<"$3"
  journalctl --unit "$1" --lines 8 --output cat --no-pager 2>/dev/null | indent || true
  return 1
}

# settled UNIT…: a service can die right after systemd called it started; so a second later it must still be there.
settled() {
  local unit
  sleep 1
  for unit; do
    read_units "$unit"
    if [[ ${unit_active[$unit]} == failed || ${unit_sub[$unit]} == auto-restart ]]; then
      explain_unit "$unit" 'ended right after its start' ''
      return 1
    fi
  done
}

# start_units: all that shall run is enabled and runs. One that was down before this install is a separate problem;
# one that is new has to start.
start_units() {
  local unit started=()
  read_units "${want_units[@]}"
  for unit in "${want_units[@]}"; do
    ! lacks_program "$unit" || continue
    enable_unit "$unit"
    if [[ ${unit_active[$unit]} != active || ${unit_sub[$unit]} == auto-restart ]]; then
      journal_add started "$unit"
      if start_unit "$unit"; then started+=("$unit"); else note_unfit "$unit"; fi
    fi
  done
  (( ${#started[@]} > 0 )) || return 0
  settled "${started[@]}" || note_unfit "${failure%% *}"
}

# note_unfit UNIT: it failed; is that this install's doing?
note_unfit() {
  if [[ -z ${former_units[$1]:-} || -n ${due_restart[$1]:-} ]]; then
    unfit=${unfit:-$failure}
  else
    problems+=("$failure")
  fi
}

enable_unit() {
  [[ ${unit_enabled[$1]} == disabled ]] || return 0
  journal_add enabled "$1"
  if systemctl enable --quiet -- "$1" 2>/dev/null; then
    change enable "$1"
  fi
}

start_unit() {
  local output
  if [[ ${unit_load[$1]} == not-found ]]; then
    failure="there is no unit $1 on this host"
    note "error: $failure"
    return 1
  fi
  systemctl reset-failed -- "$1" 2>/dev/null || true
  if ! output=$(systemctl start -- "$1" 2>&1); then
    explain_unit "$1" 'does not start' "$output" || return 1
  fi
  change start "$1"
}

# lacks_program UNIT: it runs a program that Debian does not have and that nobody has put here yet.
lacks_program() {
  local entry runs
  for entry in "${want_programs[@]}"; do
    [[ ! -x ${entry%% *} ]] || continue
    runs=$(systemctl show --property ExecStart --value -- "$1")
    [[ $runs != *"${entry%% *} "* && $runs != *"${entry%% *};"* ]] || return 0
  done
  return 1
}

tell_missing_programs() {
  local entry
  for entry in "${want_programs[@]}"; do
    [[ -x ${entry%% *} ]] || warn "${entry%% *} is not there, and what needs it is not started; get it from ${entry#* }"
  done
}
