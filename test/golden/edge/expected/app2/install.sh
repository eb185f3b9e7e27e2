#!/usr/bin/env bash
# Made by vgen from hosts.app2; do not edit.
# Run as root on the host: makes it what this tree says. The words are explained in opt/vgen/lib/install.sh.
set -euo pipefail
tree=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
# shellcheck source=opt/vgen/lib/install.sh
. "$tree/opt/vgen/lib/install.sh"

host app2

package logrotate  # what app "api" writes itself
package nginx-light  # site "api"
package openssl  # makes the keys of certificates
user api /opt/api /usr/sbin/nologin  # runs app api
user web /opt/web /usr/sbin/nologin  # runs app web
certificate site-api www-data api.internal  # site "api"
certificate site-web www-data web.internal  # site "web"

file 0644 root:root /etc/logrotate.d/vgen-systemd check=logrotate
directory 0755 root:root /etc/nginx/maintenance
file 0644 root:root /etc/nginx/nginx.conf check=nginx reload=nginx.service
file 0644 root:root /etc/nginx/sites/_default.conf check=nginx reload=nginx.service
file 0644 root:root /etc/nginx/sites/api.conf check=nginx reload=nginx.service
file 0644 root:root /etc/nginx/sites/web.conf check=nginx reload=nginx.service
file 0644 root:root /etc/systemd/system/api-blue.service check=systemd slot=api/blue
file 0644 root:root /etc/systemd/system/api-green.service check=systemd slot=api/green
file 0644 root:root /etc/systemd/system/nginx.service.d/vgen.conf check=systemd
file 0644 root:root /etc/systemd/system/web-blue.service check=systemd slot=web/blue
file 0644 root:root /etc/systemd/system/web-green.service check=systemd slot=web/green
directory 0755 root:root /etc/vgen
file 0600 root:root /etc/vgen/env/api-blue.env slot=api/blue
file 0600 root:root /etc/vgen/env/api-green.env slot=api/green
file 0600 root:root /etc/vgen/env/web-blue.env slot=web/blue
file 0600 root:root /etc/vgen/env/web-green.env slot=web/green
file 0644 root:root /etc/vgen/exposure.txt
file 0644 root:root /etc/vgen/tls/ca.pem reload=nginx.service
directory 0755 root:root /opt/api
directory 0755 root:root /opt/api/blue
file 0644 root:root /opt/api/blue/nginx.conf check=nginx reload=nginx.service
directory 0755 root:root /opt/api/green
file 0644 root:root /opt/api/green/nginx.conf check=nginx reload=nginx.service
first_link /opt/api/live blue
first_link /opt/api/next green
directory 0755 root:root /opt/api/releases
file 0644 root:root /opt/vgen/apps/api.sh check=bash
file 0644 root:root /opt/vgen/apps/web.sh check=bash
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
directory 0755 root:root /opt/web
directory 0755 root:root /opt/web/blue
file 0644 root:root /opt/web/blue/nginx.conf check=nginx reload=nginx.service
directory 0755 root:root /opt/web/green
file 0644 root:root /opt/web/green/nginx.conf check=nginx reload=nginx.service
first_link /opt/web/live blue
first_link /opt/web/next green
directory 0755 root:root /opt/web/releases

unit nginx.service  # site "api"
slot api blue
slot api green
slot web blue
slot web green
apply "$@"
