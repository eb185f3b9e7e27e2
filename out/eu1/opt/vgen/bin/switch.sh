#!/usr/bin/env bash
# Made by vgen; do not edit.
# Makes the next slot of an app live and the live one next, by one exchange of two links, and proves it through nginx.
# What was live goes on running in next, ready to be switched back to.
#
# Usage: switch.sh APP [--foreground]
#        switch.sh --attach
#   --foreground  run in this terminal; else it runs by itself, and goes on if this terminal or connection ends
#   --attach      follow the run that is under way, or tell how the last one went
#
# Examples:
#   /opt/vgen/bin/switch.sh peerbook
#
# Exit codes: 0 switched and proven; 1 refused or not proven, live is as before; 2 could not be done; 3 locked
# shellcheck disable=SC2154  # for_app is set in options.sh

set -euo pipefail
lib=$(readlink -f -- "${BASH_SOURCE[0]}")
lib=${lib%/bin/*}/lib
# shellcheck source=/dev/null
. "$lib/detach.sh"

app_options "$@"
detached switch "$for_app"
# shellcheck source=/dev/null
. "$lib/action.sh"
run_action switch "$for_app" switch_to_next switch
