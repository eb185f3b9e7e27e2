#!/usr/bin/env bash
# Made by vgen; do not edit.
# Usage: definitions.sh dump >FILE | [DRILL=NAME] definitions.sh restore <FILE
# Vhosts, users, permissions, queues, exchanges, bindings and policies of RabbitMQ as JSON; messages are no part of it.
# restore adds what is missing and puts back what differs; with DRILL the broker reads the file and says what is in it.
set -euo pipefail

restore() {
  local file
  file=$(mktemp /var/lib/rabbitmq/vgen-restore.XXXXXX)
  # shellcheck disable=SC2064  # the name as it is now
  trap "rm -f -- '$file'" EXIT
  install -m 0600 -o rabbitmq -g rabbitmq /dev/stdin "$file"
  if [[ -n ${DRILL:-} ]]; then
    rabbitmqctl --quiet eval "{ok, Text} = file:read_file(\"$file\"), All = rabbit_json:decode(Text),
      [{Kind, length(maps:get(Kind, All))} || Kind <- [<<\"users\">>, <<\"vhosts\">>, <<\"queues\">>]]."
  else
    rabbitmqctl --quiet import_definitions "$file"
  fi
}

case ${1:-} in
  dump) rabbitmqctl --quiet --silent export_definitions - ;;
  restore) restore ;;
  *)
    printf 'usage: %s dump >FILE | [DRILL=NAME] %s restore <FILE\n' "$0" "$0" >&2
    exit 2
    ;;
esac
