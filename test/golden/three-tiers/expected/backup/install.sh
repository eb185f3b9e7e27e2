#!/usr/bin/env bash
# Made by vgen from hosts.backup; do not edit.
# Run as root on the host: makes it what this tree says. The words are explained in opt/vgen/lib/install.sh.
set -euo pipefail
tree=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
# shellcheck source=opt/vgen/lib/install.sh
. "$tree/opt/vgen/lib/install.sh"

host backup

package nftables  # the firewall
package procps  # system.sysctl
package sudo  # user "ada" may do things as root
package tzdata  # system.timezone
package unattended-upgrades  # system.updates
user ada /home/ada /bin/bash  # asked for under users
user backup-nightly / /usr/sbin/nologin  # keeps backup "nightly"

file 0644 root:root /etc/apt/apt.conf.d/52vgen
link /etc/localtime /usr/share/zoneinfo/UTC
file 0644 root:root /etc/nftables.d/vgen.nft check=nft reload=vgen-firewall.service confirm
file 0644 root:root /etc/ssh/authorized_keys.d/ada confirm
file 0644 root:root /etc/ssh/authorized_keys.d/backup-nightly confirm
file 0644 root:root /etc/ssh/sshd_config.d/00-vgen-keys.conf check=sshd reload=ssh.service confirm
file 0644 root:root /etc/ssh/sshd_config.d/00-vgen.conf check=sshd reload=ssh.service confirm
file 0644 root:root /etc/ssh/sshd_config.d/90-vgen-backups.conf check=sshd reload=ssh.service confirm
file 0440 root:root /etc/sudoers.d/vgen-ada check=sudoers confirm
file 0644 root:root /etc/sysctl.d/60-vgen.conf restart=systemd-sysctl.service
file 0644 root:root /etc/systemd/system/nftables.service.d/vgen.conf check=systemd confirm
file 0644 root:root /etc/systemd/system/vgen-firewall.service check=systemd confirm
directory 0755 root:root /etc/vgen
file 0644 root:root /etc/vgen/exposure.txt
file 0644 root:root /etc/vgen/tls/ca.pem
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
directory 0755 root:root /srv/backups
directory 0755 root:root /srv/backups/nightly
directory 0700 backup-nightly:backup-nightly /srv/backups/nightly/app1
directory 0700 backup-nightly:backup-nightly /srv/backups/nightly/app2
directory 0700 backup-nightly:backup-nightly /srv/backups/nightly/data
directory 0700 backup-nightly:backup-nightly /srv/backups/nightly/lb

unit vgen-firewall.service  # the firewall
apply "$@"
