#!/usr/bin/env bash
# Made by vgen; do not edit.
# Is a slot healthy? Its own port answers the app's health path with 200 to 399, or takes a connection if it has none.
# Asked on the slot's own port and not through nginx, so that no other slot can answer for it.
# shellcheck disable=SC2034,SC2154  # variables are shared with the other files

health_reason=''                # why the last look found it unhealthy

# fetch URL [OPTION…]: curl without the settings of whoever runs this.
fetch() {
  local url=$1
  shift
  curl --disable --silent --show-error --noproxy '*' --max-time 3 "$@" -- "$url"
}

# probe SLOT: one question.
probe() {
  local port=${port_of[$1]:?} code
  if [[ -z ${health?} ]]; then
    health_reason="nothing takes connections on port $port"
    # The child's own redirection opens the connection, so that "timeout" can end it.
    # shellcheck disable=SC2016  # the child expands it
    timeout 3 bash -c 'exec 3<>"/dev/tcp/127.0.0.1/$1"' connect "$port" 2>/dev/null
    return
  fi
  code=$(fetch "http://127.0.0.1:$port$health" --output /dev/null --write-out '%{http_code}' 2>/dev/null) || true
  health_reason="port $port answers $health with HTTP $code"
  [[ $code != 000 && -n $code ]] || health_reason="nothing answers $health on port $port"
  [[ $code =~ ^[23] ]]
}

# wait_healthy SLOT: one and the same process runs and answers well twice in a row.
wait_healthy() {
  local until=$((SECONDS + ${health_seconds:?})) good=0 pid=0
  while :; do
    supervisor_table=''
    look_at "$1"
    if [[ $process_state != running ]]; then
      good=0
      health_reason="its process is not running: $process_state, $process_detail"
      [[ $process_state != failed ]] || return 1
    elif probe "$1"; then
      (( process_pid == pid )) || good=0
      pid=$process_pid
      good=$((good + 1))
      (( good < 2 )) || return 0
    else
      good=0
    fi
    (( SECONDS < until )) || return 1
    sleep 0.2
  done
}

# explain_slot SLOT: what somebody wants to see when it is not healthy.
explain_slot() {
  local port=${port_of[$1]:?} who
  look_at "$1"
  who=$(listener_on "$port")
  {
    printf 'process   %s %s: %s\n' "${runtime:?}" "${unit_of[$1]}" "${process_detail:-$process_state}"
    printf 'port      %s: %s\n' "$port" "${who:-nothing listens}"
    printf 'log       the last lines:\n'
  } | indent
  tell_log "$1"
}

# listener_on PORT: who listens there; nothing if nobody does.
listener_on() {
  local line
  line=$(ss --no-header --listening --tcp --numeric --processes "sport = :$1")
  [[ -z $line ]] || sed -nE '1s/.*users:\(\(("[^"]*",pid=[0-9]+).*/held by \1/; 1p' <<<"$line"
}
