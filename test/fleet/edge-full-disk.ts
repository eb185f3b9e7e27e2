// The load balancer whose nginx has nowhere to write: uploads and long answers go through all the same.
import { expect } from 'vitest';

/** What is lacking, and the file system that lacks it once it is filled. */
export const FULL = [['block', 'size=64k'], ['inode', 'size=1m,nr_inodes=7']] as const;

const NGINX = '/var/lib/nginx';
const RELOAD = 'systemctl reload nginx; sleep 0.5';
const CURL = 'curl --silent --cacert /etc/vgen/tls/ca.pem --resolve shop.example:443:10.9.40.1';
const UPLOAD = `head -c 200000 /dev/zero | ${CURL} --data-binary @- https://shop.example/ | `
  + `grep -o '"received": [0-9]*' || true`;
const LONG = `${CURL} --limit-rate 40M https://shop.example/long | wc -c`;

/** Tries both where nginx keeps what it does not keep in memory, and once more with what it does by itself. */
export async function tryFullDisk(ask: (host: string, script: string) => Promise<string>, how: string): Promise<void> {
  const lb = (script: string): Promise<string> => ask('lb', script);
  await lb(`mount -t tmpfs -o ${how} tmpfs ${NGINX}; cd ${NGINX}; mkdir body proxy fastcgi uwsgi scgi
    chown www-data *; cat /dev/zero >filler 2>/dev/null; true`);
  try {
    expect(await lb(UPLOAD)).toBe('"received": 200000');
    expect(Number(await lb(LONG))).toBeGreaterThan(40_000_000);
    await lb(`cp /etc/nginx/nginx.conf /etc/nginx/sites/shop.conf /root/
      sed -i /proxy_max_temp_file_size/d /etc/nginx/nginx.conf; sed -i /request_buffering/d /etc/nginx/sites/shop.conf
      ${RELOAD}`);
    expect(await lb(UPLOAD), 'the control').toBe('');
    expect(Number(await lb(LONG)), 'the control').toBeLessThan(40_000_000);
  } finally {
    await lb(`[[ ! -f /root/shop.conf ]] || mv /root/nginx.conf /etc/nginx/; mv /root/shop.conf /etc/nginx/sites/
      umount ${NGINX}; ${RELOAD}`);
  }
}
