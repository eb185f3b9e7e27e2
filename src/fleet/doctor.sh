#!/usr/bin/env bash
# Tells "vgen doctor" facts about a host, one a line, columns separated by tabs. Changes nothing. Written so that a bash
# that is too old for vgen can still run it and say so.
set -u
LC_ALL=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH

# shellcheck source=SCRIPTDIR/guard/lock.sh
. lock.sh

tell() { local IFS=$'\t'; printf '%s\n' "$*"; }

tell time "$(date +%s.%N)"
tell user "$(id -u)"
tell bash "${BASH_VERSINFO[0]}.${BASH_VERSINFO[1]}"
if [[ -r /etc/os-release ]]; then
  # shellcheck source=/dev/null
  tell os "$(. /etc/os-release && printf '%s\t%s\t%s' "${ID:-}" "${VERSION_ID:-}" "${ID_LIKE:-}")"
fi
tell init "$(cat /proc/1/comm 2>/dev/null)" "$(systemctl is-system-running 2>/dev/null)"
# Needed by the engine on the host, by what sends trees to it, and by its health checks.
for program in apt-get awk base64 curl dpkg-query find findmnt flock rsync sed sha256sum ss stat systemctl useradd; do
  command -v "$program" >/dev/null || tell lacks "$program"
done
for dir in / /etc /opt /var/lib /var/log /run; do
  df --output=target,avail,size -k -- "$dir" 2>/dev/null | tail -n 1 | while read -r target free size; do
    tell disk "$target" "$free" "$size"
  done
  df --output=target,iavail,itotal -- "$dir" 2>/dev/null | tail -n 1 | while read -r target free size; do
    tell inodes "$target" "$free" "$size"
  done
done | sort -u
for dir in /etc /opt /var/lib; do
  [[ -w $dir ]] || tell readonly "$dir"
done
# Who listens: address and port, process, its unit.
ss --no-header --listening --tcp --numeric --processes 2>/dev/null | while read -r _ _ _ address _ process; do
  pid=${process#*pid=}
  pid=${pid%%,*}
  unit=$(sed -n 's#.*/\([^/]*\.\(service\|scope\)\).*#\1#p' "/proc/$pid/cgroup" 2>/dev/null | head -n 1)
  name=${process#*\"}
  tell port "${address##*:}" "${address%:*}" "${name%%\"*}" "${unit:--}"
done
[[ ! -f /var/lib/vgen/host ]] || tell host "$(cat /var/lib/vgen/host)"
good=0
while IFS=$'\t' read -r number _ _ _ _ result; do
  [[ $result != ok || ! -f /var/lib/vgen/generations/$number/install.sh ]] || good=$((good + 1))
done < <(cat /var/lib/vgen/generations.tsv 2>/dev/null)
tell generations "$good"
for file in /etc/vgen/secrets/*; do
  [[ ! -s $file ]] || tell secret "${file##*/}"
done
[[ ! -e $fleet_lock ]] || tell lock "$(tr '\n\t' '  ' <"$fleet_lock")"
tell end
