#!/usr/bin/env bash
# Certificates of a host for "vgen certs". The first line on stdin is what to do, each other one names a certificate;
# columns are separated by tabs, what is not plain is in base64. No key ever leaves the host.
#
# look: NAME. Tells the certificate that is there.
# request: NAME GROUP. Makes a new key, beside the one in use, and tells a request that is signed with it.
# install: NAME GROUP CERTIFICATE COMMAND. The new key and this certificate replace the pair of NAME in one step, if the
# host's bundle of CAs knows who signed it; COMMAND makes its users take it up. If that fails, the former pair is back.
# shellcheck source=SCRIPTDIR/../connect/places.sh
. places.sh
if [[ ! -f $lib/install.sh ]]; then
  printf 'nothing is installed here that knows certificates; run "vgen apply" first\n' >&2
  exit 2
fi
# shellcheck source=/dev/null
. "$lib/install.sh"

# new_of NAME: where its next pair is made.
new_of() { printf '%s/.%s.vgen-issue' "$tls" "$1"; }

look() {
  local name
  while IFS=$'\t' read -r name; do
    if [[ -s $tls/$name/cert.pem ]]; then
      tell certificate "$name" "$(base64 -w 0 <"$tls/$name/cert.pem")"
    else
      tell missing "$name"
    fi
  done
}

request() {
  local name group new reason
  while IFS=$'\t' read -r name group; do
    new=$(new_of "$name")
    if [[ ! -d $tls/$name ]]; then
      tell failed "$name" "there is no placeholder of it on the host; run \"vgen apply\" first"
      continue
    fi
    rm -rf -- "${new:?}"
    mkdir -m 0700 -- "$new"
    if reason=$({
      new_key "$new" && openssl req -new -key "$new/key.pem" -subj "/CN=$name" -out "$new/request.pem"
    } 2>&1)
    then
      tell request "$name" "$(base64 -w 0 <"$new/request.pem")"
    else
      tell failed "$name" "openssl makes no key: $(tail -n 1 <<<"$reason")"
    fi
  done
}

install_pairs() {
  local name group certificate command new
  while IFS=$'\t' read -r name group certificate command; do
    new=$(new_of "$name")
    base64 -d <<<"$certificate" >"$new/cert.pem"
    rm -f -- "$new/request.pem"
    command=$(base64 -d <<<"$command")
    if ! openssl verify -no-CApath -no-CAstore -CAfile "$tls/ca.pem" "$new/cert.pem" >/dev/null 2>&1; then
      tell failed "$name" "the CA that signed it is not in the host's bundle; run \"vgen apply\" first"
    elif take_up_pair "$name" "$group" "$new" ${command:+bash -c "$command"}; then
      tell issued "$name"
      audit certificate name="$name" result=ok
    else
      tell failed "$name" "${failure:?}"
      audit certificate name="$name" result=no reason="$failure"
    fi
    rm -rf -- "${new:?}"
  done
}

read -r action
case $action in
  look) look ;;
  request) with_lock request ;;
  install) with_lock install_pairs ;;
  *) fail 2 "unknown word $action" ;;
esac
tell end
