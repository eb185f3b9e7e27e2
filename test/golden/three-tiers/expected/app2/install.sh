#!/usr/bin/env bash
# Made by vgen from hosts.app2; do not edit.
# Run as root on the host: makes it what this tree says. The words are explained in opt/vgen/lib/install.sh.
set -euo pipefail
tree=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
# shellcheck source=opt/vgen/lib/install.sh
. "$tree/opt/vgen/lib/install.sh"

host app2

package logrotate  # what app "api" writes itself
package nftables  # the firewall
package nginx-light  # site "inside"
package nodejs  # runs pm2
package openssh-client  # backup "nightly"
package openssl  # makes the keys of certificates
package procps  # system.sysctl
package restic  # backup "nightly"
package sudo  # user "ada" may do things as root
package tzdata  # system.timezone
package unattended-upgrades  # system.updates
program /usr/local/bin/pm2-runtime https://pm2.keymetrics.io  # runs the slots
user ada /home/ada /bin/bash  # asked for under users
user api /opt/api /usr/sbin/nologin  # runs app api
user web /opt/web /usr/sbin/nologin  # runs app web
secret backupKey
secret backupPassword
secret dbPassword
secret docsPassword
secret queuePassword
secret redisPassword
certificate site-inside www-data inside.internal  # site "inside"

file 0644 root:root /etc/apt/apt.conf.d/52vgen
link /etc/localtime /usr/share/zoneinfo/UTC
file 0644 root:root /etc/logrotate.d/vgen-pm2 check=logrotate
file 0644 root:root /etc/logrotate.d/vgen-systemd check=logrotate
file 0644 root:root /etc/nftables.d/vgen.nft check=nft reload=vgen-firewall.service confirm
directory 0755 root:root /etc/nginx/maintenance
file 0644 root:root /etc/nginx/nginx.conf check=nginx reload=nginx.service
file 0644 root:root /etc/nginx/sites/_default.conf check=nginx reload=nginx.service
file 0644 root:root /etc/nginx/sites/inside.conf check=nginx reload=nginx.service
file 0644 root:root /etc/ssh/authorized_keys.d/ada confirm
file 0644 root:root /etc/ssh/sshd_config.d/00-vgen-keys.conf check=sshd reload=ssh.service confirm
file 0644 root:root /etc/ssh/sshd_config.d/00-vgen.conf check=sshd reload=ssh.service confirm
file 0440 root:root /etc/sudoers.d/vgen-ada check=sudoers confirm
file 0644 root:root /etc/sysctl.d/60-vgen.conf restart=systemd-sysctl.service
file 0644 root:root /etc/systemd/system/api-blue.service check=systemd slot=api/blue
file 0644 root:root /etc/systemd/system/api-green.service check=systemd slot=api/green
file 0644 root:root /etc/systemd/system/nftables.service.d/vgen.conf check=systemd confirm
file 0644 root:root /etc/systemd/system/nginx.service.d/vgen.conf check=systemd
file 0644 root:root /etc/systemd/system/vgen-firewall.service check=systemd confirm
file 0644 root:root /etc/systemd/system/vgen-job-backup-nightly-check.service check=systemd
file 0644 root:root /etc/systemd/system/vgen-job-backup-nightly-check.timer check=systemd restart=vgen-job-backup-nightly-check.timer
file 0644 root:root /etc/systemd/system/vgen-job-backup-nightly-drill.service check=systemd
file 0644 root:root /etc/systemd/system/vgen-job-backup-nightly-drill.timer check=systemd restart=vgen-job-backup-nightly-drill.timer
file 0644 root:root /etc/systemd/system/vgen-job-backup-nightly.service check=systemd
file 0644 root:root /etc/systemd/system/vgen-job-backup-nightly.timer check=systemd restart=vgen-job-backup-nightly.timer
file 0644 root:root /etc/systemd/system/web-blue.service check=systemd slot=web/blue
file 0644 root:root /etc/systemd/system/web-green.service check=systemd slot=web/green
directory 0755 root:root /etc/vgen
secret_file 0600 root:root /etc/vgen/backup/nightly.conf check=bash
file 0644 root:root /etc/vgen/backup/nightly.known
secret_file 0600 root:root /etc/vgen/env/api-blue.env slot=api/blue
secret_file 0600 root:root /etc/vgen/env/api-green.env slot=api/green
secret_file 0600 root:root /etc/vgen/env/web-blue.env slot=web/blue
secret_file 0600 root:root /etc/vgen/env/web-green.env slot=web/green
file 0644 root:root /etc/vgen/exposure.txt
file 0644 root:root /etc/vgen/tls/ca.pem reload=nginx.service
directory 0755 root:root /opt/api
directory 0755 root:root /opt/api/blue
link /opt/api/blue/api release/api
file 0644 root:root /opt/api/blue/ecosystem.config.js slot=api/blue
file 0644 root:root /opt/api/blue/nginx.conf check=nginx reload=nginx.service
directory 0755 root:root /opt/api/green
link /opt/api/green/api release/api
file 0644 root:root /opt/api/green/ecosystem.config.js slot=api/green
file 0644 root:root /opt/api/green/nginx.conf check=nginx reload=nginx.service
first_link /opt/api/live blue
first_link /opt/api/next green
directory 0755 root:root /opt/api/releases
file 0644 root:root /opt/vgen/apps/api.sh check=bash
file 0644 root:root /opt/vgen/apps/web.sh check=bash
file 0755 root:root /opt/vgen/backup/backup.sh check=bash
file 0755 root:root /opt/vgen/backup/check.sh check=bash
file 0755 root:root /opt/vgen/backup/drill.sh check=bash
file 0644 root:root /opt/vgen/backup/lib.sh check=bash
file 0755 root:root /opt/vgen/backup/restore.sh check=bash
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
link /opt/web/blue/web release/web
directory 0755 root:root /opt/web/green
file 0644 root:root /opt/web/green/nginx.conf check=nginx reload=nginx.service
link /opt/web/green/web release/web
first_link /opt/web/live blue
first_link /opt/web/next green
directory 0755 root:root /opt/web/releases

unit nginx.service  # site "inside"
unit vgen-firewall.service  # the firewall
unit vgen-job-backup-nightly-check.timer  # check of backup "nightly"
unit vgen-job-backup-nightly-drill.timer  # drill of backup "nightly"
unit vgen-job-backup-nightly.timer  # backup of backup "nightly"
slot api blue
slot api green
slot web blue
slot web green
apply "$@"
