#!/usr/bin/env bash
# Made by vgen; do not edit.
# Before a datastore starts: its directory on a volume. Nothing is made where nothing is mounted, and no datastore
# starts empty while data of it lies where it was before.
#
# Usage: place.sh VOLUME DIRECTORY OWNER FORMER; FORMER: a glob that matches if there is data at the former place
set -euo pipefail
volume=${1:?} directory=${2:?} owner=${3:?} former=${4:?}

refuse() {
  printf '%s\n' "$1" >&2
  exit 1
}

mountpoint --quiet -- "$volume" || refuse "nothing is mounted at $volume"
[[ ! -d $directory ]] || exit 0
found=$(compgen -G "$former" | head -n 1) || true
[[ -z $found ]] ||
  refuse "data is still in ${found%/*}, and $directory is not there; copy it (cp -a) to $directory, or remove it"
install -d -m 0700 -o "${owner%:*}" -g "${owner#*:}" -- "$directory"
