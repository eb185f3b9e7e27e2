#!/usr/bin/env bash
# Tries connections from this host, all at a time: those that are let in, and those that are not.
# Usage: prove.sh NAME [ADDRESS PORT open|closed]…; NAME is this host's
set -euo pipefail
from=$1
shift
seen=$(mktemp -d)
trap 'rm -rf -- "$seen"' EXIT

# attempt NUMBER ADDRESS PORT: a firewall that drops is silent; whoever refuses was reached.
attempt() {
  local said
  # shellcheck disable=SC2016  # the child expands it
  if said=$(timeout 2 bash -c 'exec 3<>"/dev/tcp/$1/$2"' attempt "$2" "$3" 2>&1); then
    echo answers
  elif [[ $said == *refused* ]]; then
    echo refuses
  else
    echo silent
  fi >"$seen/$1"
}

probes=()
while (( $# > 0 )); do
  probes+=("$1 $2 $3")
  shift 3
done
for i in "${!probes[@]}"; do
  read -r address port _ <<<"${probes[i]}"
  attempt "$i" "$address" "$port" &
done
wait
wrong=() open=0 closed=0 idle=()
for i in "${!probes[@]}"; do
  read -r address port wanted <<<"${probes[i]}"
  is=$(<"$seen/$i")
  case $wanted:$is in
    open:answers) open=$((open + 1)) ;;
    open:refuses) idle+=("$port") ;;
    closed:silent) closed=$((closed + 1)) ;;
    *) wrong+=("$address:$port shall be $wanted and is $is") ;;
  esac
done
if (( ${#wrong[@]} > 0 )); then
  printf '%s\n' "${wrong[@]}"
  printf 'from %s: %s\n' "$from" "${wrong[0]}" >&2
  exit 1
fi
printf 'from %s %s open and %s closed%s\n' "$from" "$open" "$closed" \
  "${idle[*]:+, nobody listens on $(printf '%s\n' "${idle[@]}" | sort -nu | paste --serial --delimiters=,)}"
