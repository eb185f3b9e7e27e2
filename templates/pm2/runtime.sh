#!/usr/bin/env bash
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
