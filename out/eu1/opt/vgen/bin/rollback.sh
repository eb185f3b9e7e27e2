#!/usr/bin/env bash
# Made by vgen; do not edit.
# Makes the release that was live before live again. If next holds it still, that is a switch; else it is started there
# first. The release that is left is marked bad, so that a second rollback goes further back.
# Or, with --host, installs an earlier generation of this host's configuration; by default the last one before this that
# ran. Releases and what is live stay as they are then.
#
# Usage: rollback.sh APP
#        rollback.sh --host [GENERATION] [OPTION of install.sh]…
#
# Examples:
#   /opt/vgen/bin/rollback.sh peerbook
#   /opt/vgen/bin/rollback.sh --host
#   /opt/vgen/bin/rollback.sh --host 7 --force
#
# Exit codes: 0 it is as it was before; 1 refused or not proven, all is as it is; 2 could not be done; 3 locked
# shellcheck disable=SC2154  # what is read here is set in the other files

set -euo pipefail
lib=$(readlink -f -- "${BASH_SOURCE[0]}")
lib=${lib%/bin/*}/lib
# shellcheck source=/dev/null
. "$lib/action.sh"

# roll_back_host [GENERATION] [OPTION…]: by the install.sh that this generation carries itself.
roll_back_host() {
  local to=''
  # shellcheck source=/dev/null
  . "$lib/generations.sh"
  require_root
  read_generations
  if [[ ${1:-} =~ ^[0-9]+$ ]]; then
    to=$1
    shift
  else
    to=$(good_generation)
    [[ -n $to ]] || fail 1 'nothing to roll back to: no earlier generation of this host ran'
  fi
  [[ -f $generations/$to/install.sh ]] ||
    fail 2 "generation $to is not here; known: $(find "$generations" -mindepth 1 -maxdepth 1 -name '[0-9]*' -printf '%f\n' | sort -n | tr '\n' ' ')"
  note "from generation $generation back to $to"
  exec bash "$generations/$to/install.sh" --rollback "$@"
}

case ${1:-} in
  --help | -h) usage; exit 0 ;;
  --host) roll_back_host "${@:2}" ;;
  -*) usage_error "unknown option $1" ;;
esac
(( $# == 1 )) || usage_error 'one app is needed'
run_action rollback "$1" roll_back
