#!/usr/bin/env bash
# Made by vgen; do not edit.
# Puts a data set back as it was in a snapshot: its files to their places (what is there besides stays), or its dump
# through the command that takes it. Stop what uses the data before, where its restore command does not.
#
# Usage: restore.sh BACKUP                       the data sets and their snapshots
#        restore.sh BACKUP DATASET [SNAPSHOT]    by default the newest
#
# Exit codes: 0 restored; 1 the restore command refused; 2 could not be done
# shellcheck disable=SC2154  # set in lib.sh

# shellcheck source=SCRIPTDIR/lib.sh
. /opt/vgen/backup/lib.sh

case ${1:-} in --help | -h) usage ;; '' | -*) usage 2 >&2 ;; esac
load "$1"
if (( $# == 1 )); then
  call_restic snapshots --no-lock --host "$client" --group-by host,tags
  exit
fi
chosen "$2"
name=$2 snapshot=${3:-latest}
[[ $snapshot =~ ^(latest|[0-9a-f]{8,64})$ ]] || fail "\"$snapshot\" is no snapshot"
if [[ -z ${dataset_dump[$name]:-} ]]; then
  call_on_tag "$name" restore --no-lock --target / "$snapshot" || fail "$name is not restored"
else
  call_on_tag "$name" dump --no-lock "$snapshot" "/$name" >"$work/dump" || fail "$name cannot be read"
  as_owner "$name" "${dataset_restore[$name]}" <"$work/dump" ||
    { note "error: $name: its restore command failed"; exit 1; }
fi
note "$name is restored"
