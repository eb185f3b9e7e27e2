#!/usr/bin/env bash
# Made by vgen from hosts.lb; do not edit.
# Run as root on the host: makes it what this tree says. The words are explained in opt/vgen/lib/install.sh.
set -euo pipefail
tree=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
# shellcheck source=opt/vgen/lib/install.sh
. "$tree/opt/vgen/lib/install.sh"

host lb

package ca-certificates  # knows the public CAs
package certbot  # certificates from Let's Encrypt
package nginx-light  # site "files"
package openssl  # makes the keys of certificates
package python3-certbot-dns-cloudflare  # proves domains by DNS
secret dnsToken
secret wildcardKey
certificate site-shop www-data 'shop.example.com,*.shop.example.com'  # site "shop"

link /etc/letsencrypt/renewal-hooks/deploy/vgen /opt/vgen/acme.sh
directory 0755 root:root /etc/nginx/maintenance
file 0644 root:root /etc/nginx/maintenance/shop
file 0644 root:root /etc/nginx/nginx.conf check=nginx reload=nginx.service
file 0644 root:root /etc/nginx/sites/_default.conf check=nginx reload=nginx.service
file 0644 root:root /etc/nginx/sites/files.conf check=nginx reload=nginx.service
file 0644 root:root /etc/nginx/sites/shop.conf check=nginx reload=nginx.service
file 0644 root:root /etc/systemd/system/vgen-acme.service check=systemd
file 0644 root:root /etc/systemd/system/vgen-acme.timer check=systemd
directory 0755 root:root /etc/vgen
secret_file 0600 root:root /etc/vgen/acme-dns.ini
file 0644 root:root /etc/vgen/exposure.txt
file 0644 root:root /etc/vgen/tls/ca.pem reload=nginx.service
directory 0750 root:www-data /etc/vgen/tls/own-wildcard
file 0644 root:www-data /etc/vgen/tls/own-wildcard/cert.pem reload=nginx.service
secret_file 0640 root:www-data /etc/vgen/tls/own-wildcard/key.pem reload=nginx.service
file 0755 root:root /opt/vgen/acme.sh check=bash restart=vgen-acme.timer
file 0755 root:root /opt/vgen/bin/confirm.sh check=bash
file 0755 root:root /opt/vgen/bin/deploy.sh check=bash
file 0755 root:root /opt/vgen/bin/rollback.sh check=bash
file 0755 root:root /opt/vgen/bin/status.sh check=bash
file 0755 root:root /opt/vgen/bin/switch.sh check=bash
file 0644 root:root /opt/vgen/lib/action.sh check=bash
file 0644 root:root /opt/vgen/lib/apps.sh check=bash
file 0644 root:root /opt/vgen/lib/certificates.sh check=bash
file 0644 root:root /opt/vgen/lib/checks.sh check=bash
file 0644 root:root /opt/vgen/lib/confirm.sh check=bash
file 0644 root:root /opt/vgen/lib/detach.sh check=bash
file 0644 root:root /opt/vgen/lib/drift.sh check=bash
file 0644 root:root /opt/vgen/lib/encode.sh check=bash
file 0644 root:root /opt/vgen/lib/exchange.sh check=bash
file 0644 root:root /opt/vgen/lib/files.sh check=bash
file 0644 root:root /opt/vgen/lib/generations.sh check=bash
file 0644 root:root /opt/vgen/lib/hand.sh check=bash
file 0644 root:root /opt/vgen/lib/health.sh check=bash
file 0644 root:root /opt/vgen/lib/install.sh check=bash
file 0644 root:root /opt/vgen/lib/journal.sh check=bash
file 0644 root:root /opt/vgen/lib/lock.sh check=bash
file 0644 root:root /opt/vgen/lib/options.sh check=bash
file 0644 root:root /opt/vgen/lib/packages.sh check=bash
file 0644 root:root /opt/vgen/lib/pending.sh check=bash
file 0644 root:root /opt/vgen/lib/places.sh check=bash
file 0644 root:root /opt/vgen/lib/process.sh check=bash
file 0644 root:root /opt/vgen/lib/record.sh check=bash
file 0644 root:root /opt/vgen/lib/release.sh check=bash
file 0644 root:root /opt/vgen/lib/say.sh check=bash
file 0644 root:root /opt/vgen/lib/slots.sh check=bash
file 0644 root:root /opt/vgen/lib/supervisor.sh check=bash
file 0644 root:root /opt/vgen/lib/switch.sh check=bash
file 0644 root:root /opt/vgen/lib/units.sh check=bash
file 0644 root:root /opt/vgen/lib/users.sh check=bash
file 0644 root:root /opt/vgen/lib/view.sh check=bash
file 0644 root:root /opt/vgen/lib/words.sh check=bash

unit certbot.timer  # renews them
unit nginx.service  # site "files"
unit vgen-acme.timer  # certificates from Let's Encrypt
apply "$@"
