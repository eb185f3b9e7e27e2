#!/usr/bin/env bash
# Made by vgen from hosts.data; do not edit.
# Run as root on the host: makes it what this tree says. The words are explained in opt/vgen/lib/install.sh.
set -euo pipefail
tree=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
# shellcheck source=opt/vgen/lib/install.sh
. "$tree/opt/vgen/lib/install.sh"

host data

package logrotate  # mongodb "docs"
package nftables  # the firewall
package openssh-client  # backup "nightly"
package openssl  # makes the keys of certificates
package postgresql-15  # postgres "db"
package procps  # system.sysctl
package rabbitmq-server  # rabbitmq "queue"
package redis-server  # redis "cache"
package restic  # backup "nightly"
package sudo  # user "ada" may do things as root
package tzdata  # system.timezone
package unattended-upgrades  # system.updates
program /usr/bin/mongod https://www.mongodb.com/docs/manual/administration/install-on-linux/  # mongodb "docs"
program /usr/bin/mongosh https://www.mongodb.com/docs/manual/administration/install-on-linux/  # mongodb "docs"
user ada /home/ada /bin/bash  # asked for under users
user mongodb /var/lib/mongodb /usr/sbin/nologin  # mongodb "docs"
secret backupKey
secret backupPassword
secret dbPassword
secret docsPassword
secret mongoAdmin
secret mongoKey
secret queuePassword
secret redisPassword
certificate mongodb mongodb data,10.20.0.30,localhost,127.0.0.1  # mongodb "docs"
certificate postgres postgres data,10.20.0.30,localhost,127.0.0.1  # postgres "db"
certificate rabbitmq rabbitmq data,10.20.0.30,localhost,127.0.0.1  # rabbitmq "queue"
certificate redis redis data,10.20.0.30,localhost,127.0.0.1  # redis "cache"

file 0644 root:root /etc/apt/apt.conf.d/52vgen
link /etc/localtime /usr/share/zoneinfo/UTC
file 0644 root:root /etc/logrotate.d/vgen-mongodb check=logrotate
file 0644 root:root /etc/mongod.conf restart=mongod.service
file 0644 root:root /etc/nftables.d/vgen.nft check=nft reload=vgen-firewall.service confirm
file 0644 root:root /etc/postgresql/15/main/conf.d/vgen-start.conf check=postgres restart=postgresql@15-main.service
file 0644 root:root /etc/postgresql/15/main/conf.d/vgen.conf check=postgres reload=postgresql@15-main.service
file 0640 postgres:postgres /etc/postgresql/15/main/pg_hba.conf reload=postgresql@15-main.service
secret_file 0640 root:rabbitmq /etc/rabbitmq/definitions.json restart=vgen-rabbitmq.service
file 0644 root:root /etc/rabbitmq/enabled_plugins restart=rabbitmq-server.service
file 0644 root:root /etc/rabbitmq/rabbitmq-env.conf restart=rabbitmq-server.service
file 0644 root:root /etc/rabbitmq/rabbitmq.conf restart=rabbitmq-server.service
file 0644 root:root /etc/redis/redis.conf check=redis restart=redis-server.service
secret_file 0640 root:redis /etc/redis/secrets.conf check=redis restart=redis-server.service
file 0644 root:root /etc/ssh/authorized_keys.d/ada confirm
file 0644 root:root /etc/ssh/sshd_config.d/00-vgen-keys.conf check=sshd reload=ssh.service confirm
file 0644 root:root /etc/ssh/sshd_config.d/00-vgen.conf check=sshd reload=ssh.service confirm
file 0440 root:root /etc/sudoers.d/vgen-ada check=sudoers confirm
file 0644 root:root /etc/sysctl.d/60-vgen.conf restart=systemd-sysctl.service
file 0644 root:root /etc/systemd/system/epmd.socket.d/vgen.conf check=systemd restart=epmd.socket restart=rabbitmq-server.service
file 0644 root:root /etc/systemd/system/mongod.service check=systemd restart=mongod.service
file 0644 root:root /etc/systemd/system/nftables.service.d/vgen.conf check=systemd confirm
file 0644 root:root /etc/systemd/system/postgresql@15-main.service.d/vgen.conf check=systemd restart=postgresql@15-main.service
file 0644 root:root /etc/systemd/system/rabbitmq-server.service.d/vgen.conf check=systemd restart=rabbitmq-server.service
file 0644 root:root /etc/systemd/system/redis-server.service.d/vgen.conf check=systemd restart=redis-server.service
file 0644 root:root /etc/systemd/system/srv-data.mount check=systemd reload=srv-data.mount
file 0644 root:root /etc/systemd/system/vgen-firewall.service check=systemd confirm
file 0644 root:root /etc/systemd/system/vgen-job-backup-nightly-check.service check=systemd
file 0644 root:root /etc/systemd/system/vgen-job-backup-nightly-check.timer check=systemd restart=vgen-job-backup-nightly-check.timer
file 0644 root:root /etc/systemd/system/vgen-job-backup-nightly-drill.service check=systemd
file 0644 root:root /etc/systemd/system/vgen-job-backup-nightly-drill.timer check=systemd restart=vgen-job-backup-nightly-drill.timer
file 0644 root:root /etc/systemd/system/vgen-job-backup-nightly.service check=systemd
file 0644 root:root /etc/systemd/system/vgen-job-backup-nightly.timer check=systemd restart=vgen-job-backup-nightly.timer
file 0644 root:root /etc/systemd/system/vgen-mongodb.service check=systemd restart=vgen-mongodb.service
file 0644 root:root /etc/systemd/system/vgen-postgres.service check=systemd restart=vgen-postgres.service
file 0644 root:root /etc/systemd/system/vgen-rabbitmq.service check=systemd restart=vgen-rabbitmq.service
directory 0755 root:root /etc/vgen
secret_file 0600 root:root /etc/vgen/backup/nightly.conf check=bash
file 0644 root:root /etc/vgen/backup/nightly.known
file 0644 root:root /etc/vgen/exposure.txt
secret_file 0400 mongodb:mongodb /etc/vgen/mongodb/keyfile restart=mongod.service
secret_file 0400 mongodb:mongodb /etc/vgen/mongodb/users.js restart=vgen-mongodb.service
secret_file 0600 postgres:postgres /etc/vgen/postgres/roles.sql restart=vgen-postgres.service
file 0644 root:root /etc/vgen/tls/ca.pem restart=mongod.service reload=postgresql@15-main.service
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
file 0755 root:root /opt/vgen/postgres/restore.sh check=bash
file 0755 root:root /opt/vgen/rabbitmq/definitions.sh check=bash
file 0755 root:root /opt/vgen/redis/redis.sh check=bash
file 0755 root:root /opt/vgen/volumes/place.sh check=bash

unit epmd.socket  # rabbitmq "queue"
unit mongod.service  # mongodb "docs"
unit postgresql@15-main.service  # postgres "db"
unit rabbitmq-server.service  # rabbitmq "queue"
unit redis-server.service  # redis "cache"
unit srv-data.mount  # volume "data"
unit vgen-firewall.service  # the firewall
unit vgen-job-backup-nightly-check.timer  # check of backup "nightly"
unit vgen-job-backup-nightly-drill.timer  # drill of backup "nightly"
unit vgen-job-backup-nightly.timer  # backup of backup "nightly"
unit vgen-mongodb.service  # mongodb "docs"
unit vgen-postgres.service  # postgres "db"
unit vgen-rabbitmq.service  # rabbitmq "queue"
apply "$@"
