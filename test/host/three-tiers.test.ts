// The example of three tiers as it stands, on five real hosts: a load balancer, two application servers, the server for
// data and the one for backups. Only what cannot be had here is stood in for: the apps, and Let's Encrypt.
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compile } from '../../src/compile.ts';
import { buildOnce } from '../../src/rehearse/cache.ts';
import { Load } from '../../src/rehearse/load.ts';
import type { LoadOptions } from '../../src/rehearse/load/options.ts';
import type { LoadResult } from '../../src/rehearse/load/tally.ts';
import { lacking } from './datastores/fleet.ts';
import { Estate } from './estate.ts';
import { opened, promised, report, type Addresses } from './exposure.ts';
import { commandsOf } from '../readme.ts';

const root = join(import.meta.dirname, '../..');
const example = join(root, 'examples/three-tiers');
const lack = lacking();
const because = lack ?? 'systemd-nspawn, a loop device';
const domain = 'shop.example.com';
const apps = ['app1', 'app2'];
const PM2 = 'pm2@7.0.4';
/** What the stand-ins of the apps want. */
const ofApps = ['nodejs', 'python3', 'python3-psycopg2', 'python3-pika'];

const secrets = {
  REDIS_PASSWORD: 'r3dis "pw" #1 %/', DB_PASSWORD: `it's \\ a "p/w" $1`, QUEUE_PASSWORD: 'queue/&?=',
  MONGO_KEY: 'bW9uZ28ga2V5IGZvciB0ZXN0cw==',
  MONGO_ADMIN: 'an admin', DOCS_PASSWORD: 'documents',
};

describe.skipIf(lack !== null)(`three tiers (${because})`, () => {
  let estate: Estate;
  let hosts: Addresses;
  const at = (path: string): string => join(estate.dir, path);
  const openssl = (...words: string[]): string =>
    execFileSync('openssl', words, { cwd: estate.dir, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });

  beforeAll(async () => {
    const trees = [...(await compile([join(example, 'inventory.yaml')])).trees()];
    hosts = Object.fromEntries(trees.map(({ host }) => [host.name, [host.address, host.private ?? host.address]]));
    const packages = [...new Set([...trees.flatMap(({ plan }) => plan.packages.map(({ name }) => name)), ...ofApps])];
    const pm2 = await buildOnce('npm', PM2, async dir => {
      execFileSync('npm', ['install', '--silent', '--no-audit', '--no-fund', '--prefix', dir, PM2]);
    }, () => undefined);
    const volumes = { data: [{ device: '/dev/disk/by-label/data', type: 'ext4' }] };
    estate = await Estate.boot({
      hosts: Object.entries(hosts)
        .map(([name, addresses]) => ({
          name, addresses: [...addresses], volumes: name === 'data' ? volumes.data : [],
        })),
      packages, binds: [{ from: pm2, to: '/usr/local/lib/pm2' }],
    }, secrets);
    cpSync(example, estate.dir, { recursive: true });
    for (const [name, file] of [
      ['web', 'src/rehearse/stand-in.py'], ['api', 'test/host/datastores/shop.py'],
    ] as const) {
      copyFileSync(join(root, file), at(name));
      chmodSync(at(name), 0o755);
    }
    await Promise.all(apps.map(name =>
      estate.ask(name, `apt-get install -y --no-install-recommends ${ofApps.join(' ')} >/dev/null 2>&1
      ln -s /usr/local/lib/pm2/node_modules/.bin/pm2-runtime /usr/local/bin/`)));
    own();
  }, 900_000);
  afterAll(() => estate?.stop());

  /** What is the team's own: keys, the CA, and the password manager. */
  const own = (): void => {
    for (const dir of ['.config/vgen', 'secrets', 'bin']) mkdirSync(at(dir), { recursive: true });
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', at('secrets/backup.key')]);
    const hostKey =
      readFileSync(join(estate.fleet.hosts.get('backup')?.root ?? '', 'etc/ssh/ssh_host_ed25519_key.pub'), 'utf8');
    const put = (file: string, key: string, value: string): void => writeFileSync(
      at(file), readFileSync(at(file), 'utf8')
        .replace(new RegExp(`(${key}: )ssh-ed25519 \\S+`), (_, before: string) =>
          before + value.split(' ').slice(0, 2).join(' ').trim()),
    );
    put('shared.yaml', 'publicKey', readFileSync(at('secrets/backup.key.pub'), 'utf8'));
    put('inventory.yaml', 'hostKey', hostKey);
    writeFileSync(at('bin/pass'), '#!/bin/sh\necho "the backup of $2"\n', { mode: 0o755 });
    execFileSync('age-keygen', ['-o', at('.config/vgen/identity.txt')], { stdio: 'ignore' });
  };

  /** The certificate of the domain, as certbot would have it: from a CA that the clients of this test trust. */
  const publish = async (): Promise<void> => {
    writeFileSync(at('san'), `subjectAltName=DNS:${domain}\n`);
    openssl(
      'req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', `/CN=${domain}`, '-keyout',
      'leaf.key', '-out', 'leaf.csr',
    );
    openssl(
      'x509', '-req', '-in', 'leaf.csr', '-CA', 'public.crt', '-CAkey', 'public.key', '-CAcreateserial', '-days', '2',
      '-extfile', 'san', '-out', 'leaf.crt',
    );
    const live = '/etc/letsencrypt/live/site-shop';
    const host = estate.fleet.hosts.get('lb');
    for (const [from, to] of [['leaf.crt', 'fullchain.pem'], ['leaf.key', 'privkey.pem']] as const) {
      await host?.run(`umask 077; mkdir -p ${live}; cat > ${live}/${to}`, { stdin: readFileSync(at(from)) });
    }
    await estate.ask('lb', `RENEWED_LINEAGE=${live} /opt/vgen/acme.sh`);
  };

  /** What the domain answers to a client in the network of a host that is not the load balancer. */
  const get = (path: string, more = ''): Promise<string> =>
    estate.ask('backup', `curl -sS -m 20 --cacert /root/public.crt `
      + `--resolve ${domain}:443:${hosts['lb']?.[0]} ${more} https://${domain}${path}`);

  /**
   * Load from the network of a host that is not the load balancer, while something happens; the
   * former pair of the domain is verified.
   */
  const under = async (more: Partial<LoadOptions>, happens: (load: Load) => Promise<void>): Promise<LoadResult> => {
    const client = estate.fleet.hosts.get('backup');
    if (!client) throw new Error('there is no backup');
    const load = await Load.start(client, {
      address: hosts['lb']?.[0] ?? '', port: 443, tls: { name: domain, ca: readFileSync(at('public.crt'), 'utf8') },
      path: '/', standIn: true, requests: 200, clients: 4, websockets: 0, seconds: 120, ...more,
    });
    await load.reached(40);
    await happens(load);
    return load.stop();
  };
  const told = (what: string, { requests, posts, failed, reconnects, seconds, latency }: LoadResult): void =>
    console.info(`${what}: ${requests} requests (${posts} with a body) in ${seconds.toFixed(
      1,
    )} s, ${failed} failed, ${reconnects} announced reconnects; p50 ${latency.p50} ms, most ${latency.most} ms`);

  it('comes up from nothing, by the commands of its README', async () => {
    openssl(
      'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj',
      '/CN=everybody trusts this', '-keyout', 'public.key', '-out', 'public.crt',
    );
    await estate.fleet.hosts.get('backup')?.run('cat > /root/public.crt', { stdin: readFileSync(at('public.crt')) });
    const said: Readonly<Record<string, RegExp>> = {
      'vgen apply': /data +- +generation 1/, 'vgen certs issue': /data: issued mongodb, postgres, rabbitmq, redis/,
    };
    for (const command of commandsOf('sh tiers')) {
      const ran = await estate.sh(command);
      expect(ran.code, `${command}\n${ran.text}`).toBe(0);
      expect(ran.text).toMatch(said[command] ?? (command.startsWith('vgen') ? /./ : /^/));
    }
    await publish();
    expect((await estate.vgen(0, 'plan')).match(/^\w+: nothing to do/gm))
      .toEqual(Object.keys(hosts).sort().map(name => `${name}: nothing to do`));
    // MongoDB is not in Debian, so nothing of it runs here
    expect((await estate.vgen(1, 'drift')).split('\n').filter(line => line && !line.endsWith(': no drift'))
      .map(line => line.trim()))
      .toEqual([
        'data: 2 differences', expect.stringContaining('mongod.service is disabled'),
        expect.stringContaining('vgen-mongodb.service is disabled'),
      ]);
  }, 600_000);

  it('answers over TLS that is verified on every hop, with all its data over TLS', async () => {
    expect(await get('/')).toMatch(/^\d{8}T/);
    expect(JSON.parse(await get('/api/db'))).toEqual(['api', 'api', true, 'TLSv1.3']);
    expect(JSON.parse(await get('/api/cache'))).toEqual(['+OK', ':1', 'TLSv1.3']);
    expect(JSON.parse(await get('/api/queue'))).toEqual(['one', 'api']);
    expect(await estate.ask(
      'backup',
      `curl -sS -m 20 -o /dev/null -w '%{redirect_url}' --resolve ${domain}:80:${hosts['lb']?.[0]} http://${domain}/x`,
    )).toBe(`https://${domain}/x`);
  });

  it('lets through exactly what the exposure reports say, from every host to every port', async () => {
    // MongoDB is not in Debian: something else listens in its place
    await estate.ask(
      'data',
      `printf 'use IO::Socket::INET; my $s = IO::Socket::INET->new(LocalPort => 27017, Listen => 9) || die; sleep' > /root/listen.pl
      systemd-run -q --unit in-place-of-mongod perl /root/listen.pl; sleep 0.5; systemctl is-active in-place-of-mongod`,
    );
    const lines = (await Promise.all(Object.keys(hosts).map(name => report(estate, name)))).flat();
    const listening = await Promise.all(Object.keys(hosts)
      .map(name => estate.ask(name, `ss -Hltn | awk '{ sub(/.*:/, "", $4); print $4 }'`)));
    const ports = [...new Set([
      ...lines.map(({ port }) => port), ...listening.flatMap(text => text.split('\n').map(Number)),
    ])]
      .sort((a, b) => a - b);
    const wanted = await promised(estate, hosts, ports);
    expect(await opened(estate, hosts, ports)).toEqual(wanted);
    const data = hosts['data']?.[1] ?? '';
    for (const port of [5432, 5671, 6379]) {
      expect(wanted.filter(one => one.endsWith(` data ${data} ${port}`)))
        .toEqual(apps.map(from => `${from} data ${data} ${port}`));
      expect(wanted.filter(one => one.endsWith(` data ${hosts['data']?.[0]} ${port}`))).toEqual([]);
    }
    console.info(`${Object.keys(
      hosts,
    ).length} hosts, ${ports.length} ports: ${wanted.length} of ${20 * 2 * ports.length} probes open, all as reported`);
  }, 120_000);

  it('loses no request while both application servers take a release and switch, one after the other', async () => {
    const seen = await under({ requests: 400, websockets: 2 }, async () => {
      await estate.vgen(0, 'deploy web web');
      await estate.vgen(0, 'switch web --batch 1');
    });
    told('deploy and switch of both application servers', seen);
    expect(seen.failures).toEqual([]);
    expect([seen.failed, seen.websockets.dropped]).toEqual([0, 0]);
  }, 180_000);

  it('loses no request while every certificate of the fleet is replaced', async () => {
    const seen = await under({ requests: 400 }, async () => {
      expect(await estate.vgen(0, 'certs issue --force')).toMatch(/app1: issued site-inside/);
    });
    told('certs issue --force', seen);
    expect(seen.failures).toEqual([]);
    await expect.poll(async () => [await get('/api/db'), await get('/api/cache'), await get('/api/queue')]
      .map(text => text.slice(0, 7)), { timeout: 20_000 })
      .toEqual(['["api",', '["+OK",', '["one",']);
  }, 120_000);

  it('answers on while an application server is without power', async () => {
    const seen = await under({ requests: 400, idempotent: true }, async () => {
      await estate.fleet.hosts.get('app1')?.powerOff();
      await sleep(8000);
    });
    told('app1 powered off', seen);
    expect(seen.failures).toEqual([]);
    const after = await under({ requests: 200, idempotent: true }, () => Promise.resolve());
    told('without app1', after);
    expect(after.failures).toEqual([]);
    await estate.fleet.hosts.get('app1')?.boot();
  }, 180_000);

  it('brings destroyed data back from the backup, and its drill is green', async () => {
    const rows = (): Promise<string> =>
      estate.ask('data', `cd / && runuser -u postgres -- psql -XAt api -c 'SELECT count(*) FROM seen'`);
    const before = Number(await rows());
    expect(before).toBeGreaterThan(0);
    await estate.ask('data', 'systemctl start vgen-job-backup-nightly.service');
    await estate.ask('data', `cd / && runuser -u postgres -- psql -XAt api -c 'DROP TABLE seen'`);
    expect((await estate.run(
      'data', `cd / && runuser -u postgres -- psql -XAt api -c 'SELECT 1 FROM seen'`,
    )).code).not.toBe(0);
    console.info(await estate.ask('data', '/opt/vgen/backup/restore.sh nightly db-api 2>&1'));
    expect(Number(await rows())).toBe(before);
    expect(JSON.parse(await get('/api/db'))).toEqual(['api', 'api', true, 'TLSv1.3']);
    console.info(await estate.ask('data', '/opt/vgen/backup/drill.sh nightly 2>&1'));
  }, 240_000);

  it('comes back by itself after every host lost its power', async () => {
    for (const name of Object.keys(hosts)) await estate.fleet.hosts.get(name)?.powerOff();
    await Promise.all(Object.keys(hosts).map(name => estate.fleet.hosts.get(name)?.boot()));
    await expect.poll(() => get('/').catch(() => ''), { timeout: 30_000, interval: 500 }).toMatch(/^\d{8}T/);
    await expect.poll(async () => (await get('/api/db').catch(() => ''))
      .slice(0, 7), { timeout: 60_000, interval: 1000 })
      .toBe('["api",');
    await expect.poll(async () => (await get('/api/queue').catch(() => ''))
      .slice(0, 7), { timeout: 60_000, interval: 1000 }).toBe('["one",');
    expect((await get('/api/cache')).slice(0, 7)).toBe('["+OK",');
  }, 300_000);
});
