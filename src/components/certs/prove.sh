#!/usr/bin/env bash
# Certificates of Let's Encrypt, got from an ACME server of this host's own (pebble); where that cannot be, from a CA
# that is thrown away, put where certbot would have put them. Either CA is left to be trusted in the rehearsal.
# Usage: prove.sh WEBROOT NAME DOMAIN,DOMAIN…; WEBROOT is "yes" where domains are proven over port 80
set -euo pipefail
webroot=$1 name=$2 domains=$3
trusted=/root/rehearsal/trusted
live=/etc/letsencrypt/live/$name
install -d -m 0700 -- "$trusted"

# serve: an ACME server, and what makes certbot ask it in place of Let's Encrypt.
serve() {
  install -d -- /srv/pebble
  cd /srv/pebble
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 7 -subj /CN=localhost \
    -addext subjectAltName=DNS:localhost -keyout key.pem -out cert.pem 2>/dev/null
  printf '{"pebble": {"listenAddress": "127.0.0.1:14000", "managementListenAddress": "127.0.0.1:15000",
    "certificate": "/srv/pebble/cert.pem", "privateKey": "/srv/pebble/key.pem", "httpPort": 80, "tlsPort": 443,
    "ocspResponderURL": ""}}\n' >config.json
  printf '\nserver = https://localhost:14000/dir\n' >>/etc/letsencrypt/cli.ini
  install -d -- /etc/systemd/system/vgen-acme.service.d
  printf '[Service]\nEnvironment=REQUESTS_CA_BUNDLE=/srv/pebble/cert.pem\n' \
    >/etc/systemd/system/vgen-acme.service.d/rehearsal.conf
  systemctl daemon-reload
  systemd-run --quiet --unit pebble --setenv PEBBLE_VA_NOSLEEP=1 --setenv PEBBLE_WFE_NONCEREJECT=0 \
    /usr/bin/pebble -config /srv/pebble/config.json
  for _ in {1..100}; do
    ! curl --silent --cacert cert.pem --output /dev/null https://localhost:14000/dir || return 0
    sleep 0.1
  done
  printf 'pebble does not answer\n' >&2
  exit 1
}

install_pebble() {
  [[ -x /usr/bin/pebble ]] || DEBIAN_FRONTEND=noninteractive apt-get install -qq -y pebble >/dev/null 2>&1
}

if [[ $webroot == yes ]] && install_pebble; then
  systemctl is-active --quiet pebble.service || serve
  printf '127.0.0.1 %s\n' "${domains//,/ }" >>/etc/hosts
  if ! systemctl restart vgen-acme.service; then
    journalctl --no-pager --output cat --lines 15 --unit vgen-acme.service >&2
    exit 1
  fi
  curl --silent --insecure https://localhost:15000/roots/0 >"$trusted/pebble.pem"
  how='got by certbot from an ACME server (pebble)'
else
  work=$(mktemp -d)
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 7 -subj '/CN=stands in for a public CA' \
    -keyout "$work/ca.key" -out "$work/ca.pem" 2>/dev/null
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj / \
    -keyout "$work/key" -out "$work/csr" 2>/dev/null
  install -d -m 0700 -- "$live"
  openssl x509 -req -in "$work/csr" -CA "$work/ca.pem" -CAkey "$work/ca.key" -CAcreateserial -days 7 \
    -extfile <(printf 'subjectAltName=DNS:%s\n' "${domains//,/,DNS:}") -out "$live/fullchain.pem" 2>/dev/null
  install -m 0600 -- "$work/key" "$live/privkey.pem"
  install -m 0644 -- "$work/ca.pem" "$trusted/$name.pem"
  rm -rf -- "$work"
  RENEWED_LINEAGE=$live /opt/vgen/acme.sh >/dev/null
  how='from a CA that stands in, since no ACME server can be asked here'
fi
if openssl x509 -in "/etc/vgen/tls/$name/cert.pem" -noout -subject | grep -q 'vgen placeholder'; then
  printf '%s is still a placeholder\n' "$name" >&2
  exit 1
fi
printf '%s: %s\n' "$name" "$how"
