#!/usr/bin/env bash
# Made by vgen; do not edit.
# Confirms what the last install changed of sshd, the firewall, the network or a tunnel. Unless that is done in time,
# and over a new connection, which proves that one can still get in, the host puts everything of that install back.
#
# Usage: confirm.sh
#        confirm.sh --revert [--foreground]
#        confirm.sh --attach
#   --revert      put it back now
#   --foreground  put it back in this terminal; else that runs by itself, and goes on if this connection ends
#   --attach      follow the run that is under way, or tell how the last one went
#
# Examples:
#   ssh -o ControlPath=none root@eu1 /opt/vgen/bin/confirm.sh
#
# Exit codes: 0 confirmed, put back, or nothing to do; 1 refused, or too late; 2 could not be done; 3 locked

set -euo pipefail
lib=$(readlink -f -- "${BASH_SOURCE[0]}")
lib=${lib%/bin/*}/lib
# shellcheck source=/dev/null
. "$lib/detach.sh"

what=confirm
for word; do
  case $word in
    --revert) what=revert ;;
    *) common_option "$word" || usage_error "unknown word $word" ;;
  esac
done
require_root
[[ $what == confirm ]] || detached revert --revert
for part in action record units confirm; do
  # shellcheck source=/dev/null
  . "$lib/$part.sh"
done
end_on_signals
if [[ $what == confirm ]]; then
  confirm_install
else
  with_lock revert_install
fi
