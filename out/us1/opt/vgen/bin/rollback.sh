#!/usr/bin/env bash
# Made by vgen; do not edit.
# Makes the release that was live before live again. If next holds it still, that is a switch; else it is started there
# first. The release that is left is marked bad, so that a second rollback goes further back.
#
# Usage: rollback.sh APP
#
# Examples:
#   /opt/vgen/bin/rollback.sh peerbook
#
# Exit codes: 0 the former release is live; 1 refused or not proven, live is as before; 2 could not be done; 3 locked

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
run_action rollback "$1" roll_back
