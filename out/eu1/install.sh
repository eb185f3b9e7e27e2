#!/usr/bin/env bash
# Made by vgen from hosts.eu1; do not edit.
# Run as root on the host: makes it what this tree says. The words are explained in opt/vgen/lib/install.sh.
set -euo pipefail
tree=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
# shellcheck source=opt/vgen/lib/install.sh
. "$tree/opt/vgen/lib/install.sh"

host eu1

package nginx-light  # reverse proxy in front of the slots
package redis-server  # redis "primary"
package supervisor  # runs the slots
program /usr/local/bin/ngrok https://ngrok.com/download  # the tunnel agent
user ngrok /nonexistent /usr/sbin/nologin  # runs the tunnel agent
user peerbook /opt/peerbook /usr/sbin/nologin  # runs app peerbook
secret ngrokToken
secret redisPassword
secret smtpPass
secret smtpUser
secret turnKey

file 0644 root:root /etc/nginx/nginx.conf check=nginx reload=nginx.service
secret_file 0640 root:ngrok /etc/ngrok.yml restart=ngrok.service
file 0644 root:root /etc/redis/redis.conf check=redis restart=redis-server.service
secret_file 0640 root:redis /etc/redis/secrets.conf check=redis restart=redis-server.service
file 0644 root:root /etc/supervisor/conf.d/pb-blue.conf check=supervisor slot=peerbook/blue
file 0644 root:root /etc/supervisor/conf.d/pb-green.conf check=supervisor slot=peerbook/green
secret_file 0600 root:root /etc/supervisor/secrets.conf check=supervisor slot=peerbook/blue slot=peerbook/green
file 0644 root:root /etc/supervisor/supervisord.conf check=supervisor restart=supervisor.service
file 0644 root:root /etc/systemd/system/nginx.service.d/vgen.conf check=systemd
file 0644 root:root /etc/systemd/system/ngrok.service check=systemd restart=ngrok.service
file 0644 root:root /etc/systemd/system/supervisor.service.d/vgen.conf check=systemd
directory 0755 root:root /etc/vgen
file 0644 root:root /etc/vgen/exposure.txt
directory 0755 root:root /opt/peerbook
directory 0755 root:root /opt/peerbook/blue
file 0644 root:root /opt/peerbook/blue/nginx.conf check=nginx reload=nginx.service
link /opt/peerbook/blue/peerbook release/peerbook
directory 0755 root:root /opt/peerbook/green
file 0644 root:root /opt/peerbook/green/nginx.conf check=nginx reload=nginx.service
link /opt/peerbook/green/peerbook release/peerbook
first_link /opt/peerbook/live blue
first_link /opt/peerbook/next green
directory 0755 root:root /opt/peerbook/releases
file 0644 root:root /opt/vgen/apps/peerbook.sh check=bash
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
file 0755 root:root /opt/vgen/redis/redis.sh check=bash

unit nginx.service  # reverse proxy in front of the slots
unit ngrok.service  # the tunnel agent
unit redis-server.service  # redis "primary"
unit supervisor.service  # runs the slots
slot peerbook blue
slot peerbook green
apply "$@"
