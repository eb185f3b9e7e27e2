#!/usr/bin/env bash
# Names the newest run on the host, then becomes the command that is given: what begins now is a later one.
# shellcheck source=SCRIPTDIR/../connect/places.sh
. places.sh
printf '@before %s\n' "$({ ls -1 -- "$runs" 2>/dev/null || true; } | tail -n 1)"
umask 022
exec "$@"
