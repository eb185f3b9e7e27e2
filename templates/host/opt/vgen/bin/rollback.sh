#!/usr/bin/env bash
# Made by vgen; do not edit.
# Makes the release that was live before live again. If next holds it still, that is a switch; else it is started there
# first. The release that is left is marked bad, so that a second rollback goes further back.
# Or, with --host, installs an earlier generation of this host's configuration; by default the last one before this that
# ran. Releases and what is live stay as they are then.
#
# Usage: rollback.sh APP [--foreground]
#        rollback.sh --host [GENERATION] [OPTION of install.sh]…
#        rollback.sh --attach
#   --foreground  run in this terminal; else it runs by itself, and goes on if this terminal or connection ends
#   --attach      follow the run that is under way, or tell how the last one went
#
# Examples:
#   /opt/vgen/bin/rollback.sh peerbook
#   /opt/vgen/bin/rollback.sh --host
#   /opt/vgen/bin/rollback.sh --host 7 --force
#
# Exit codes: 0 it is as it was before; 1 refused or not proven, all is as it is; 2 could not be done; 3 locked
# shellcheck disable=SC2154  # for_app is set in options.sh, the rest in the other files

set -euo pipefail
lib=$(readlink -f -- "${BASH_SOURCE[0]}")
lib=${lib%/bin/*}/lib
# shellcheck source=/dev/null
. "$lib/detach.sh"

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
  [[ -f $generations/$to/install.sh ]] || fail 2 "generation $to is not here; known: $(known_generations)"
  note "from generation $generation back to $to"
  exec bash "$generations/$to/install.sh" --rollback "$@"
}

if [[ ${1:-} == --host ]]; then
  roll_back_host "${@:2}"
fi
app_options "$@"
detached rollback "$for_app"
# shellcheck source=/dev/null
. "$lib/action.sh"
run_action rollback "$for_app" roll_back
