#!/usr/bin/env bash
# The check of Redis's files (lib/install/checks.sh).

# Redis has no check: it is started on a private socket, with everything that touches the machine overridden.
check_redis() {
  local path scratch
  for path; do
    [[ -f $path ]] || continue
    scratch=$(mktemp -d /run/vgen-redis.XXXXXX)
    if ! try_redis "$path" "$scratch"; then
      sed -e "s|$scratch/copy.conf|$path|g" "$scratch/log"
      rm -rf -- "${scratch:?}"
      return 1
    fi
    rm -rf -- "${scratch:?}"
  done
}

try_redis() {
  local scratch=$2 process count sound=1
  # dir and logfile are taken up while the file is read, before an override can replace them.
  sed -E '/^[[:space:]]*(dir|logfile)[[:space:]]/Id' "$1" >"$scratch/copy.conf"
  redis-server "$scratch/copy.conf" --port 0 --tls-port 0 --bind 127.0.0.1 --unixsocket "$scratch/socket" \
    --dir "$scratch" --logfile '' --daemonize no --supervised no --save '' --appendonly no --replicaof no one \
    --pidfile '' --loglevel warning >"$scratch/log" 2>&1 </dev/null &
  process=$!
  for (( count = 0; count < 100; count++ )); do
    [[ ! -S $scratch/socket ]] || { sound=0; break; }
    kill -0 "$process" 2>/dev/null || break
    sleep 0.05
  done
  kill -9 "$process" 2>/dev/null || true
  wait "$process" 2>/dev/null || true
  return "$sound"
}
