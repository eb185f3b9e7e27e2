#!/usr/bin/env bash
# Made by vgen from hosts.app2; do not edit.
# Run as root on the host: makes it what this tree says. The words are explained in opt/vgen/lib/install.sh.
set -euo pipefail
tree=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
# shellcheck source=opt/vgen/lib/install.sh
. "$tree/opt/vgen/lib/install.sh"

host app2

package logrotate  # what app "mail" writes itself
package nodejs  # runs pm2
program /usr/local/bin/pm2-runtime https://pm2.keymetrics.io  # runs the slots
user mail /opt/mail /usr/sbin/nologin  # runs app mail
user shop /opt/shop /usr/sbin/nologin  # runs app shop
secret cachePassword
secret docsPassword
secret mailPassword
secret queuePassword
secret shopPassword

file 0644 root:root /etc/logrotate.d/vgen-pm2 check=logrotate
file 0644 root:root /etc/logrotate.d/vgen-systemd check=logrotate
file 0644 root:root /etc/systemd/system/mail-blue.service check=systemd slot=mail/blue
file 0644 root:root /etc/systemd/system/mail-green.service check=systemd slot=mail/green
file 0644 root:root /etc/systemd/system/mnt-spare.mount check=systemd reload=mnt-spare.mount
file 0644 root:root /etc/systemd/system/shop-blue.service check=systemd slot=shop/blue
file 0644 root:root /etc/systemd/system/shop-green.service check=systemd slot=shop/green
directory 0755 root:root /etc/vgen
secret_file 0600 root:root /etc/vgen/env/mail-blue.env slot=mail/blue
secret_file 0600 root:root /etc/vgen/env/mail-green.env slot=mail/green
secret_file 0600 root:root /etc/vgen/env/shop-blue.env slot=shop/blue
secret_file 0600 root:root /etc/vgen/env/shop-green.env slot=shop/green
file 0644 root:root /etc/vgen/exposure.txt
file 0644 root:root /etc/vgen/tls/ca.pem
directory 0755 root:root /opt/mail
directory 0755 root:root /opt/mail/blue
file 0644 root:root /opt/mail/blue/ecosystem.config.js slot=mail/blue
directory 0755 root:root /opt/mail/green
file 0644 root:root /opt/mail/green/ecosystem.config.js slot=mail/green
first_link /opt/mail/live blue
first_link /opt/mail/next green
directory 0755 root:root /opt/mail/releases
directory 0755 root:root /opt/shop
directory 0755 root:root /opt/shop/blue
directory 0755 root:root /opt/shop/green
first_link /opt/shop/live blue
first_link /opt/shop/next green
directory 0755 root:root /opt/shop/releases
file 0644 root:root /opt/vgen/apps/mail.sh check=bash
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
file 0755 root:root /opt/vgen/volumes/place.sh check=bash

unit mnt-spare.mount  # volume "spare"
slot mail blue
slot mail green
slot shop blue
slot shop green
apply "$@"
