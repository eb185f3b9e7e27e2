#!/usr/bin/env bash
# The check of supervisord's files (lib/install/checks.sh).

# supervisord prints whole environments with its errors, so only the place is told; the text stays with root.
check_supervisor() {
  local output place
  output=$(/usr/bin/python3 -c '
import sys
from supervisor.options import ServerOptions
ServerOptions().realize(["-c", sys.argv[1]])' /etc/supervisor/supervisord.conf 2>&1) && return 0
  (umask 077 && printf '%s\n' "$output" >"$vgen_state/supervisor-check.log")
  place=$(supervisor_error_place <<<"$output")
  printf '%s\n' "${place:-its configuration cannot be read}"
  printf '%s\n' "the whole message, which may show secrets, is in $vgen_state/supervisor-check.log"
  return 1
}
