#!/usr/bin/env bash
# Made by vgen; do not edit.
# Which bridges are Docker's, as Docker says. They go into the set "bridges" of the table inet vgen, and into a file that
# the rules include when they are loaded anew. A name proves nothing: people call bridges of their own br-something too.
#
# Usage: bridges.sh --watch    now, and whenever Docker makes or removes a network
#        bridges.sh            now
#
# Exit codes: 0 the rules know them; 1 Docker or nft did not answer, the rules are as they were

set -euo pipefail
readonly list=/run/vgen-firewall/bridges.nft
# the name that was asked for, or Docker's own choice
readonly name='{{or (index .Options "com.docker.network.bridge.name") (printf "br-%.12s" .Id)}}'

# bridges: their names, one per line.
bridges() {
  local ids
  mapfile -t ids < <(docker network ls --quiet --no-trunc --filter driver=bridge)
  wait "$!" || return 1
  (( ${#ids[@]} == 0 )) || docker network inspect --format "$name" "${ids[@]}"
}

take_up() {
  local said one names=''
  said=$(bridges)
  while IFS= read -r one; do
    [[ ! $one =~ ^[A-Za-z0-9_.-]{1,15}$ ]] || names+="${names:+, }\"$one\""
  done <<<"$said"
  install -d -m 0755 -- "${list%/*}"
  printf '%s\n' 'flush set inet vgen bridges' "${names:+add element inet vgen bridges { $names \}}" >"$list.new"
  mv -f -- "$list.new" "$list"
  ! nft list set inet vgen bridges >/dev/null 2>&1 || nft -f "$list"
}

if [[ ${1:-} == --watch ]]; then
  # listens first, so that none is missed
  exec {events}< <(exec docker events --filter type=network --format '{{.Action}}')
  take_up
  while IFS= read -r -u "$events" _; do take_up; done
else
  take_up
fi
