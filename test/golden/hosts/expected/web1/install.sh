#!/usr/bin/env bash
# Made by vgen from hosts.web1; do not edit.
# Run as root on the host: makes it what this tree says. The words are explained in opt/vgen/lib/install.sh.
set -euo pipefail
tree=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
# shellcheck source=opt/vgen/lib/install.sh
. "$tree/opt/vgen/lib/install.sh"

host web1

package locales  # system.locale
package logrotate  # what app "shop" writes itself
package nftables  # the firewall
package openssh-client  # backup "nightly"
package procps  # system.sysctl
package restic  # backup "nightly"
package sudo  # user "deploy" may do things as root
package systemd-timesyncd  # system.timeServers
package tzdata  # system.timezone
package unattended-upgrades  # system.updates
user deploy /home/deploy /bin/bash adm  # asked for under users
user shop /opt/shop /usr/sbin/nologin  # runs app shop
secret dbPassword
secret web

file 0644 root:root /etc/apt/apt.conf.d/52vgen
file 0644 root:root /etc/default/locale
link /etc/localtime /usr/share/zoneinfo/Europe/Berlin
file 0644 root:root /etc/logrotate.d/vgen-systemd check=logrotate
file 0644 root:root /etc/nftables.d/vgen.nft check=nft reload=vgen-firewall.service confirm
file 0644 root:root /etc/ssh/authorized_keys.d/deploy confirm
file 0644 root:root /etc/ssh/sshd_config.d/00-vgen-keys.conf check=sshd reload=ssh.service confirm
file 0644 root:root /etc/ssh/sshd_config.d/00-vgen.conf check=sshd reload=ssh.service confirm
file 0440 root:root /etc/sudoers.d/vgen-deploy check=sudoers confirm
file 0644 root:root /etc/sysctl.d/60-vgen.conf restart=systemd-sysctl.service
file 0644 root:root /etc/systemd/system/nftables.service.d/vgen.conf check=systemd confirm
file 0644 root:root /etc/systemd/system/shop-blue.service check=systemd slot=shop/blue
file 0644 root:root /etc/systemd/system/shop-green.service check=systemd slot=shop/green
file 0644 root:root /etc/systemd/system/vgen-firewall.service check=systemd confirm
file 0644 root:root /etc/systemd/system/vgen-job-backup-nightly-check.service check=systemd
file 0644 root:root /etc/systemd/system/vgen-job-backup-nightly-check.timer check=systemd restart=vgen-job-backup-nightly-check.timer
file 0644 root:root /etc/systemd/system/vgen-job-backup-nightly-drill.service check=systemd
file 0644 root:root /etc/systemd/system/vgen-job-backup-nightly-drill.timer check=systemd restart=vgen-job-backup-nightly-drill.timer
file 0644 root:root /etc/systemd/system/vgen-job-backup-nightly.service check=systemd
file 0644 root:root /etc/systemd/system/vgen-job-backup-nightly.timer check=systemd restart=vgen-job-backup-nightly.timer
file 0644 root:root /etc/systemd/system/vgen-job-clean.service check=systemd
file 0644 root:root /etc/systemd/system/vgen-job-clean.timer check=systemd restart=vgen-job-clean.timer
file 0644 root:root /etc/systemd/system/vgen-system.service check=systemd restart=vgen-system.service
file 0644 root:root /etc/systemd/timesyncd.conf.d/vgen.conf restart=systemd-timesyncd.service
directory 0755 root:root /etc/vgen
secret_file 0600 root:root /etc/vgen/backup/nightly.conf check=bash
file 0644 root:root /etc/vgen/backup/nightly.known
file 0600 root:root /etc/vgen/env/shop-blue.env slot=shop/blue
file 0600 root:root /etc/vgen/env/shop-green.env slot=shop/green
file 0644 root:root /etc/vgen/exposure.txt
file 0644 root:root /etc/vgen/system.conf restart=vgen-system.service
directory 0755 root:root /opt/shop
directory 0755 root:root /opt/shop/blue
directory 0755 root:root /opt/shop/green
first_link /opt/shop/live blue
first_link /opt/shop/next green
directory 0755 root:root /opt/shop/releases
file 0644 root:root /opt/vgen/apps/shop.sh check=bash
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
file 0755 root:root /opt/vgen/system/system.sh check=bash restart=vgen-system.service

unit vgen-firewall.service  # the firewall
unit vgen-job-backup-nightly-check.timer  # check of backup "nightly"
unit vgen-job-backup-nightly-drill.timer  # drill of backup "nightly"
unit vgen-job-backup-nightly.timer  # backup of backup "nightly"
unit vgen-job-clean.timer  # job "clean"
unit vgen-system.service  # locale, swap and clock
slot shop blue
slot shop green
apply "$@"
