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
# program; systemd reads it anew.
slot_instance() {
  if [[ ${runtime:?} == supervisor ]]; then
    supervisor_instance
  else
    look_at "$1"
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
