/** The ACME server on the load balancer; it asks for challenges on port 80 there. */
export const PEBBLE = `set -e
mkdir -p /srv/assets /srv/pebble && cd /srv/pebble
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost -addext subjectAltName=DNS:localhost -keyout key.pem -out cert.pem 2>/dev/null
echo '{"pebble": {"listenAddress": "0.0.0.0:14000", "managementListenAddress": "0.0.0.0:15000", "certificate": "/srv/pebble/cert.pem",
  "privateKey": "/srv/pebble/key.pem", "httpPort": 80, "tlsPort": 443, "ocspResponderURL": ""}}' > config.json
echo '10.9.40.1 front.example' >> /etc/hosts
mkdir -p /etc/systemd/system/vgen-acme.service.d
printf '[Service]\\nEnvironment=REQUESTS_CA_BUNDLE=/srv/pebble/cert.pem\\n' > /etc/systemd/system/vgen-acme.service.d/test.conf
systemctl daemon-reload
apt-get install --yes pebble >/dev/null 2>&1
systemd-run --unit=pebble --setenv=PEBBLE_VA_NOSLEEP=1 --setenv=PEBBLE_WFE_NONCEREJECT=0 /usr/bin/pebble -config /srv/pebble/config.json 2>/dev/null
until curl --silent --cacert cert.pem https://localhost:14000/dir >/dev/null; do sleep 0.1; done`;
