#!/usr/bin/env bash
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
