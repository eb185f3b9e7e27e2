#!/usr/bin/env bash
# Made by vgen; do not edit.
# Proves a backup by restoring it beside the original. Files: into a scratch directory, where each is compared with what
# the repository knows of it, and the list of all with that of the snapshot. Dumps: through their restore command with
# DRILL=vgen-drill, the name of the place that it makes beside the original and judges itself.
#
# Usage: drill.sh BACKUP [DATASET]…
#
# Exit codes: 0 every data set was restored; 1 one was not; 2 could not be done
# shellcheck disable=SC2154  # set in lib.sh

# shellcheck source=SCRIPTDIR/lib.sh
. /opt/vgen/backup/lib.sh

# drill_paths NAME: restic does not make sockets (mode "S…" in its list).
drill_paths() {
  local place=$work/drill
  rm -rf -- "$place"
  mkdir -- "$place"
  call_on_tag "$1" restore --no-lock --quiet --verify --target "$place" latest >"$work/out" 2>&1 ||
    { tail -n 3 -- "$work/out" >&2; return 1; }
  call_on_tag "$1" ls --no-lock --long latest |
    sed -nE '/^S/!s/^[^ ]+ +[0-9]+ +[0-9]+ +[0-9]+ [0-9-]+ [0-9:]+ (\/.*)$/\1/p' | sort >"$work/listed" || return 1
  (cd -- "$place" && find . -mindepth 1 \( -type l -printf '/%P -> %l\n' -o -printf '/%P\n' \)) | sort >"$work/restored"
  [[ -s $work/listed ]] || { note "$1: the snapshot is empty"; return 1; }
  comm -3 "$work/listed" "$work/restored" | head -n 5 >"$work/different"
  [[ ! -s $work/different ]] || { note "$1: not in both:"; cat -- "$work/different" >&2; return 1; }
  detail="$(wc -l <"$work/restored") paths, verified"
  rm -rf -- "$place"
}

drill_dump() {
  call_on_tag "$1" dump --no-lock latest "/$1" >"$work/dump" || return 1
  [[ -s $work/dump ]] || { note "$1: the dump is empty"; return 1; }
  detail="$(stat -c %s -- "$work/dump") bytes, taken by its restore command"
  DRILL=vgen-drill as_owner "$1" "${dataset_restore[$1]}" <"$work/dump" >"$work/out" 2>&1 ||
    { tail -n 5 -- "$work/out" >&2; return 1; }
}

case ${1:-} in --help | -h) usage ;; '' | -*) usage 2 >&2 ;; esac
load "$1"
chosen "${@:2}"
one_at_a_time
call_restic check --no-lock --quiet || fail 'the repository is damaged or cannot be read'
failed=()
for name in "${wanted[@]}"; do
  if [[ -z ${dataset_dump[$name]:-} ]]; then
    paths_of "$name"
    (( ${#found[@]} > 0 )) || continue
  fi
  detail=''
  if [[ -n ${dataset_dump[$name]:-} ]]; then drill_dump "$name"; else drill_paths "$name"; fi ||
    { failed+=("$name"); continue; }
  printf '%s\tgood\t%s\n' "$name" "$detail"
done
if (( ${#failed[@]} > 0 )); then
  note "error: these could not be restored: ${failed[*]}"
  exit 1
fi
