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

# listener_on PORT: who listens there; nothing if nobody does.
listener_on() {
  local line
  line=$(ss --no-header --listening --tcp --numeric --processes "sport = :$1")
  [[ -z $line ]] || sed -nE '1s/.*users:\(\(("[^"]*",pid=[0-9]+).*/held by \1/; 1p' <<<"$line"
}

connections_on() { ss --no-header --tcp --numeric state established "sport = :$1" | wc -l; }
