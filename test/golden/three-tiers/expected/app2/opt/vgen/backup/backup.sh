#!/usr/bin/env bash
# Made by vgen; do not edit.
# Backs up every data set of a backup, then forgets what is older than the inventory keeps. A data set that fails keeps
# neither the others from being saved nor its older snapshots from staying.
#
# Usage: backup.sh BACKUP [DATASET]…
#
# Exit codes: 0 all is saved; 1 a data set is not; 2 could not be done
# shellcheck disable=SC2154  # set in lib.sh

# shellcheck source=SCRIPTDIR/lib.sh
. /opt/vgen/backup/lib.sh

# save_dump NAME: a dump that breaks off must not become the newest snapshot, so it is whole before it is saved.
save_dump() {
  as_owner "$1" "${dataset_dump[$1]}" >"$work/dump" || return 1
  [[ -s $work/dump ]] || { note "$1: the dump is empty"; return 1; }
  call_on_tag "$1" backup --quiet --stdin --stdin-filename "/$1" <"$work/dump" || return 1
  rm -f -- "$work/dump"
}

# save_paths NAME: files that vanish while they are read (exit code 3) make no bad snapshot.
save_paths() {
  local code=0 one words=()
  paths_of "$1"
  (( ${#found[@]} > 0 )) || { note "$1: nothing is there yet"; return 0; }
  for one in "${excluded[@]}"; do words+=(--exclude "$one"); done
  call_on_tag "$1" backup --quiet --exclude "$scratch" "${words[@]}" "${found[@]}" || code=$?
  (( code == 0 || code == 3 ))
}

case ${1:-} in --help | -h) usage ;; '' | -*) usage 2 >&2 ;; esac
load "$1"
chosen "${@:2}"
one_at_a_time
if [[ ! -e $scratch/initialised ]]; then
  call_restic cat config >/dev/null 2>&1 || call_restic init >/dev/null ||
    fail 'the repository cannot be reached or made'
  : >"$scratch/initialised"
fi
call_restic unlock >/dev/null || fail 'the repository cannot be reached'
failed=()
for name in "${wanted[@]}"; do
  if [[ -n ${dataset_dump[$name]:-} ]]; then save_dump "$name"; else save_paths "$name"; fi || failed+=("$name")
done
call_restic forget --quiet --host "$client" --group-by host,tags "${keep[@]}" --prune ||
  note 'what is old could not be forgotten'
if (( ${#failed[@]} > 0 )); then
  note "error: not saved: ${failed[*]}"
  exit 1
fi
note "saved: ${wanted[*]}"
