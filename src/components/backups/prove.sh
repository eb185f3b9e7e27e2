#!/usr/bin/env bash
# A backup of this host and the drill that restores it, as their timers start them.
# Usage: prove.sh BACKUP
set -euo pipefail
for job in "backup-${1:?}" "backup-$1-drill"; do
  unit=vgen-job-$job.service
  systemctl start "$unit" || { journalctl --no-pager --output cat --lines 5 --unit "$unit" >&2; exit 1; }
done
printf 'backed up, and restored by the drill: %s\n' \
  "$(journalctl --no-pager --output cat --unit "vgen-job-backup-$1-drill.service" |
    sed -nE 's/^([^\t]+)\tgood\t.*/\1/p' | sort -u | paste --serial --delimiters=, | sed 's/,/, /g')"
