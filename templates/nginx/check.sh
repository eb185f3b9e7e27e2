#!/usr/bin/env bash
# The check of nginx's files (lib/install/checks.sh).

check_nginx() {
  local output
  if ! output=$(nginx -t 2>&1); then
    grep -E '\[(emerg|alert|crit|error)\]' <<<"$output" || printf '%s\n' "$output"
    return 1
  fi
  grep -F '[warn]' <<<"$output" | indent || true
}
