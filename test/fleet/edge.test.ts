// A load balancer and two hosts behind it, real ones: TLS verified from end to end, certificates of the fleet's own CA
// and of an ACME server (pebble, the one that Let's Encrypt tests with), and what clients see when something changes.
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bootFleet, type Fleet } from '../../src/rehearse/fleet.ts';
import type { RehearsalHost } from '../../src/rehearse/host.ts';
import { missing } from '../../src/rehearse/requirements.ts';
import { vgen, write, type Ran } from '../vgen.ts';
import { Client, seen, type Answer } from './edge-client.ts';
import { FULL, tryFullDisk } from './edge-full-disk.ts';
import { PEBBLE } from './edge-pebble.ts';

const lack = missing();

const inventory = (web = '', more = ''): string => `hosts:
  app1: { address: 10.9.41.1, private: 10.19.0.11, tags: [app] }
  app2: { address: 10.9.42.1, private: 10.19.0.12, tags: [app] }
  lb: { address: 10.9.40.1, private: 10.19.0.1 }
secrets:
  caKey: { file: .ca.key }
certs:
  ca: { certificate: ca.crt, key: caKey, days: 90 }
  acme: { hosts: lb, email: ops@shop.example, server: "https://localhost:14000/dir" }
packages: { python3: { hosts: tag:app } }
apps:
  web:
    hosts: tag:app
    binary: web
    command: ./web \${slot.port}
    slots: { blue: { port: 20000 }, green: { port: 20001 } }
    timeout: 3s
    steady: 1s
    drain: 1s
sites:
  shop:
    hosts: lb
    domains: [shop.example]
    certificate: internal
    paths: { /: { site: web }, /assets: { dir: /srv/assets }, /blog: { redirect: "https://blog.example" } }
    hsts: 30
  limited: { hosts: lb, domains: [limited.example], certificate: internal, paths: { /: { site: web } }, limit: { rate: 1r/s, burst: 4 } }
  front: { hosts: lb, domains: [front.example], certificate: acme, paths: { /: { dir: /srv/assets } } }
  web: { hosts: tag:app, domains: [web.internal], certificate: internal, paths: { /: { app: web } }${web} }
${more}`;

describe.skipIf(lack !== null)(`the edge (${lack ?? 'systemd-nspawn'})`, () => {
  const dir = mkdtempSync(join(tmpdir(), 'vgen-edge-'));
  let fleet: Fleet;
  let client: Client;
  /** Whom clients believe. */
  let trusted = '';
  const bundle = (): string => readFileSync(join(dir, 'ca.crt'), 'utf8');
  const host = (name: string): RehearsalHost => fleet.hosts.get(name) as RehearsalHost;
  const ask = async (name: string, script: string): Promise<string> =>
    (await host(name).run(script, { timeoutSeconds: 120 })).stdout.trim();
  const run = (...words: string[]): Promise<Ran> => vgen(dir, words, { VGEN_SSH_CONFIG: fleet.sshConfig });
  const expects = async (code: number, words: string): Promise<string> => {
    const ran = await run(...words.split(' '));
    expect(ran.code, `vgen ${words}\n${ran.stdout}${ran.stderr}`).toBe(code);
    return ran.stdout + ran.stderr;
  };
  const applied = async (text: string, how = ''): Promise<void> => {
    write(dir, { 'inventory.yaml': text });
    await expects(0, 'build');
    await expects(0, `apply${how}`);
  };
  const release = (id: string): Promise<string> => expects(0, `deploy web web --release ${id} --switch`);
  const shop = (path = '/', headers = {}): Promise<Answer> => client.get(`https://shop.example${path}`, headers);
  const workers = (name: string): Promise<string> => ask(name, 'pgrep --parent "$(cat /run/nginx.pid)" | sort');
  const hostsAsked = async (): Promise<string[]> =>
    [...new Set((await Promise.all(Array.from({ length: 8 }, () => shop())))
      .map(answer => (answer.status === 200 ? seen(answer).host : String(answer.status))))].sort();

  beforeAll(async () => {
    fleet = await bootFleet({
      hosts: [
        ['app1', '10.9.41.1', '10.19.0.11'], ['app2', '10.9.42.1', '10.19.0.12'], ['lb', '10.9.40.1', '10.19.0.1'],
      ]
        .map(([name = '', ...addresses]) => ({ name, addresses })),
      packages: ['nginx-light', 'openssl', 'certbot', 'pebble', 'python3'],
    });
    client = new Client(host('lb').address, () => trusted);
    write(dir, { 'inventory.yaml': inventory() });
    copyFileSync(join(import.meta.dirname, 'edge-app.py'), join(dir, 'web'));
    const made = await run('certs', 'ca');
    expect(made.stderr).toContain('the certificate is in ca.crt');
    writeFileSync(join(dir, '.ca.key'), made.stdout, { mode: 0o600 });
    trusted = bundle();
    expect((await run('certs', 'ca')).code, 'a CA is not overwritten').toBe(3);
    await expects(0, 'build');
    expect(await expects(1, 'plan')).toMatch(/add +certificate +site-shop|certificate site-shop/);
    await expects(0, 'apply');
    expect(await release('v1')).toContain('done');
  }, 600_000);
  afterAll(async () => {
    await fleet?.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  it('starts with placeholders, which nobody behind is believed by', async () => {
    expect(await expects(1, 'certs status')).toMatch(/app1 +site-web +placeholder +web\.internal/);
    expect(await expects(0, 'status')).toContain('certificate site-web is a placeholder');
    const code = `curl --insecure --silent --output /dev/null --write-out '%{http_code}' --resolve `
      + `shop.example:443:10.9.40.1 https://shop.example/`;
    expect(await ask('lb', code)).toBe('502');
    expect(await ask('lb', 'grep -c "upstream SSL certificate verify error" /var/log/nginx/error.log')).not.toBe('0');
    await expect(shop(), 'no client believes one either').rejects.toThrow(/self-signed/);
  }, 60_000);

  it('gets certificates of its CA, whose keys stay where they were made', async () => {
    const placeholder = await ask('app1', 'sha256sum /etc/vgen/tls/site-web/key.pem');
    expect(await expects(0, 'certs issue'))
      .toMatch(/app1: issued site-web\napp2: issued site-web\nlb: issued site-limited, site-shop\n/);
    expect(await ask('app1', 'sha256sum /etc/vgen/tls/site-web/key.pem')).not.toBe(placeholder);
    expect(await ask('app1', 'stat -c "%a %U:%G" /etc/vgen/tls/site-web/key.pem; ls -A /etc/vgen/tls; openssl verify '
      + '-CAfile /etc/vgen/tls/ca.pem /etc/vgen/tls/site-web/cert.pem'))
      .toBe('640 root:www-data\nca.pem\nsite-web\n/etc/vgen/tls/site-web/cert.pem: OK');
    expect(await expects(0, 'certs issue')).toContain('app1: all certificates are good');
    await expects(0, 'lock --message frozen --on lb');
    expect(await expects(3, 'certs issue --force')).toContain('lb is locked by');
    await expects(0, 'unlock');
    expect(await expects(1, 'certs status'), 'but for that of the ACME server')
      .toMatch(/lb +site-front +placeholder[^]*lb +site-shop +CA +shop\.example +89/);
    await expects(0, 'plan');
    expect(seen(await shop())).toMatchObject({ release: 'v1' });
    expect(await hostsAsked()).toEqual(['app1', 'app2']);
  }, 60_000);

  it('tells the app who asks, whatever the client says', async () => {
    const { headers } = seen(await shop('/a?b=1', {
      'x-forwarded-for': '1.2.3.4', 'x-real-ip': '1.2.3.4', 'x-forwarded-proto': 'http', 'x-forwarded-host': 'evil',
      forwarded: 'for=1.2.3.4',
    }));
    expect(headers).toMatchObject({
      'host': 'shop.example', 'x-forwarded-for': fleet.operator, 'x-real-ip': fleet.operator,
      'x-forwarded-proto': 'https', 'x-forwarded-host': 'shop.example',
    });
    expect(headers).not.toHaveProperty('forwarded');
    const inner = `curl --silent --cacert /etc/vgen/tls/ca.pem --output /dev/null --write-out '%{http_code}' `
      + `--resolve web.internal:443:10.19.0.11 https://web.internal/`;
    expect([await ask('lb', inner), await ask('app2', inner)], 'only the load balancer is answered')
      .toEqual(['200', '403']);
  });

  it('redirects, serves files, speaks HTTP/2 and websockets, and answers for its own domains alone', async () => {
    await ask('lb', 'mkdir -p /srv/assets; echo hello > /srv/assets/a.txt; echo no > /srv/assets/.hidden');
    const redirect = await client.get('http://shop.example/a?b=1');
    expect([redirect.status, redirect.headers.location]).toEqual([301, 'https://shop.example/a?b=1']);
    expect((await shop('/blog/x?y')).headers.location).toBe('https://blog.example/blog/x?y');
    const file = await shop('/assets/a.txt');
    expect([file.status, file.text, file.headers['strict-transport-security'], file.headers['x-content-type-options']])
      .toEqual([200, 'hello\n', 'max-age=2592000', 'nosniff']);
    for (const [path, status] of [['/assets', 301], ['/assets/.hidden', 404], ['/.vgen/slot', 404]] as const) {
      expect((await shop(path)).status, path).toBe(status);
    }
    expect(await ask('lb', `curl --silent --http2 --cacert /etc/vgen/tls/ca.pem --output /dev/null --write-out `
      + `'%{http_version}' --resolve shop.example:443:10.9.40.1 https://shop.example/`)).toBe('2');
    expect(await client.upgrade('shop.example', 'hello')).toMatch(/^HTTP\/1\.1 101 [^]*app[12]:hello\n$/);
    await expect(client.get('https://other.example/')).rejects.toThrow(/unrecognized name/i);
  });

  it('lets a client ask only so often', async () => {
    const codes = (await Promise.all(Array.from({ length: 20 }, () => client.get('https://limited.example/'))))
      .map(({ status }) => status);
    expect(codes.filter(code => code === 200).length).toBeGreaterThanOrEqual(5);
    expect(codes.filter(code => code === 200).length).toBeLessThanOrEqual(8);
    expect(codes.filter(code => code === 429).length).toBeGreaterThanOrEqual(12);
  });

  it('is down for maintenance by a file, without a reload', async () => {
    const before = await workers('lb');
    await ask('lb', 'touch /etc/nginx/maintenance/shop');
    const answer = await shop('/any');
    expect([answer.status, answer.headers['retry-after']]).toEqual([503, '120']);
    expect(answer.text).toContain('<h1>Maintenance</h1>');
    await ask('lb', 'rm /etc/nginx/maintenance/shop');
    expect((await shop()).status).toBe(200);
    expect(await workers('lb')).toBe(before);
  });

  it('switches an app that only sites serve, proven, with no request failed', async () => {
    const { asked, failed, answers } = await client.load('https://shop.example/', () => release('v2'));
    expect({ failed, many: asked > 100 }).toEqual({ failed: [], many: true });
    expect(new Set(answers.map(one => one.release))).toEqual(new Set(['v1', 'v2']));
    expect(answers.at(-1)?.release).toBe('v2');
    expect(await ask('app1', '/opt/vgen/bin/vgen rollback web && /opt/vgen/bin/vgen switch web'))
      .toMatch(/proven by 20 answers[^]*proven by 20 answers/);
  }, 120_000);

  it('rotates every certificate and its CA with no request failed', async () => {
    const serial = (): Promise<string> => ask('lb', 'openssl x509 -in /etc/vgen/tls/site-shop/cert.pem -noout -serial');
    const before = await serial();
    const { asked, failed } = await client.load('https://shop.example/', async () => {
      await expects(0, 'certs issue --force');
      // a new CA beside the old one; once all hosts know both, the new one signs, and the old one goes
      const added = await run('certs', 'ca', '--add');
      trusted = bundle();
      await expects(0, 'build');
      await expects(0, 'apply');
      writeFileSync(join(dir, '.ca.key'), added.stdout);
      expect(await expects(0, 'certs issue')).toContain('app1: issued site-web');
      writeFileSync(
        join(dir, 'ca.crt'), `${bundle().split('-----END CERTIFICATE-----\n')[0] ?? ''}-----END CERTIFICATE-----\n`,
      );
      await expects(0, 'build');
      await expects(0, 'apply');
    }, ['GET', 'POST']);
    expect({ failed, many: asked > 100 }).toEqual({ failed: [], many: true });
    expect(await serial()).not.toBe(before);
    trusted = bundle();
    expect((await shop()).status).toBe(200);
  }, 120_000);

  it('loses nothing, not even a POST, while nginx is reloaded on all hosts behind it at once', async () => {
    const { asked, failed } = await client.load('https://shop.example/', async () => {
      for (let i = 0; i < 20; i++) {
        await Promise.all(['app1', 'app2'].map(name => ask(name, 'systemctl reload nginx')));
      }
    }, ['GET', 'POST']);
    expect({ failed, many: asked > 100 }).toEqual({ failed: [], many: true });
  }, 120_000);

  it.each(FULL)('passes uploads and long answers on without a free %s', (_, how) => tryFullDisk(ask, how), 60_000);

  it('is no outage of its own when both hosts behind it have failed of late', async () => {
    const stop = 'systemctl stop nginx';
    await Promise.all([ask('app1', stop), ask('app2', stop)]);
    expect((await shop()).status, 'the control: nobody answers').toBe(502);
    await Promise.all([ask('app1', 'systemctl start nginx'), ask('app2', 'systemctl start nginx')]);
    expect((await shop()).status, 'within failTimeout').toBe(200);
  }, 60_000);

  it('keeps the former pair where the host does not know the CA', async () => {
    const before = await ask('app1', 'sha256sum /etc/vgen/tls/site-web/*');
    const [cas, key] = ['ca.crt', '.ca.key'].map(name => readFileSync(join(dir, name), 'utf8'));
    writeFileSync(join(dir, '.ca.key'), (await run('certs', 'ca', '--add')).stdout);
    expect(await expects(1, 'certs issue --on app1')).toContain('app1: site-web stays as it was: the CA that signed '
      + 'it is not in the host\'s bundle; run "vgen apply" first');
    expect(await ask('app1', 'sha256sum /etc/vgen/tls/site-web/*; ls -A /etc/vgen/tls'))
      .toBe(`${before}\nca.pem\nsite-web`);
    write(dir, { 'ca.crt': cas ?? '', '.ca.key': key ?? '' });
  }, 60_000);

  it('drains a host by name', async () => {
    await applied(inventory(', drain: [app1]'), ' --on lb');
    expect(await hostsAsked()).toEqual(['app2']);
    await applied(inventory(), ' --on lb --older');
    expect(await hostsAsked()).toEqual(['app1', 'app2']);
  }, 60_000);

  it('goes on when a host behind it loses its power: no request fails, and later none is slow', async () => {
    const { failed, slowest, answers } = await client.load('https://shop.example/', async () => {
      // silent at once, as a machine without power is; the end of a container would still say so to its peers
      await host('app1').cut();
      await new Promise(resolve => setTimeout(resolve, 4000));
      await host('app1').powerOff();
    });
    expect(failed).toEqual([]);
    expect(slowest, 'no longer than one timeout of the app and another connect').toBeLessThan(8000);
    expect(answers.at(-1)?.host).toBe('app2');
    const later = await client.load('https://shop.example/', () => new Promise(resolve => setTimeout(resolve, 1000)));
    expect({ failed: later.failed, many: later.asked > 50 }).toEqual({ failed: [], many: true });
    await host('app1').boot();
    await expect.poll(hostsAsked, { timeout: 20_000 }).toEqual(['app1', 'app2']);
  }, 120_000);

  it('gets and renews certificates of an ACME server over port 80', async () => {
    const { code, stdout, stderr } = await host('lb').run(PEBBLE);
    expect(code, stdout + stderr).toBe(0);
    expect(await ask('lb', 'systemctl start vgen-acme.service || journalctl -u vgen-acme --no-pager; cat '
      + '/etc/letsencrypt/renewal/site-front.conf')).toMatch(/authenticator = webroot/);
    const roots = await ask('lb', 'curl --silent --insecure https://localhost:15000/roots/0');
    const acme = new Client(host('lb').address, () => roots);
    await ask('lb', 'echo front > /srv/assets/index.html');
    // nginx's former workers answer for some 100 ms after a reload
    await expect.poll(async () => (await acme.get('https://front.example/')).text, { timeout: 5000 }).toBe('front\n');
    expect(await expects(0, 'certs status')).toMatch(/lb +site-front +public +front\.example/);
    expect(await ask('lb', 'certbot certificates 2>/dev/null'))
      .toMatch(/Certificate Name: site-front[^]*Domains: front\.example/);
    const pair = '/etc/vgen/tls/site-front';
    const before = await ask('lb', `openssl x509 -in ${pair}/cert.pem -noout -serial`);
    expect(await ask(
      'lb', 'REQUESTS_CA_BUNDLE=/srv/pebble/cert.pem certbot renew --force-renewal --no-random-sleep-on-renew 2>&1',
    )).toContain('all renewals succeeded');
    expect(await ask('lb', `openssl x509 -in ${pair}/cert.pem -noout -serial; stat -c '%a %U:%G' ${pair}/key.pem`))
      .toMatch(/^serial=\w+\n640 root:www-data$/);
    expect(await ask('lb', `openssl x509 -in ${pair}/cert.pem -noout -serial`)).not.toBe(before);
    await expect.poll(async () => (await acme.get('https://front.example/')).status, { timeout: 5000 }).toBe(200);
    await expects(0, 'plan');
  }, 120_000);

  it('is all there again after a boot', async () => {
    await host('lb').shutdown();
    await host('lb').boot();
    expect((await shop()).status).toBe(200);
  }, 60_000);
});
