#!/usr/bin/env bash
# Processes and ports, whoever runs them.

# instance_of PID: this process in this boot; a process id alone can come again.
instance_of() {
  local fields
  [[ -r /proc/${1:-0}/stat ]] || { printf 'none'; return; }
  fields=$(<"/proc/$1/stat")
  read -r -a fields <<<"${fields##*) }"      # the name before it may hold spaces
  printf '%s:%s:%s' "$(</proc/sys/kernel/random/boot_id)" "$1" "${fields[19]}"
}

# descends_from PID ANCESTOR: it is that process, or was started by it, or is in its process group.
descends_from() {
  local pid=$1 fields
  while [[ -r /proc/$pid/stat ]] && (( pid > 1 )); do
    (( pid != $2 )) || return 0
    fields=$(<"/proc/$pid/stat")
    read -r -a fields <<<"${fields##*) }"
    (( fields[2] != $2 )) || return 0
    pid=${fields[1]}
  done
  return 1
}

# sockets_on PORT: one line for each socket that listens there, with its processes.
sockets_on() { ss --no-header --listening --tcp --numeric --processes "sport = :$1"; }

# holder_of SOCKET: "held by …", of such a line.
holder_of() { sed -nE 's/.*users:\(\(("[^"]*",pid=[0-9]+).*/held by \1/; 1p' <<<"$1"; }

# listener_on PORT: who listens there; nothing if nobody does.
listener_on() {
  local line
  line=$(sockets_on "$1")
  [[ -z $line ]] || holder_of "$line"
}

connections_on() { ss --no-header --tcp --numeric state established "sport = :$1" | wc -l; }
