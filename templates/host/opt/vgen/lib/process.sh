#!/usr/bin/env bash
# Made by vgen; do not edit.
# The process of a slot, whichever runtime it has: look, start, stop, its last words.
# shellcheck disable=SC2034  # what is set here is read in the other files

process_state=absent            # running, starting, stopped, failed or absent
process_pid=0
process_detail=''

# look_at SLOT: sets the three above.
look_at() {
  process_state=absent process_pid=0 process_detail=''
  "look_at_${runtime:?}" "${unit_of[$1]:?}"
}

stop_slot() { "stop_${runtime:?}" "${unit_of[$1]:?}"; }

start_slot() {
  process_state=absent
  "start_${runtime:?}" "${unit_of[$1]:?}"
}

tell_log() { "tell_log_${runtime:?}" "${unit_of[$1]:?}"; }

# slot_instance SLOT: what holds its configuration. supervisord keeps a program's environment through restarts of the
# program, and pm2 through those of an app; systemd reads it anew.
slot_instance() {
  if [[ ${runtime:?} == supervisor ]]; then
    supervisor_instance
  else
    process_pid=0
    look_at_systemd "${unit_of[$1]:?}"
    instance_of "$process_pid"
  fi
}

look_at_systemd() {
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

stop_systemd() { systemctl stop -- "$1"; }

# Enabled only now: a slot without a release must not be tried at every boot.
start_systemd() {
  systemctl daemon-reload
  systemctl enable --quiet -- "$1"
  systemctl reset-failed -- "$1" 2>/dev/null || true
  systemctl start -- "$1" || true                       # how it went is seen from its state and health
}

tell_log_systemd() {
  journalctl --unit "$1" --lines 15 --output cat --no-pager 2>/dev/null | indent || true
}

# pm2 runs in the foreground in a unit of the slot's own, and ends with it: it never holds on to a release that the slot
# had before. The app is its child; one that ends and is started again by pm2 has another process.
look_at_pm2() {
  local children=()
  look_at_systemd "$1"
  [[ $process_state == running ]] || return 0
  read -r -a children <"/proc/$process_pid/task/$process_pid/children" || true
  process_pid=${children[0]:-$process_pid}
}

stop_pm2() { stop_systemd "$1"; }

start_pm2() { start_systemd "$1"; }

tell_log_pm2() { tell_log_systemd "$1"; }
