#!/usr/bin/env bash
# pm2 as a runtime of slots. It runs in the foreground in a unit of the slot's own, and ends with it: it never holds on to
# a release that the slot had before. The app is its child; one that ends and is started again by pm2 has another process.

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

# pm2 keeps the environment through restarts of its app.
pm2_instance() { systemd_instance "$1"; }
