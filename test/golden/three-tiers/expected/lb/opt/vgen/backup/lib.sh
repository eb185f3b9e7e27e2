#!/usr/bin/env bash
# Made by vgen; do not edit.
# What the scripts for backups share. /etc/vgen/backup/NAME.conf says where a backup goes and what is in it, in the
# words below; its data sets are `dataset NAME USER`, then `path`, or `dump` and `restore` with a command each.
# shellcheck disable=SC2034  # what is set here is read by the scripts

set -euo pipefail
umask 077

declare -A dataset_user=() dataset_dump=() dataset_restore=() dataset_paths=()
datasets=()
excluded=()
keep=()
stale=0                         # seconds after which the newest snapshot is too old
sftp_key=''                     # name of the secret with the private key
export RESTIC_CACHE_DIR=/var/cache/vgen-restic RESTIC_PROGRESS_FPS=0.01

note() { printf '%s\n' "$*" >&2; }
fail() { note "error: $*"; exit 2; }

dataset() { datasets+=("$1"); dataset_user[$1]=$2; }
path() { dataset_paths[${datasets[-1]}]+="$1"$'\n'; }
dump() { dataset_dump[${datasets[-1]}]=$(printf '%q ' "$@"); }
restore() { dataset_restore[${datasets[-1]}]=$(printf '%q ' "$@"); }

# load NAME: the backup of that name; whatever it left behind goes when the script ends.
load() {
  backup=${1:?}
  [[ $backup =~ ^[a-z][a-z0-9-]*$ && -f /etc/vgen/backup/$backup.conf ]] || fail "there is no backup \"$backup\" here"
  # shellcheck source=/dev/null
  . "/etc/vgen/backup/$backup.conf"
  scratch=/var/lib/vgen/backup/$backup
  install -d -m 0711 -- /var/lib/vgen/backup
  install -d -m 0700 -- "$scratch" "$RESTIC_CACHE_DIR"
  work=$(mktemp -d "$scratch/run.XXXXXX")
  trap 'rm -rf -- "${work:?}"' EXIT
  trap 'exit 2' INT TERM HUP
}

# one_at_a_time: restic locks the repository, but two runs of one host would still wait for one another there.
one_at_a_time() {
  exec 9>"$scratch/lock"
  flock --wait 3600 9 || fail "another run of backup \"$backup\" does not end"
}

# call_restic WORD…: never with a secret among its words; what dumps and restores does not get them either. ssh wants a
# line break at the end of a key.
call_restic() {
  local words=()
  local -x RESTIC_PASSWORD=${RESTIC_PASSWORD:?}
  local -x AWS_ACCESS_KEY_ID=${AWS_ACCESS_KEY_ID:-} AWS_SECRET_ACCESS_KEY=${AWS_SECRET_ACCESS_KEY:-}
  if [[ -n $sftp_key ]]; then
    [[ -s $work/key ]] || { cat -- "/etc/vgen/secrets/$sftp_key" && printf '\n'; } >"$work/key"
    words=(-o "sftp.command=ssh -F /dev/null -i $work/key -o IdentitiesOnly=yes -o BatchMode=yes -o ConnectTimeout=20 \
-o ServerAliveInterval=30 -o UserKnownHostsFile=/etc/vgen/backup/$backup.known -o StrictHostKeyChecking=yes \
-p ${sftp_port:?} ${sftp_user:?}@${sftp_host:?} -s sftp")
  fi
  restic "${words[@]}" "$@" 9>&-
}

# as_owner DATASET COMMAND: COMMAND, as `printf %q` wrote it, run as the data set's user from a directory it may enter.
as_owner() {
  local words=()
  eval "words=($2)"
  if [[ ${dataset_user[$1]} == root ]]; then
    (cd / && umask 022 && "${words[@]}" 9>&-)
  else
    (cd / && umask 022 && runuser -u "${dataset_user[$1]}" -- "${words[@]}" 9>&-)
  fi
}

# call_on_tag NAME WORD…: the snapshots of this host and one data set alone.
call_on_tag() { call_restic "${@:2}" --host "${client:?}" --tag "$1"; }

# chosen DATASET…: those that were named, or all; one unknown is a mistake.
chosen() {
  local name
  for name; do
    [[ -n ${dataset_user[$name]:-} ]] || fail "backup \"$backup\" has no data set \"$name\"; it has: ${datasets[*]}"
  done
  if (( $# > 0 )); then wanted=("$@"); else wanted=("${datasets[@]}"); fi
}

# paths_of DATASET: into `found`, those that are there now.
paths_of() {
  local one
  found=()
  while IFS= read -r one; do
    [[ -z $one || ! -e $one ]] || found+=("$one")
  done <<<"${dataset_paths[$1]:-}"
}

usage() {
  sed -n '/^# Usage:/,/^$/{/^# shellcheck/d; s/^# \{0,1\}//p;}' "$0"
  exit "${1:-0}"
}
