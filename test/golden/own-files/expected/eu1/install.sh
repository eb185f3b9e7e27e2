#!/usr/bin/env bash
# Made by vgen from hosts.eu1; do not edit.
# Run as root on the host: makes it what this tree says. The words are explained in opt/vgen/lib/install.sh.
set -euo pipefail
tree=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
# shellcheck source=opt/vgen/lib/install.sh
. "$tree/opt/vgen/lib/install.sh"

host eu1
confirm_within 120

package htop  # asked for under packages
package libnginx-mod-stream  # asked for under packages
package nginx-light  # reverse proxy in front of the slots
package supervisor  # runs the slots
user ada /home/ada /bin/bash adm,sudo  # asked for under users
user site /opt/site /usr/sbin/nologin  # runs app site

file 0644 root:root /etc/motd
file 0755 root:root /etc/nftables.conf check=nft reload=nftables.service confirm
file 0644 root:root /etc/nginx/conf.d/gzip.conf reload=nginx.service
file 0644 root:root /etc/nginx/nginx.conf check=nginx reload=nginx.service
file 0644 root:root /etc/ssh/sshd_config.d/10-team.conf check=sshd reload=ssh.service confirm
file 0440 root:root /etc/sudoers.d/ada check=sudoers confirm
file 0644 root:root /etc/supervisor/conf.d/site-blue.conf check=supervisor slot=site/blue
file 0644 root:root /etc/supervisor/conf.d/site-green.conf check=supervisor slot=site/green
file 0644 root:root /etc/supervisor/supervisord.conf check=supervisor restart=supervisor.service
file 0644 root:root /etc/systemd/system/nginx.service.d/limits.conf restart=nginx.service
file 0644 root:root /etc/systemd/system/nginx.service.d/vgen.conf check=systemd
file 0644 root:root /etc/systemd/system/supervisor.service.d/vgen.conf check=systemd
directory 0755 root:root /etc/vgen
file 0644 root:root /etc/vgen/exposure.txt
directory 0755 root:root /opt/site
directory 0755 root:root /opt/site/blue
file 0644 root:root /opt/site/blue/nginx.conf check=nginx reload=nginx.service
directory 0755 root:root /opt/site/green
file 0644 root:root /opt/site/green/nginx.conf check=nginx reload=nginx.service
first_link /opt/site/live blue
first_link /opt/site/next green
directory 0755 root:root /opt/site/releases
file 0640 root:adm /opt/tools/hosts.txt
file 0644 root:root /opt/vgen/apps/site.sh check=bash
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
slot site blue
slot site green
apply "$@"
