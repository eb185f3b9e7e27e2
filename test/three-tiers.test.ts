// The example of three tiers as it stands, on five real hosts: a load balancer, two application servers, the server for
// data and the one for backups. Only what cannot be had here is stood in for: the apps, and Let's Encrypt.
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compile } from '../src/compile.ts';
import { buildOnce } from '../src/rehearse/cache.ts';
import { Load } from '../src/rehearse/load.ts';
import type { LoadOptions } from '../src/rehearse/load/options.ts';
import { Estate } from './host/estate.ts';
import { opened, promised, report, type Addresses } from './host/exposure.ts';
import { lacking, LoopVolume } from './host/volume.ts';
import { cli } from './vgen.ts';

const root = join(import.meta.dirname, '..');
const example = join(root, 'examples/three-tiers');
const lack = lacking();
const because = lack ?? 'systemd-nspawn, a loop device';
const domain = 'shop.example.com';
const apps = ['app1', 'app2'];
const PM2 = 'pm2@7.0.4';
/** What the stand-ins of the apps want. */
const ofApps = ['nodejs', 'python3', 'python3-psycopg2', 'python3-pika'];

const secrets = {
  REDIS_PASSWORD: 'r3dis "pw" #1 %/', DB_PASSWORD: `it's \\ a "p/w" $1`, QUEUE_PASSWORD: 'queue/&?=', MONGO_KEY: 'bW9uZ28ga2V5IGZvciB0ZXN0cw==',
  MONGO_ADMIN: 'an admin', DOCS_PASSWORD: 'documents',
};

describe.skipIf(lack !== null)(`three tiers (${because})`, () => {
  let estate: Estate;
  let volume: LoopVolume;
  let hosts: Addresses;
  const at = (path: string): string => join(estate.dir, path);
  const openssl = (...words: string[]): string => execFileSync('openssl', words, { cwd: estate.dir, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });

  beforeAll(async () => {
    const trees = [...(await compile([join(example, 'inventory.yaml')])).trees()];
    hosts = Object.fromEntries(trees.map(({ host }) => [host.name, [host.address, host.private ?? host.address]]));
    const packages = [...new Set([...trees.flatMap(({ plan }) => plan.packages.map(({ name }) => name)), ...ofApps])];
    const pm2 = await buildOnce('npm', PM2, dir => { execFileSync('npm', ['install', '--silent', '--no-audit', '--no-fund', '--prefix', dir, PM2]); return Promise.resolve(); }, () => undefined);
    volume = new LoopVolume('data');
    estate = await Estate.boot({
      hosts: Object.entries(hosts).map(([name, addresses]) => ({ name, addresses: [...addresses] })), packages, binds: [volume.bind, { from: pm2, to: '/usr/local/lib/pm2' }],
      onProgress: line => console.info(line),
    }, secrets);
    cpSync(example, estate.dir, { recursive: true });
    for (const [name, file] of [['web', 'src/rehearse/stand-in.py'], ['api', 'test/datastores/shop.py']] as const) {
      copyFileSync(join(root, file), at(name));
      chmodSync(at(name), 0o755);
    }
    await Promise.all(apps.map(name => estate.ask(name, `apt-get install -y --no-install-recommends ${ofApps.join(' ')} >/dev/null 2>&1
      ln -s /usr/local/lib/pm2/node_modules/.bin/pm2-runtime /usr/local/bin/`)));
    own();
  }, 900_000);
  afterAll(async () => {
    await estate?.stop();
    volume?.remove();
  });

  /** What is the team's own: keys, the CA, and the password manager. */
  const own = (): void => {
    rmSync(at('ca.crt'));
    for (const dir of ['.config/vgen', 'secrets', 'bin']) mkdirSync(at(dir), { recursive: true });
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', at('secrets/backup.key')]);
    const hostKey = readFileSync(join(estate.fleet.hosts.get('backup')?.root ?? '', 'etc/ssh/ssh_host_ed25519_key.pub'), 'utf8');
    const put = (file: string, key: string, value: string): void => writeFileSync(at(file), readFileSync(at(file), 'utf8')
      .replace(new RegExp(`(${key}: )ssh-ed25519 \\S+`), (_, before: string) => before + value.split(' ').slice(0, 2).join(' ').trim()));
    put('shared.yaml', 'publicKey', readFileSync(at('secrets/backup.key.pub'), 'utf8'));
    put('inventory.yaml', 'hostKey', hostKey);
    writeFileSync(at('bin/pass'), '#!/bin/sh\necho "the backup of $2"\n', { mode: 0o755 });
    execFileSync('age-keygen', ['-o', at('.config/vgen/identity.txt')], { stdio: 'ignore' });
  };

  /** The certificate of the domain, as certbot would have it: from a CA that the clients of this test trust. */
  const publish = async (): Promise<void> => {
    writeFileSync(at('san'), `subjectAltName=DNS:${domain}\n`);
    openssl('req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', `/CN=${domain}`, '-keyout', 'leaf.key', '-out', 'leaf.csr');
    openssl('x509', '-req', '-in', 'leaf.csr', '-CA', 'public.crt', '-CAkey', 'public.key', '-CAcreateserial', '-days', '2', '-extfile', 'san', '-out', 'leaf.crt');
    const live = '/etc/letsencrypt/live/site-shop';
    const host = estate.fleet.hosts.get('lb');
    for (const [from, to] of [['leaf.crt', 'fullchain.pem'], ['leaf.key', 'privkey.pem']] as const) {
      await host?.run(`umask 077; mkdir -p ${live}; cat > ${live}/${to}`, { stdin: readFileSync(at(from)) });
    }
    await estate.ask('lb', `RENEWED_LINEAGE=${live} /opt/vgen/acme.sh`);
  };

  /** What the domain answers to a client in the network of a host that is not the load balancer. */
  const get = (path: string, more = ''): Promise<string> =>
    estate.ask('backup', `curl -sS -m 20 --cacert /root/public.crt --resolve ${domain}:443:${hosts['lb']?.[0]} ${more} https://${domain}${path}`);

  it('comes up from nothing, by the commands of its README', async () => {
    const made = spawnSync('bash', ['-c', `set -euo pipefail
      '${process.execPath}' '${cli}' certs ca | age -r "$(age-keygen -y .config/vgen/identity.txt)" -o secrets/ca.key.age`], { cwd: estate.dir, encoding: 'utf8' });
    expect(made.status, made.stderr).toBe(0);
    await estate.vgen(0, 'build');
    await estate.vgen(0, 'secrets push');
    console.info(await estate.vgen(0, 'apply'));
    console.info(await estate.vgen(0, 'certs issue'));
    openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=everybody trusts this', '-keyout', 'public.key', '-out', 'public.crt');
    await estate.fleet.hosts.get('backup')?.run('cat > /root/public.crt', { stdin: readFileSync(at('public.crt')) });
    await publish();
    for (const app of ['web', 'api']) {
      await estate.vgen(0, `deploy ${app} ${app}`);
      await estate.vgen(0, `switch ${app}`);
    }
    expect(await estate.vgen(0, 'plan')).toMatch(/nothing to do/);
  }, 600_000);

  it('answers from both application servers, over TLS that is verified on every hop', async () => {
    expect(await get('/')).toMatch(/^\d{8}T/);
    expect(JSON.parse(await get('/api/db'))).toEqual(['api', 'api', true, 'TLSv1.3']);
  });
});
void Load; void opened; void promised; void report;
export type { LoadOptions };
