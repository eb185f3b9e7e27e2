# shellcheck shell=bash
# The places of vgen on a host, and the settings under which the scripts that are sent there run.
# shellcheck disable=SC2034  # read by the scripts that this is joined to
set -euo pipefail
shopt -s inherit_errexit
umask 077
export LC_ALL=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

state=/var/lib/vgen
secrets=/etc/vgen/secrets
tls=/etc/vgen/tls
lib=/opt/vgen/lib
runs=/var/log/vgen/runs
host_lock=/var/lib/vgen/lock   # one thing at a time on this host; the engine's

# tell COLUMN…: one line of the answer.
tell() { local IFS=$'\t'; printf '%s\n' "$*" || true; }
