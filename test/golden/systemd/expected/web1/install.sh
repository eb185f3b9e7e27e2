#!/usr/bin/env bash
# Made by vgen from hosts.web1; do not edit.
# Run as root on the host: makes it what this tree says. The words are explained in opt/vgen/lib/install.sh.
set -euo pipefail
tree=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
# shellcheck source=opt/vgen/lib/install.sh
. "$tree/opt/vgen/lib/install.sh"

host web1

package logrotate  # what app "shop" writes itself
package nginx-light  # reverse proxy in front of the slots
user shop /opt/shop /usr/sbin/nologin  # runs app shop
secret dbPassword

file 0644 root:root /etc/logrotate.d/vgen-systemd check=logrotate
file 0644 root:root /etc/nginx/nginx.conf check=nginx reload=nginx.service
file 0644 root:root /etc/systemd/system/nginx.service.d/vgen.conf check=systemd
file 0644 root:root /etc/systemd/system/shop-blue.service check=systemd slot=shop/blue
file 0644 root:root /etc/systemd/system/shop-green.service check=systemd slot=shop/green
directory 0755 root:root /etc/vgen
secret_file 0600 root:root /etc/vgen/env/shop-blue.env slot=shop/blue
secret_file 0600 root:root /etc/vgen/env/shop-green.env slot=shop/green
file 0644 root:root /etc/vgen/exposure.txt
directory 0755 root:root /opt/shop
directory 0755 root:root /opt/shop/blue
file 0644 root:root /opt/shop/blue/nginx.conf check=nginx reload=nginx.service
directory 0755 root:root /opt/shop/green
file 0644 root:root /opt/shop/green/nginx.conf check=nginx reload=nginx.service
first_link /opt/shop/live blue
first_link /opt/shop/next green
directory 0755 root:root /opt/shop/releases
file 0644 root:root /opt/vgen/apps/shop.sh check=bash
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

unit nginx.service  # reverse proxy in front of the slots
slot shop blue
slot shop green
apply "$@"
