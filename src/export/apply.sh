#!/usr/bin/env bash
# Made by vgen ci script. Brings one host to its tree in out/, as "vgen apply" does; needs bash, rsync and ssh alone.
#
# Usage: apply.sh HOST [DESTINATION] [WORD…]
#   HOST         a directory in out/ (VGEN_OUT names another one)
#   DESTINATION  what to give ssh, if it is not HOST; root, or a user with sudo without a password
#   WORD         for install.sh: --adopt or --force (local edits), --rollback (an older tree)
#
# ssh takes its settings from your ssh_config, or from the file that VGEN_SSH_CONFIG names.
#
# Exit codes: 0 done, or nothing to do; 1 refused by a check or a unit, all is as before; 2 could not be done; 3 refused
# for safety, or locked
# shellcheck disable=SC2016  # what stands in single quotes is for the shell on the host
set -euo pipefail
# shellcheck source=SCRIPTDIR/../fleet/guard/lock.sh
. lock.sh

fail() {
  printf 'error: %s\n' "$2" >&2
  exit "$1"
}

host=${1:-}
[[ -n $host && $host != -* && $host != */* ]] || fail 2 "usage: $0 HOST [DESTINATION] [WORD…]"
shift
destination=$host
if (( $# > 0 )) && [[ $1 != -* ]]; then
  destination=$1
  shift
fi
for word; do
  [[ $word =~ ^--(adopt|force|rollback)$ ]] || fail 2 "unknown word $word"
done
tree=${VGEN_OUT:-out}/$host
[[ -f $tree/SHA256SUMS && -f $tree/install.sh ]] || fail 2 "there is no tree of $host in ${VGEN_OUT:-out}"

incoming=/var/lib/vgen/incoming
sockets=$(mktemp -d "${TMPDIR:-/tmp}/vgen-XXXXXX")
ssh=(ssh -o BatchMode=yes -o ConnectTimeout=10 -o ServerAliveInterval=5 -o ServerAliveCountMax=3
  -o ControlMaster=auto -o ControlPersist=30 -o "ControlPath=$sockets/%C")
[[ -z ${VGEN_SSH_CONFIG:-} ]] || ssh+=(-F "$VGEN_SSH_CONFIG")
id=$(od -An -N8 -tx1 /dev/urandom | tr -d ' \n')
locked=no

# as_root SCRIPT: bash on the host, as root; 255 comes from ssh itself.
as_root() {
  local quoted="'${1//\'/\'\\\'\'}'"
  "${ssh[@]}" -T "$destination" -- "if test \"\$(id -u)\" = 0; then bash -c $quoted; else sudo -n bash -c $quoted; fi"
}

# with_lock COMMAND WORD…: a function of the fleet lock, on the host. The lock ends by itself after 15 minutes, so a job
# that was cancelled hard leaves none for long.
with_lock() {
  as_root "set -euo pipefail; umask 077
    $(declare -p fleet_lock held held_until now)
    $(declare -f guard_lock write_lock take_lock release_lock)
    $(printf '%q ' "$@")"
}

lock() {
  local who code=0
  who=$(printf '%s' "${VGEN_OWNER:-$(id -un)@$(uname -n)}" | tr -d "'\t\n")
  with_lock take_lock "$id" 900 "$who"$'\t\t\tapply\t'"$commit"$'\t' >&2 || code=$?
  (( code != 9 )) || fail 3 "$host is locked by the one above; nothing was touched"
  (( code == 0 )) || fail 2 "$host cannot be reached, or not be locked (exit $code)"
  locked=yes
}

finish() {
  local code=$?
  trap - EXIT
  if [[ $locked == yes ]]; then
    with_lock release_lock "$id" || printf 'warning: the lock of %s stays until it expires\n' "$host" >&2
  fi
  "${ssh[@]}" -O exit "$destination" 2>/dev/null || true
  rm -rf -- "$sockets"
  exit "$code"
}

# confirm: a change of sshd, firewall or tunnel is kept only if a new connection can be made.
confirm() {
  as_root '[[ -x /opt/vgen/bin/vgen ]]' || return 0
  "${ssh[@]}" -o ControlPath=none -T "$destination" -- \
    'if test "$(id -u)" = 0; then /opt/vgen/bin/vgen confirm; else sudo -n /opt/vgen/bin/vgen confirm; fi' ||
    fail 1 "$host reverts by itself, since no new connection could be made"
}

order='' commit=''
if read -r order commit < <(git -C "${VGEN_OUT:-out}" log -1 --format='%ct %H' -- . 2>/dev/null); then
  [[ -z $(git -C "${VGEN_OUT:-out}" status --porcelain -- .) ]] || commit+=-dirty
fi
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

lock
printf -v rsh '%q ' "${ssh[@]}"
rsync -a --no-owner --no-group --checksum --delete --numeric-ids -e "$rsh" \
  --rsync-path "S=\$(test \"\$(id -u)\" = 0 || echo sudo -n); \$S mkdir -p -m 0700 $incoming && \$S rsync" \
  "$tree/" "$destination:$incoming/" || fail 2 "rsync could not send the tree"
install="bash $incoming/install.sh ${order:+--order $order} ${commit:+--commit $commit} $*"
code=0
as_root "$install" || code=$?
# The install runs on without us; after a broken connection its end is waited for.
for seconds in 1 2 4 8 15 30 30; do
  (( code == 255 )) || break
  printf 'the connection broke; following the install again in %s s\n' "$seconds" >&2
  sleep "$seconds"
  code=0
  as_root "bash $incoming/install.sh --attach" || code=$?
done
(( code != 255 )) || fail 2 "$host cannot be reached any more; what it installs there goes on"
(( code == 0 )) || exit "$code"
confirm
