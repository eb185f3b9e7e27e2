#!/usr/bin/env bash
# Core: what all else stands on: settings, places, words to people, options, the lock, detached runs, encoders.
# Layers call downward only: core, state, runtime, release, install. Each is one file on a host, joined of the files of
# its folder when vgen is built; the one of a layer loads the one below. Whoever loads the first one sets "lib".

vgen_state=/var/lib/vgen            # records, saved files, history; root only
vgen_secrets=/etc/vgen/secrets      # one file per secret; root only
vgen_tls=/etc/vgen/tls              # keys and certificates, one directory each; the bundle of CAs, ca.pem
vgen_apps=/opt/vgen/apps            # generated data, one file per app
vgen_log=/var/log/vgen
vgen_lock=/var/lib/vgen/lock
readonly vgen_state vgen_secrets vgen_tls vgen_apps vgen_log vgen_lock

shopt -s inherit_errexit            # $(…) stops at its first error, as everything else does
umask 022
unset CDPATH
# Messages of other programs are read below. C.UTF-8 and not C: PostgreSQL's package makes its cluster in this encoding.
export LC_ALL=C.UTF-8
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

# clean_environment ARGUMENT…: starts the script again unless its environment is clean: an inherited variable or
# function could pass for one of vgen's. Only what is read here comes along.
clean_environment() {
  local name kept=()
  [[ ${VGEN_ENVIRONMENT:-} != clean ]] || return 0
  for name in HOME SSH_CONNECTION SUDO_USER TERM USER VGEN_LOCK_SECONDS VGEN_RUN; do
    [[ -z ${!name:-} ]] || kept+=("$name=${!name}")
  done
  exec env -i "PATH=$PATH" VGEN_ENVIRONMENT=clean "${kept[@]}" bash "${BASH_SOURCE[-1]}" "$@"
}
