#!/usr/bin/env bash
# Made by vgen; do not edit.
# Puts a release into the next slot of an app and waits until it is healthy there. The live slot is never touched; what
# users see changes with switch.sh.
#
# Usage: deploy.sh APP ARTIFACT [--release ID] [--foreground]
#        deploy.sh --attach
#   ARTIFACT      an executable file (if the app has a "binary"), a directory, or a .tar, .tar.gz or .tar.zst
#   --release     the release's name; by default the time and the first digits of the artifact's sha256
#   --foreground  run in this terminal; else it runs by itself, and goes on if this terminal or connection ends
#   --attach      follow the run that is under way, or tell how the last one went
#
# Examples:
#   /opt/vgen/bin/deploy.sh peerbook /tmp/peerbook
#   /opt/vgen/bin/deploy.sh peerbook /tmp/build.tar.gz --release v1.4.2
#
# Exit codes: 0 healthy in next; 1 refused or not healthy, live is untouched; 2 could not be done; 3 locked
# shellcheck disable=SC2034,SC2154  # variables are shared with the other files

set -euo pipefail
lib=$(readlink -f -- "${BASH_SOURCE[0]}")
lib=${lib%/bin/*}/lib
# shellcheck source=/dev/null
. "$lib/detach.sh"

deploy() {
  local artifact=$1 id=$2 slot
  slot=$(slot_at next)
  action_from=$(release_of "$slot")
  [[ -d ${dir:?}/releases ]] || fail 2 "$dir/releases is not there; run install.sh first"
  make_release "$artifact" "$id"
  action_to=$release_id
  place "$release_id" "$slot" || give_up_deploy "$slot"
  remove_old_releases
  say "$app: release $release_id is healthy in next ($slot)${next:+, see http://$next}; live is $(slot_at live)"
  ! is_served next || nginx_serves "$slot"
}

give_up_deploy() {
  remove_old_releases
  note "$app: release $release_id stays in next ($1) as it is; live ($(slot_at live)) is untouched"
  exit 1
}

# nginx_serves SLOT: a warning only, because the release itself is healthy; a switch would refuse.
nginx_serves() {
  local answer
  answer=$(ask_nginx next /.vgen/slot 2>&1) || true
  [[ $answer == "$1" ]] || warn "nginx does not serve $1 on $(place_of next): ${answer:0:120}"
}

artifact='' id='' words=()
while (( $# > 0 )); do
  case $1 in
    --release)
      [[ -n ${2:-} ]] || usage_error '--release needs a name'
      id=$2
      shift
      ;;
    -*) common_option "$1" || usage_error "unknown option $1" ;;
    *) words+=("$1") ;;
  esac
  shift
done
(( ${#words[@]} == 2 )) || usage_error 'an app and an artifact are needed'
artifact=$(readlink -f -- "${words[1]}") || usage_error "${words[1]} is not there"
detached deploy "${words[0]}" "$artifact" ${id:+--release "$id"}
# shellcheck source=/dev/null
. "$lib/action.sh"
run_action deploy "${words[0]}" deploy "$artifact" "$id"
