#!/usr/bin/env bash
# Prints a log. Usage: logs.sh APP live|next LINES once|follow, or logs.sh nginx - LINES once|follow. systemd's services
# speak to the journal, supervisor's programs to the file that their configuration names.
# shellcheck disable=SC2154  # the data of the app sets dir and slots, that of a slot the rest
set -euo pipefail
what=$1 link=$2 lines=$3
follow=()

if [[ $what == nginx ]]; then
  [[ $4 != follow ]] || follow=(-F)
  exec tail -q -n "$lines" "${follow[@]}" /var/log/nginx/error.log /var/log/nginx/access.log
fi

unit=''
# shellcheck source=/dev/null
. "/opt/vgen/apps/$what.sh" || exit 2
for slot in "${slots[@]}"; do
  if [[ $dir/$link -ef $dir/$slot ]]; then
    # shellcheck source=/dev/null
    . "/opt/vgen/apps/$what/$slot.sh" || exit 2
    unit=$slot_unit
  fi
done
if [[ -z $unit ]]; then
  printf '%s has no %s slot\n' "$what" "$link" >&2
  exit 2
fi
case $slot_runtime in
  supervisor)
    [[ $4 != follow ]] || follow=(-F)
    file=$(sed -n 's/^stdout_logfile=//p' "/etc/supervisor/conf.d/$unit.conf")
    exec tail -n "$lines" "${follow[@]}" -- "$file"
    ;;
  *)
    [[ $4 != follow ]] || follow=(--follow)
    exec journalctl --unit "$unit" --lines "$lines" --output short-iso --no-pager --quiet "${follow[@]}"
    ;;
esac
