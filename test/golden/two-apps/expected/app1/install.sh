#!/usr/bin/env bash
# Made by vgen from hosts.app1; do not edit.
# Run as root on the host: makes it what this tree says. The words are explained in opt/vgen/lib/install.sh.
set -euo pipefail
tree=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
# shellcheck source=opt/vgen/lib/install.sh
. "$tree/opt/vgen/lib/install.sh"

host app1

package logrotate  # what app "worker" writes itself
package nginx-light  # reverse proxy in front of the slots
package supervisor  # runs the slots
user api /opt/api /usr/sbin/nologin  # runs app api
user jobs /opt/jobs/worker /usr/sbin/nologin  # runs app worker

file 0644 root:root /etc/logrotate.d/vgen-systemd check=logrotate
file 0644 root:root /etc/nginx/nginx.conf check=nginx reload=nginx.service
file 0644 root:root /etc/supervisor/conf.d/api-blue.conf check=supervisor slot=api/blue
file 0644 root:root /etc/supervisor/conf.d/api-green.conf check=supervisor slot=api/green
file 0644 root:root /etc/supervisor/supervisord.conf check=supervisor restart=supervisor.service
file 0644 root:root /etc/systemd/system/nginx.service.d/vgen.conf check=systemd
file 0644 root:root /etc/systemd/system/supervisor.service.d/vgen.conf check=systemd
file 0644 root:root /etc/systemd/system/worker-blue.service check=systemd slot=worker/blue
file 0644 root:root /etc/systemd/system/worker-green.service check=systemd slot=worker/green
directory 0755 root:root /etc/vgen
file 0600 root:root /etc/vgen/env/worker-blue.env slot=worker/blue
file 0600 root:root /etc/vgen/env/worker-green.env slot=worker/green
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
directory 0755 root:root /opt/jobs/worker
directory 0755 root:root /opt/jobs/worker/blue
directory 0755 root:root /opt/jobs/worker/green
first_link /opt/jobs/worker/live blue
first_link /opt/jobs/worker/next green
directory 0755 root:root /opt/jobs/worker/releases
file 0644 root:root /opt/vgen/apps/api.sh check=bash
file 0644 root:root /opt/vgen/apps/worker.sh check=bash
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
unit supervisor.service  # runs the slots
slot api blue
slot api green
slot worker blue
slot worker green
apply "$@"
