#!/usr/bin/env bash
# Made by vgen; do not edit.
# Whether the newest snapshot of every data set is young enough. Its timer makes the unit fail when one is not, so that
# vgen status and "systemctl --failed" tell.
#
# Usage: check.sh BACKUP
#
# Exit codes: 0 all are; 1 one is too old or was never made; 2 could not be done
# shellcheck disable=SC2154  # set in lib.sh

# shellcheck source=SCRIPTDIR/lib.sh
. /opt/vgen/backup/lib.sh

# age_of NAME: seconds since its newest snapshot was made; nothing if there is none.
age_of() {
  local answer time
  answer=$(call_on_tag "$1" snapshots --no-lock --group-by host,tags --latest 1 --json) || return 1
  time=$(grep -oE '"time":"[^"]*"' <<<"$answer" | cut -d '"' -f 4 | sort | tail -n 1) || true
  [[ -z $time ]] || printf '%s' $(($(date +%s) - $(date -d "$time" +%s)))
}

# is_new: what is backed up was said so shortly ago that there need not be a backup.
is_new() { (( $(date +%s) - $(stat -c %Y "/etc/vgen/backup/$backup.conf") < stale )); }

case ${1:-} in --help | -h) usage ;; '' | -*) usage 2 >&2 ;; esac
load "$1"
if [[ ! -e $scratch/initialised ]] && is_new; then
  note 'the first backup is not due yet'
  exit 0
fi
bad=0
for name in "${datasets[@]}"; do
  if [[ -z ${dataset_dump[$name]:-} ]]; then
    paths_of "$name"
    (( ${#found[@]} > 0 )) || continue
  fi
  age=$(age_of "$name") || fail 'the repository cannot be read'
  if [[ -z $age ]] && is_new; then
    note "$name: the first backup of it is not due yet"
  elif [[ -z $age ]]; then
    note "$name: there is no backup of it"
    bad=1
  elif (( age > stale )); then
    note "$name: the newest backup is $((age / 3600)) h old, more than $((stale / 3600)) h"
    bad=1
  else
    printf '%s\t%s s\n' "$name" "$age"
  fi
done
exit "$bad"
