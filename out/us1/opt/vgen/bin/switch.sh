#!/usr/bin/env bash
# Made by vgen; do not edit.
# Makes the next slot of an app live and the live one next, by one exchange of two links, and proves it through nginx.
# What was live goes on running in next, ready to be switched back to.
#
# Usage: switch.sh APP
#
# Examples:
#   /opt/vgen/bin/switch.sh peerbook
#
# Exit codes: 0 switched and proven; 1 refused or not proven, live is as before; 2 could not be done; 3 locked

set -euo pipefail
lib=$(readlink -f -- "${BASH_SOURCE[0]}")
lib=${lib%/bin/*}/lib
# shellcheck source=/dev/null
. "$lib/action.sh"

case ${1:-} in
  --help | -h) usage; exit 0 ;;
  -*) usage_error "unknown option $1" ;;
esac
(( $# == 1 )) || usage_error 'one app is needed'
run_action switch "$1" switch_to_next switch
