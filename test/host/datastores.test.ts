// Datastores on a real host with a volume, and an app on another that has nothing but its environment to reach them by.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Datastores, lacking } from './datastores/fleet.ts';

const lack = lacking();
const secrets = {
  cachePassword: 'c@che "pw" #1 %/', queuePassword: 'q"ue/ue #\u0142 %41',
  shopPassword: `it's \\ a "p/w" $1; -- \u0142`, statsPassword: 'plain',
};

const inventory = (change: (text: string) => string = text => text): string => change(`hosts:
  data: { address: 10.9.0.1, memory: 1g }
  app: { address: 10.9.0.2 }
  other: { address: 10.9.0.3 }
certs:
  ca: { certificate: ca.pem, key: caKey }
volumes:
  data: { hosts: data, path: /srv/data, label: vgen-data }
redis:
  cache: { hosts: data, password: cachePassword, tls: true, volume: data }
postgres:
  db:
    hosts: data
    volume: data
    databases:
      shop: { password: shopPassword, extensions: [citext] }
      stats: { password: statsPassword }
rabbitmq:
  queue: { hosts: data, volume: data, vhosts: { shop: { password: queuePassword } } }
apps:
  shop:
    hosts: app
    binary: shop
    command: ./shop \${slot.port}
    uses: [cache, db, queue]
    health: /health
    steady: 1s
    slots: { blue: { port: 3000 }, green: { port: 3001 } }
secrets:
  caKey: { env: X }
${Object.keys(secrets).map(name => `  ${name}: { env: X }\n`).join('')}`);

describe.skipIf(lack !== null)(`datastores on a real host (${lack ?? 'systemd-nspawn, a loop device'})`, () => {
  let fleet: Datastores;
  const psql = (sql: string): Promise<string> => fleet.on('data', 'cd / && runuser -u postgres -- psql -XAt', sql);
  const from = (host: string, role: string, database: string, mode: string, password: string): Promise<string> =>
    fleet.on(
      host, `PGPASSWORD="$(cat)" timeout 10 psql -XAt "host=10.9.0.1 `
        + `user=${role} dbname=${database} sslmode=${mode} sslrootcert=/etc/vgen/tls/ca.pem" -c 'SELECT 1' 2>&1 || `
        + `true`,
      password);
  const fromOther = (name: string, password: string): Promise<string> =>
    from('other', name, name, 'verify-full', password);
  const ask = (path: string): Promise<string> => fleet.on('app', `curl -sS -m 20 127.0.0.1:3001/${path}`);

  beforeAll(async () => {
    fleet = new Datastores();
    await fleet.boot();
    await fleet.secrets('data', secrets);
    await fleet.secrets('app', secrets);
    // whoever issues certificates does it when the groups that read them are there
    await fleet.on('data', `printf '#!/bin/sh\\nexit 101\\n' >/usr/sbin/policy-rc.d; chmod 755 /usr/sbin/policy-rc.d
      DEBIAN_FRONTEND=noninteractive apt-get install -yq --no-install-recommends postgresql-15 redis-server rabbitmq-server >/root/apt.log 2>&1; rm /usr/sbin/policy-rc.d`);
    for (const [name, group] of [['redis', 'redis'], ['postgres', 'postgres'], ['rabbitmq', 'rabbitmq']] as const) {
      await fleet.certificate('data', name, group, ['data', '10.9.0.1', '127.0.0.1', 'localhost']);
    }
    for (const host of ['app', 'other']) await fleet.certificate(host, '', '', []);
    await fleet.on('app', 'DEBIAN_FRONTEND=noninteractive apt-get install -yq --no-install-recommends '
      + 'python3-psycopg2 python3-pika >/root/apt.log 2>&1');
    await fleet.on('other', 'DEBIAN_FRONTEND=noninteractive apt-get install -yq --no-install-recommends '
      + 'postgresql-client-15 >/root/apt.log 2>&1');
  }, 300_000);
  afterAll(() => fleet?.stop());

  it('refuses to start anything where the device is not there, and makes no directory in its place', async () => {
    const { code, text } =
      await fleet.install(inventory(one => one.replace('label: vgen-data', 'label: no-such-disk')), 'data');
    expect(code, text).toBe(1);
    expect(text).toMatch(/srv-data\.mount does not start|no-such-disk/);
    expect(await fleet.on(
      'data', 'systemctl is-active redis-server postgresql@15-main srv-data.mount || true',
    )).not.toMatch(/^active/m);
    expect(await fleet.on('data', 'ls -A /srv/data 2>/dev/null || true')).toBe('');
  });

  it('mounts the volume and keeps the data of all there', async () => {
    const { code, text } = await fleet.install(inventory(), 'data');
    expect(code, text).toBe(0);
    expect(await fleet.on('data', 'findmnt -no FSTYPE,OPTIONS /srv/data')).toMatch(/^ext4 .*nosuid,nodev,noatime/);
    expect(await psql('SHOW data_directory; SHOW shared_buffers; SHOW effective_cache_size; SHOW ssl;'))
      .toBe('/srv/data/db\n256MB\n768MB\non');
    expect(await psql('SELECT count(*) FROM pg_hba_file_rules WHERE error IS NOT NULL;')).toBe('0');
    expect(await psql("SELECT string_agg(datname || ' ' || pg_encoding_to_char(encoding), ',' ORDER BY 1) FROM "
      + "pg_database WHERE datname IN ('shop', 'stats');")).toBe('shop UTF8,stats UTF8');
    expect(await fleet.on('data', 'ls /srv/data; stat -c "%U %a" /srv/data/db /srv/data/cache'))
      .toBe('cache\ndb\nlost+found\nqueue\npostgres 700\nredis 700');
  });

  it('changes nothing when it runs again', async () => {
    const pids = 'systemctl show -p MainPID --value redis-server postgresql@15-main rabbitmq-server';
    const before = await fleet.on('data', pids);
    expect((await fleet.install(inventory(), 'data')).text).toMatch(/data: nothing to do/);
    expect(await fleet.on('data', pids)).toBe(before);
  });

  it('lets the app in over verified TLS, with what its environment says and nothing else', async () => {
    const { code, text } = await fleet.install(inventory(), 'app');
    expect(code, text).toBe(0);
    await fleet.host('app').send(fleet.release(), '/root');
    await fleet.on('app', '/opt/vgen/bin/vgen deploy shop /root/shop');
    expect(JSON.parse(await ask('db'))).toEqual(['shop', 'shop', true, 'TLSv1.3']);
    expect(JSON.parse(await ask('cache'))).toEqual(['+OK', ':1', 'TLSv1.3']);
    expect(JSON.parse(await ask('queue'))).toEqual(['one', 'shop']);
  });

  it('never restarts a datastore for a deploy of an app', async () => {
    const since = 'systemctl show -p ActiveEnterTimestampMonotonic redis-server postgresql@15-main vgen-postgres';
    const before = await fleet.on('data', since);
    await fleet.on('app', '/opt/vgen/bin/vgen switch shop && /opt/vgen/bin/vgen deploy shop /root/shop');
    expect(await fleet.on('data', since)).toBe(before);
  });

  it('runs the app hardened: exposed by 3.0 at most, its secrets where root alone reads them', async () => {
    const said = await fleet.on('app', 'systemd-analyze security --no-pager shop-green.service | tail -n 1');
    const exposure = Number(/exposure level for shop-green\.service: ([\d.]+)/.exec(said)?.[1]);
    console.info(said);
    expect(exposure).toBeGreaterThan(0);
    expect(exposure).toBeLessThanOrEqual(3);
    expect(await fleet.on(
      'app', 'stat -c "%a %U" /etc/vgen/env/shop-green.env; systemctl show -p Environment shop-green',
    ))
      .toBe('600 root\nEnvironment=');
  });

  it('keeps out who is not said to use it: another host, another database, no TLS', async () => {
    expect(await fromOther('shop', secrets.shopPassword))
      .toMatch(/pg_hba\.conf rejects connection for host "10\.9\.0\.3".*SSL encryption/);
    await fleet.on('app', 'DEBIAN_FRONTEND=noninteractive apt-get install -yq --no-install-recommends '
      + 'postgresql-client-15 >/root/apt.log 2>&1');
    expect(await from('app', 'shop', 'shop', 'verify-full', secrets.shopPassword)).toBe('1');
    expect(await from('app', 'shop', 'stats', 'verify-full', secrets.shopPassword)).toMatch(/rejects connection/);
    expect(await from('app', 'shop', 'shop', 'disable', secrets.shopPassword))
      .toMatch(/rejects connection.*no encryption/);
    expect(await fleet.on('data', 'ss -Hltn | awk \'{ print $4 }\' | sort'))
      .toBe(
        '0.0.0.0:22\n10.9.0.1:5432\n10.9.0.1:5671\n10.9.0.1:6379\n127.0.0.1:25672\n127.0.0.1:4369\n127.0.0.1:5432\n127.0.0.1:5671\n127.0.0.1:6379\n[::1]:6379\n[::]:22',
      );
    expect(await fleet.on(
      'other', 'exec 3<>/dev/tcp/10.9.0.1/6379; printf "PING\\r\\n" >&3; timeout 3 head -c 5 <&3 | od -c || true',
    )).not.toContain('P   O   N   G');
  });

  it('reloads what can be reloaded, and takes a new password without a restart of the server', async () => {
    const pid = 'systemctl show -p MainPID --value postgresql@15-main redis-server';
    const before = await fleet.on('data', pid);
    const changed = inventory(one =>
      one.replace('[citext] }', '[citext, pg_trgm] }\n      report: { password: statsPassword }')
        .replace('apps:\n', `apps:
  report: { hosts: other, command: ./report, uses: [db], slots: { blue: { port: 3000 }, green: { port: 3001 } } }\n`));
    expect(await fromOther('report', secrets.statsPassword)).toMatch(/rejects connection/);
    const { code, text } = await fleet.install(changed, 'data');
    expect(code, text).toBe(0);
    expect(await fromOther('report', secrets.statsPassword)).toBe('1');
    expect(await fleet.on(
      'data', 'cd / && runuser -u postgres -- psql -XAt shop',
      "SELECT extname FROM pg_extension WHERE extname LIKE 'pg_t%';",
    )).toBe('pg_trgm');
    expect(await fleet.on('data', pid)).toBe(before);
    await fleet.secrets('data', { shopPassword: 'new' });
    expect((await fleet.install(inventory(), 'data')).code).toBe(0);
    expect(await ask('db')).toMatch(/password authentication failed/);
    await fleet.secrets('data', secrets);
    expect((await fleet.install(inventory(), 'data')).code).toBe(0);
    expect(JSON.parse(await ask('db'))).toEqual(['shop', 'shop', true, 'TLSv1.3']);
    expect(await fleet.on('data', pid)).toBe(before);
  });

  it('refuses settings that PostgreSQL does not know before anything is touched', async () => {
    const bad = inventory(one =>
      `${one}files:\n  /etc/postgresql/15/main/conf.d/zz.conf: { hosts: data, content: "bogus = 1\\n" }\n`.replace(
        'memory: 1g', 'memory: 2g',
      ));
    const { code, text } = await fleet.install(bad, 'data');
    expect(code, text).toBe(1);
    expect(text).toMatch(/postgres refuses .*\n.*unrecognized configuration parameter "bogus"/);
    expect(await psql('SHOW shared_buffers')).toBe('256MB');
  });

  it('dumps and restores, beside the original for a drill', async () => {
    await fleet.on('data', 'cd / && runuser -u postgres -- pg_dump --format=custom --port=5432 shop >/root/shop.dump');
    await psql('\\c shop\nDELETE FROM seen;');
    const drilled = await fleet.on(
      'data', 'DRILL=drill runuser -u postgres -- /opt/vgen/postgres/restore.sh 5432 shop </root/shop.dump',
    );
    expect(drilled).toMatch(/^public\.seen\t[1-9]/);
    expect(await psql('\\c shop\nSELECT count(*) FROM seen;')).toMatch(/^0$/m);
    await fleet.on('data', 'runuser -u postgres -- /opt/vgen/postgres/restore.sh 5432 shop </root/shop.dump');
    expect(await psql('\\c shop\nSELECT count(*) FROM seen;')).toMatch(/^[1-9]/m);
    await fleet.on('data', '/opt/vgen/redis/redis.sh dump >/root/cache.rdb');
    const count = (JSON.parse(await ask('cache')) as string[])[1];
    expect(await fleet.on('data', 'DRILL=1 /opt/vgen/redis/redis.sh restore </root/cache.rdb')).toMatch(/db0:keys=1/);
    expect((JSON.parse(await ask('cache')) as string[])[1]).not.toBe(count);
    await fleet.on('data', '/opt/vgen/redis/redis.sh restore </root/cache.rdb');
    expect((JSON.parse(await ask('cache')) as string[])[1]).toBe(count);
  });

  it('has one user of RabbitMQ, and dumps and checks its definitions', async () => {
    expect(await fleet.on('data', 'rabbitmqctl --quiet list_users')).toBe('user\ttags\nshop\t[]');
    expect(await fleet.on('data', '/opt/vgen/rabbitmq/definitions.sh dump >/root/queue.json; DRILL=1 '
      + '/opt/vgen/rabbitmq/definitions.sh restore </root/queue.json'))
      .toBe('[{<<"users">>,1},{<<"vhosts">>,2},{<<"queues">>,1}]');
    await fleet.on(
      'data', '/opt/vgen/rabbitmq/definitions.sh restore </root/queue.json; ! ls /var/lib/rabbitmq/vgen-restore.*',
    );
  });

  it('takes up a new certificate without cutting a client', async () => {
    const serial = (port: number, more = ''): Promise<string> => fleet.on(
      'app', `openssl s_client -connect 10.9.0.1:${port} ${more} </dev/null 2>/dev/null | openssl x509 -noout -serial`,
    );
    const pids = 'systemctl show -p MainPID --value redis-server postgresql@15-main';
    const before = [await serial(6379), await serial(5432, '-starttls postgres'), await fleet.on('data', pids)];
    for (const name of ['redis', 'postgres']) {
      await fleet.certificate('data', name, name, ['data', '10.9.0.1', '127.0.0.1']);
    }
    await fleet.on('data', '/opt/vgen/redis/redis.sh take-up; systemctl reload postgresql@15-main');
    await fleet.on('data', 'sleep 0.5');
    const after = [await serial(6379), await serial(5432, '-starttls postgres'), await fleet.on('data', pids)];
    expect(after[0]).not.toBe(before[0]);
    expect(after[1]).not.toBe(before[1]);
    expect(after[2]).toBe(before[2]);
  });

  it('comes back by itself after a power loss', async () => {
    await fleet.host('data').powerOff();
    await fleet.host('data').boot();
    expect(JSON.parse(await ask('db'))).toEqual(['shop', 'shop', true, 'TLSv1.3']);
    expect(JSON.parse(await ask('cache'))).toEqual(['+OK', expect.stringMatching(/^:\d+$/), 'TLSv1.3']);
    expect(JSON.parse(await ask('queue'))).toEqual(['one', 'shop']);
  }, 60_000);

  it('shows no secret in logs, processes or units', async () => {
    const words = ['p/w"', 'p%2Fw', 'c@che', 'c%40che', 'q"ue', 'ue/ue'].map(word => `-e '${word}'`).join(' ');
    const found = await fleet.on('data', `{ journalctl --no-pager; cat /var/log/postgresql/*.log `
      + `/var/log/redis/*.log /var/log/rabbitmq/*.log /var/log/vgen/*.log; ps -eo args; } 2>/dev/null | grep `
      + `-F ${words} | head -n 3 || true`);
    expect(found.split('\n').filter(line => line !== '' && !line.includes('grep -F'))).toEqual([]);
  });

  it('leaves no device behind when all is turned off', async () => expect(await fleet.powerOff()).toEqual([1, 0]));
});
