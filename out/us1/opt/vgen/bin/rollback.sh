#!/usr/bin/env bash
# Made by vgen; do not edit.
# Makes the release that was live before live again. If next holds it still, that is a switch; else it is started there
# first. The release that is left is marked bad, so that a second rollback goes further back.
#
# Usage: rollback.sh APP [--foreground]
#        rollback.sh --attach
#   --foreground  run in this terminal; else it runs by itself, and goes on if this terminal or connection ends
#   --attach      follow the run that is under way, or tell how the last one went
#
# Examples:
#   /opt/vgen/bin/rollback.sh peerbook
#
# Exit codes: 0 the former release is live; 1 refused or not proven, live is as before; 2 could not be done; 3 locked
# shellcheck disable=SC2154  # for_app is set in options.sh

set -euo pipefail
lib=$(readlink -f -- "${BASH_SOURCE[0]}")
lib=${lib%/bin/*}/lib
# shellcheck source=/dev/null
. "$lib/detach.sh"

app_options "$@"
detached rollback "$for_app"
# shellcheck source=/dev/null
. "$lib/action.sh"
run_action rollback "$for_app" roll_back
