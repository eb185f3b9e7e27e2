#!/usr/bin/env bash
# Made by vgen from hosts.eu1; do not edit.
# Run as root on the host: makes it what this tree says. The words are explained in opt/vgen/lib/install.sh.
set -euo pipefail
tree=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
# shellcheck source=opt/vgen/lib/install.sh
. "$tree/opt/vgen/lib/install.sh"

host eu1

package logrotate  # what app "api" writes itself
package nginx-light  # reverse proxy in front of the slots
program /opt/ngrok/ngrok https://ngrok.com/download  # the tunnel agent
user api /opt/api /usr/sbin/nologin  # runs app api
user ngrok /nonexistent /usr/sbin/nologin  # runs the tunnel agent
secret ngrok

file 0644 root:root /etc/logrotate.d/vgen-systemd check=logrotate
file 0644 root:root /etc/nginx/nginx.conf check=nginx reload=nginx.service
secret_file 0640 root:ngrok /etc/ngrok.yml restart=ngrok.service
file 0644 root:root /etc/systemd/system/api-blue.service check=systemd slot=api/blue
file 0644 root:root /etc/systemd/system/api-green.service check=systemd slot=api/green
file 0644 root:root /etc/systemd/system/nginx.service.d/vgen.conf check=systemd
file 0644 root:root /etc/systemd/system/ngrok.service check=systemd restart=ngrok.service
directory 0755 root:root /etc/vgen
file 0600 root:root /etc/vgen/env/api-blue.env slot=api/blue
file 0600 root:root /etc/vgen/env/api-green.env slot=api/green
file 0644 root:root /etc/vgen/exposure.txt
directory 0755 root:root /opt/api
directory 0755 root:root /opt/api/blue
link /opt/api/blue/api release/api
file 0644 root:root /opt/api/blue/nginx.conf check=nginx reload=nginx.service
directory 0755 root:root /opt/api/green
link /opt/api/green/api release/api
file 0644 root:root /opt/api/green/nginx.conf check=nginx reload=nginx.service
first_link /opt/api/live blue
first_link /opt/api/next green
directory 0755 root:root /opt/api/releases
file 0644 root:root /opt/vgen/apps/api.sh check=bash
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
unit ngrok.service  # the tunnel agent
slot api blue
slot api green
apply "$@"
