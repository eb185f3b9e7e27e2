#!/usr/bin/env bash
# Made by vgen from redis.cache; do not edit.
# Usage: redis.sh take-up | dump >FILE | [DRILL=NAME] redis.sh restore <FILE
# take-up: the certificate is read anew, no client is cut. dump: a snapshot (RDB). restore: it becomes the data; with
# DRILL a separate Redis, unreachable to clients, loads it and says how many keys there are.
set -euo pipefail
port=6379 directory=/srv/data/cache secret=redisPassword append=yes
tls=(--tls --cacert /etc/vgen/tls/ca.pem)

# The password goes by the environment, which root alone can read, never by an argument.
[[ -z $secret ]] || REDISCLI_AUTH=$(<"/etc/vgen/secrets/$secret")
export REDISCLI_AUTH=${REDISCLI_AUTH:-}
[[ -n $REDISCLI_AUTH ]] || unset REDISCLI_AUTH

ask() { redis-cli -h 127.0.0.1 -p "$port" "${tls[@]}" "$@"; }

# Redis 7 takes both at once; an older one is restarted. Whom the former certificate is from does not matter: this is
# loopback, and it may be a placeholder.
take_up() {
  [[ $(ask --insecure config set tls-cert-file /etc/vgen/tls/redis/cert.pem tls-key-file /etc/vgen/tls/redis/key.pem) == OK ]] ||
    systemctl restart redis-server.service
}

dump() {
  local file
  file=$(mktemp)
  # shellcheck disable=SC2064  # the name as it is now
  trap "rm -f -- '$file'" EXIT
  ask --rdb "$file" >/dev/null
  cat -- "$file"
}

# load DIRECTORY: a separate Redis with the snapshot in DIRECTORY, on a socket there; it is ready when this returns.
load() {
  local count
  runuser -u redis -- redis-server --port 0 --unixsocket "$1/socket" --dir "$1" --dbfilename dump.rdb \
    --appendonly no --save '' --daemonize no --logfile '' --loglevel warning </dev/null >&2 &
  server=$!
  for (( count = 0; count < 600; count++ )); do
    kill -0 "$server" 2>/dev/null || return 1
    [[ $(redis-cli -s "$1/socket" ping 2>/dev/null) != PONG ]] || return 0
    sleep 0.5
  done
  return 1
}

restore() {
  local place=$directory
  if [[ -n ${DRILL:-} ]]; then
    place=$(mktemp -d /var/tmp/vgen-redis.XXXXXX)
    # shellcheck disable=SC2064
    trap "rm -rf -- '$place'" EXIT
  else
    systemctl stop redis-server.service
    rm -rf -- "${directory:?}/appendonlydir" "${directory:?}/appendonly.aof"
  fi
  chown redis:redis -- "$place"
  install -m 0640 -o redis -g redis /dev/stdin "$place/dump.rdb"
  unset REDISCLI_AUTH
  load "$place"
  redis-cli -s "$place/socket" info keyspace
  if [[ -n ${DRILL:-} ]]; then
    redis-cli -s "$place/socket" shutdown nosave
    wait "$server" || true
    return
  fi
  # With appendonly, Redis reads its log alone at the start; this makes one of the snapshot.
  if [[ $append == yes ]]; then
    redis-cli -s "$place/socket" config set appendonly yes >/dev/null
    while redis-cli -s "$place/socket" info persistence | grep -q '^aof_rewrite_\(in_progress\|scheduled\):1'; do
      sleep 0.2
    done
  fi
  redis-cli -s "$place/socket" shutdown nosave
  wait "$server" || true
  rm -f -- "$place/socket"
  systemctl start redis-server.service
}

case ${1:-} in
  take-up) take_up ;;
  dump) dump ;;
  restore) restore ;;
  *)
    printf 'usage: %s take-up | dump >FILE | [DRILL=NAME] %s restore <FILE\n' "$0" "$0" >&2
    exit 2
    ;;
esac
