#!/usr/bin/env bash
# Debian packages: installs those that are missing, all at once, and keeps their services from starting on a default
# configuration meanwhile. An installed package is never upgraded or removed here.

policy=/usr/sbin/policy-rc.d

install_packages() {
  local missing=() log
  allow_service_starts          # a run that was killed may have left its policy behind
  mapfile -t missing < <(missing_packages "$@")
  (( ${#missing[@]} > 0 )) || return 0
  install -d -m 0750 -- "${vgen_log:?}"
  log=$vgen_log/apt.log
  : >"$log"
  # A dpkg that was killed refuses to install anything until it has finished its former work.
  [[ -z $(dpkg --audit) ]] || dpkg --configure -a >>"$log" 2>&1 </dev/null || apt_failed "$log" "dpkg --configure -a"
  know_candidates "$log" "${missing[@]}"
  note "installing ${missing[*]}"
  block_service_starts
  # The index can name a version that the mirror no longer has, hence the second try.
  run_apt install --no-install-recommends "${missing[@]}" >>"$log" 2>&1 ||
    { run_apt update >>"$log" 2>&1 && run_apt install --no-install-recommends "${missing[@]}" >>"$log" 2>&1; } ||
    apt_failed "$log" "apt-get install ${missing[*]}"
  allow_service_starts
  change package "${missing[*]}"
}

# missing_packages NAME…: those that are not fully installed.
missing_packages() {
  local status name
  local -A installed=()
  (( $# > 0 )) || return 0
  while read -r status name; do
    [[ $status != ?i ]] || installed[$name]=yes
  done < <(dpkg-query --show --showformat '${db:Status-Abbrev} ${Package}\n' -- "$@" 2>/dev/null || true)
  for name; do
    [[ -n ${installed[$name]:-} ]] || printf '%s\n' "$name"
  done
}

# know_candidates LOG NAME…: apt can install each of them, if need be after an update of its index.
know_candidates() {
  local log=$1 absent
  shift
  absent=$(without_candidate "$@")
  if [[ -n $absent ]]; then
    note "updating the package index for$absent"
    run_apt update >>"$log" 2>&1 || apt_failed "$log" "apt-get update"
    absent=$(without_candidate "$@")
  fi
  [[ -z $absent ]] || fail 2 "no package source of this host has$absent"
}

without_candidate() {
  local name known
  for name; do
    known=$(apt-cache policy "$name")
    [[ $known == *'Candidate: '[!\(]* ]] || printf ' %s' "$name"
  done
}

run_apt() {
  DEBIAN_FRONTEND=noninteractive apt-get --quiet --yes \
    -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confold -o Dpkg::Options::=--force-confdef "$@" </dev/null
}

apt_failed() {
  tail -n 15 -- "$1" | indent
  fail 2 "\"$2\" failed; all of its output is in $1"
}

# Debian's invoke-rc.d asks this program before it starts a service; 101 means "not now".
block_service_starts() {
  [[ ! -e $policy && ! -L $policy ]] || mv -fT -- "$policy" "$policy.vgen-former"
  printf '#!/bin/sh\n# Made by vgen while it installs packages.\nexit 101\n' >"$policy.vgen-new"
  chmod 0755 -- "$policy.vgen-new"
  mv -fT -- "$policy.vgen-new" "$policy"
}

allow_service_starts() {
  if [[ -f $policy ]] && grep -q 'Made by vgen' "$policy"; then
    rm -f -- "$policy"
  fi
  if [[ -e $policy.vgen-former || -L $policy.vgen-former ]]; then
    mv -fT -- "$policy.vgen-former" "$policy"
  fi
}
