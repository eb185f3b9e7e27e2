#!/usr/bin/env bash
# Made by vgen; do not edit.
# Makes what no file alone can: a locale, a swap file, a clock that is kept. Run by vgen-system.service; what is wanted
# stands in /etc/vgen/system.conf: "locale NAME", "swap BYTES", "clock".
set -euo pipefail

conf=/etc/vgen/system.conf
swap_file=/var/lib/vgen/swapfile

wanted() { awk -v key="$1" '$1 == key { print $2 "" }' "$conf"; }

make_locale() {
  local name=$1
  grep -qxF -- "$name UTF-8" /etc/locale.gen 2>/dev/null || printf '%s UTF-8\n' "$name" >>/etc/locale.gen
  locale-gen --keep-existing >/dev/null
}

make_swap() {
  local bytes=$1
  if [[ ! -f $swap_file || $(stat -c %s -- "$swap_file") != "$bytes" ]]; then
    drop_swap
    rm -f -- "$swap_file"
    (umask 077 && head -c "$bytes" /dev/zero >"$swap_file")
    mkswap -- "$swap_file" >/dev/null
  fi
  uses_swap || swapon -- "$swap_file"
}

uses_swap() { swapon --show=NAME --noheadings | grep -qxF -- "$swap_file"; }

drop_swap() { ! uses_swap || swapoff -- "$swap_file"; }

# A container has the swap and the clock of its machine.
in_container() { systemd-detect-virt --container --quiet; }

start() {
  local locale swap
  locale=$(wanted locale)
  swap=$(wanted swap)
  [[ -z $locale ]] || make_locale "$locale"
  ! in_container || return 0
  if [[ -n $swap ]]; then
    make_swap "$swap"
  else
    drop_swap
    rm -f -- "$swap_file"
  fi
  if grep -qx clock "$conf"; then
    systemctl enable --quiet --now --no-block systemd-timesyncd.service
  fi
}

start
