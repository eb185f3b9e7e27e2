#!/usr/bin/env bash
# Made by vgen from certs.acme; do not edit.
# Gets the certificates of this host that are not there yet, or that shall have other names by now. vgen-acme.timer runs
# it; certbot.timer renews what is there, and certbot runs this again as its deploy hook.
#
# Usage: /opt/vgen/acme.sh
# shellcheck disable=SC2154  # what is read here is set in the files below

set -euo pipefail
lib=/opt/vgen/lib
# shellcheck source=/dev/null
. "$lib/install.sh"

webroot=/var/lib/letsencrypt/webroot
problems=()

# certificate NAME GROUP NAMES COMMAND…: for a hook, which certbot tells where the new one lies, only that one.
certificate() {
  local lineage=/etc/letsencrypt/live/$1
  if [[ -n ${RENEWED_LINEAGE:-} ]]; then
    [[ ${RENEWED_LINEAGE##*/} == "$1" ]] || return 0
    lineage=$RENEWED_LINEAGE
  elif [[ ! -s $lineage/fullchain.pem || $(names_of "$lineage/fullchain.pem") != "$(sorted_names "$3")" ]]; then
    certbot certonly --non-interactive --agree-tos --email ops@example.com \
      --cert-name "$1" --domains "$3" --renew-with-new-domains --keep-until-expiring \
      --authenticator webroot --webroot-path "$webroot" ||
      { problems+=("$1"); return 0; }
  fi
  cmp --silent -- "$lineage/fullchain.pem" "$vgen_tls/$1/cert.pem" || with_lock take_up "$lineage" "$@"
}

# take_up LINEAGE NAME GROUP NAMES COMMAND…
take_up() {
  local new=$vgen_tls/.$2.vgen-new
  [[ -d $vgen_tls/$2 ]] || fail 2 "certificate $2 is not there; run install.sh first"
  rm -rf -- "${new:?}"
  mkdir -m 0700 -- "$new"
  install -m 0600 -- "$1/privkey.pem" "$new/key.pem"
  install -m 0644 -- "$1/fullchain.pem" "$new/cert.pem"
  if take_up_pair "$2" "$3" "$new" "${@:5}"; then
    change certificate "$2"
  else
    note "error: $failure"
    problems+=("$2")
  fi
  rm -rf -- "${new:?}"
}

require_root
install -d -m 0755 -- "$webroot"
certificate site-shop www-data staging.example.com systemctl try-reload-or-restart nginx.service
[[ -z ${problems[*]} ]] || fail 1 "without a new certificate: ${problems[*]}"
