#!/usr/bin/env bash
# Made by vgen; do not edit.
# Where vgen keeps things on a host, and the settings under which all of its scripts run. Read first by each of them.
# shellcheck disable=SC2034  # what is set here is read in the other files

vgen_state=/var/lib/vgen            # records, saved files, history; root only
vgen_secrets=/etc/vgen/secrets      # one file per secret; root only
vgen_tls=/etc/vgen/tls              # keys and certificates, one directory each; the bundle of CAs, ca.pem
vgen_apps=/opt/vgen/apps            # generated data, one file per app
vgen_log=/var/log/vgen
vgen_lock=/run/lock/vgen.lock
readonly vgen_state vgen_secrets vgen_tls vgen_apps vgen_log vgen_lock

shopt -s inherit_errexit            # $(…) stops at its first error, as everything else does
umask 022
unset CDPATH
# Messages of other programs are read below. C.UTF-8 and not C: PostgreSQL's package makes its cluster in this encoding.
export LC_ALL=C.UTF-8
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
