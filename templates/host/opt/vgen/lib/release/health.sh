#!/usr/bin/env bash
# Is a slot healthy? Its port answers its health path with 200 to 399, or takes a connection if it has none.
# Asked on the slot's port and not through nginx, so that no other slot can answer for it.

health_reason=''                # why the last look found it unhealthy

# fetch URL [OPTION…]: curl without the settings of whoever runs this.
fetch() {
  local url=$1
  shift
  curl --disable --silent --show-error --noproxy '*' --max-time 3 "$@" -- "$url"
}

# is_served live|next: nginx serves it, on an address of the app or for the sites of this host.
is_served() { [[ -n ${!1} || ${served?} == yes ]]; }

# place_of live|next: where nginx serves it, for people.
place_of() { printf '%s' "${!1:-the sites of this host}"; }

# ask_nginx live|next PATH [OPTION…]: on the address of the link as clients do, or over the socket as the sites do.
ask_nginx() {
  local address=${!1} role=$1 path=$2
  shift 2
  if [[ -n $address ]]; then
    fetch "http://$address$path" "$@"
  else
    fetch "http://localhost$path" --unix-socket "${dir:?}/$role/nginx.sock" "$@"
  fi
}

# is_healthy SLOT: it runs and answers.
is_healthy() {
  process_table=''
  look_at "$1"
  health_reason="its process is not running: $process_state${process_detail:+, $process_detail}"
  [[ $process_state == running ]] && probe "$1"
}

# listens_itself SLOT: each socket on its port is held by a process of the slot, as it was looked at last, and by nobody
# who would answer in its place, such as a process that outlived its manager. That one is in health_reason.
listens_itself() {
  local inode pid is_own
  while read -r inode _; do
    is_own=no
    while [[ $is_own == no ]] && read -r pid; do
      ! has_process "$1" "$pid" || is_own=yes
    done < <(holders_of "$inode")
    [[ $is_own == yes ]] && continue
    health_reason="port ${port_of[$1]} is $(holder_of "$inode"), which is no process of $1"
    return 1
  done < <(sockets_on "${port_of[$1]:?}")
}

# probe SLOT: one question, to the slot as it was looked at last.
probe() {
  answers_well "$1" && listens_itself "$1"
}

answers_well() {
  local port=${port_of[$1]:?} path=${health_of[$1]} code
  if [[ -z $path ]]; then
    health_reason="nothing takes connections on port $port"
    # A redirection in the child opens the connection, so that "timeout" can end it.
    # shellcheck disable=SC2016  # the child expands it
    timeout 3 bash -c 'exec 3<>"/dev/tcp/127.0.0.1/$1"' connect "$port" 2>/dev/null
    return
  fi
  code=$(fetch "http://127.0.0.1:$port$path" --output /dev/null --write-out '%{http_code}' 2>/dev/null) || true
  health_reason="port $port answers $path with HTTP $code"
  [[ $code != 000 && -n $code ]] || health_reason="nothing answers $path on port $port"
  [[ $code =~ ^[23] ]]
}

# wait_healthy SLOT: one and the same process runs and answers well for steady_seconds, each time it is asked; a program
# that answers at first and dies soon after is not healthy. The third process that ends is the last one.
wait_healthy() {
  local until=$((SECONDS + ${health_seconds:?})) pid=0 ended=0 since='' now
  while :; do
    process_table=''
    look_at "$1"
    if (( pid > 0 && process_pid != pid )); then
      ended=$((ended + 1))
      since=''
    fi
    pid=$process_pid
    if [[ $process_state != running ]]; then
      since=''
      health_reason="its process is not running: $process_state, $process_detail"
    elif probe "$1"; then
      read -r now _ </proc/uptime             # in hundredths of a second, without the dot
      now=${now/./}
      since=${since:-$now}
      if (( now - since >= steady_seconds * 100 )); then
        remember_steady "$1"
        return 0
      fi
      health_reason="it does not answer well for $steady_seconds s on end"
    else
      since=''
    fi
    (( ended == 0 )) || health_reason="its process does not stay up, it ended $(count "$ended" time); $health_reason"
    [[ $process_state != failed ]] || return 1
    # However late the first good answer came, it gets the time to be a lasting one.
    (( ended < 3 && SECONDS < until + (${#since} > 0 ? steady_seconds + 1 : 0) )) || return 1
    sleep 0.2
  done
}

# is_steady SLOT: the process that answers now is the one that wait_healthy found steady.
is_steady() {
  local file=${app_state:?}/steady.$1
  [[ -s $file && $(<"$file") == "$(listening_instance "$1")" ]]
}

remember_steady() {
  install -d -m 0700 -- "$app_state"
  listening_instance "$1" >"$app_state/steady.$1"
}

listening_instance() {
  local inode pid
  read -r inode _ < <(sockets_on "${port_of[$1]:?}") || return 0
  read -r pid < <(holders_of "$inode") || return 0
  instance_of "$pid"
}

# explain_slot SLOT: what somebody wants to see when it is not healthy.
explain_slot() {
  local port=${port_of[$1]:?} who
  look_at "$1"
  who=$(listener_on "$port")
  {
    printf 'process   %s %s: %s\n' "${runtime_of[$1]}" "${unit_of[$1]}" "${process_detail:-$process_state}"
    printf 'port      %s: %s\n' "$port" "${who:-nothing listens}"
    printf 'log       the last lines:\n'
  } | indent
  tell_log "$1"
}
