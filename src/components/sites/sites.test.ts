import { describe, expect, it } from 'vitest';
import { app, compiled, type Compiled } from '../../../test/compiled.ts';

const CA = { 'ca.crt': 'a certificate' };
const hosts = 'hosts: { a: { address: 192.0.2.1, private: 10.0.0.1 }, b: { address: 192.0.2.2, private: 10.0.0.2 }, '
  + 'lb: { address: 192.0.2.9, private: 10.0.0.9 } }';
const certs = 'certs: { ca: { certificate: ca.crt, key: caKey } }\nsecrets: { caKey: { env: CA } }';
const apps = `apps: { web: ${app('hosts: [a, b], timeout: 2m, bodySize: 8m')} }`;
const inner = (more = ''): string =>
  `web: { hosts: [a, b], domains: [web.internal], certificate: internal, paths: { /: { app: web } }${more} }`;
const outer = (more = ''): string =>
  `shop: { hosts: lb, domains: [shop.example], certificate: internal, paths: { /: { site: web } }${more} }`;

const fleet = (...sites: string[]): Promise<Compiled> =>
  compiled(`${hosts}\n${certs}\n${apps}\nsites:\n${sites.map(site => `  ${site}\n`).join('')}`, CA);
const conf = async (name: string, ...sites: string[]): Promise<string> => {
  const made = await fleet(...sites);
  expect(made.found).toEqual([]);
  return made.text(name === 'shop' ? 'lb' : 'a', `etc/nginx/sites/${name}.conf`);
};
const ports = async (host: string, ...sites: string[]): Promise<unknown[]> => {
  const { compilation } = await fleet(...sites);
  const { offer } = await import('../../offer.ts');
  const { components } = await import('../index.ts');
  const model = compilation.model;
  if (!model) throw new Error('the inventory is wrong');
  const where = model.hosts.find(({ name }) => name === host);
  return where ? offer(components, model).offers.on(where, 'port').filter(({ by }) => by === 'sites')
    .map(({ port, address, from }) => [port, address, from.anyone ? 'anyone' : [...from.hosts].map(({ name }) => name)])
    : [];
};

describe('a site on a load balancer', () => {
  it('passes on over TLS to every host of the other, and verifies it by name', async () => {
    const text = await conf('shop', outer(), inner());
    for (const line of [
      'server 10.0.0.1:443 weight=1 max_fails=1 fail_timeout=10s;', 'server 10.0.0.2:443 ',
      'proxy_pass https://shop_web;', 'proxy_ssl_verify on;',
      'proxy_ssl_trusted_certificate /etc/vgen/tls/ca.pem;',
      'proxy_ssl_name "web.internal";', 'proxy_ssl_server_name on;',
    ]) expect(text).toContain(line);
  });

  it('takes limits of the apps behind it, or its own', async () => {
    expect(await conf('shop', outer(), inner())).toMatch(/client_max_body_size 8m;[^]*proxy_read_timeout 2m;/);
    expect(await conf('shop', outer(', timeout: 5s, bodySize: 1k'), inner()))
      .toMatch(/client_max_body_size 1k;[^]*proxy_read_timeout 5s;/);
  });

  it('balances as the other says', async () => {
    const text = await conf(
      'shop', outer(), inner(', balance: least_conn, weights: { a: 3 }, drain: [b], fails: 2, failTimeout: 5s'),
    );
    for (const line of [
      'least_conn;', '10.0.0.1:443 weight=3 max_fails=2 fail_timeout=5s;',
      '10.0.0.2:443 weight=1 max_fails=2 fail_timeout=5s down;',
    ]) expect(text).toContain(line);
  });

  it('believes nothing that a client says of itself; the other believes the load balancer alone', async () => {
    const text = await conf('shop', outer(), inner());
    expect(text).toContain('X-Forwarded-For $remote_addr;');
    expect(text).not.toMatch(/proxy_add_x_forwarded_for|set_real_ip_from|\$http_x_forwarded/);
    const behind = await conf('web', outer(), inner());
    expect([...behind.matchAll(/set_real_ip_from (.*);/g)].map(([, address]) => address))
      .toEqual(['10.0.0.9', '192.0.2.9']);
    expect(behind).toMatch(/geo \$realip_remote_addr \$from_web \{[^}]*default 0;[^}]*10\.0\.0\.9 1;/);
  });

  it('is open to all; the other one on its private address to the load balancer', async () => {
    expect(await ports('lb', outer(), inner())).toEqual([[443, '0.0.0.0', 'anyone'], [80, '0.0.0.0', 'anyone']]);
    expect(await ports('a', outer(), inner())).toEqual([[443, '10.0.0.1', ['lb']]]);
    expect(await ports('a', inner()), 'nobody points to it')
      .toEqual([[443, '0.0.0.0', 'anyone'], [80, '0.0.0.0', 'anyone']]);
    expect(await ports('lb', outer(), inner(), outer().replace('shop:', 'two:')
      .replace('shop.example', 'two.example')), 'one place for both').toHaveLength(2);
  });
});

describe('a site with apps', () => {
  it('has the slots of an app that listens nowhere served, and the switch proven there', async () => {
    const { text } = await fleet(inner());
    expect(text('a', 'etc/nginx/nginx.conf')).toContain('listen unix:/opt/web/blue/nginx.sock;');
    expect(text('a', 'etc/nginx/nginx.conf')).toContain('include /etc/nginx/sites/web.conf;');
    expect(text('a', 'etc/nginx/sites/web.conf')).toContain('proxy_pass http://unix:/opt/web/live/nginx.sock:;');
    expect(text('a', 'opt/vgen/apps/web.sh')).toContain('served=yes');
    expect(text('lb', 'etc/nginx/nginx.conf')).toBe('');
  });

  it.each([
    ['a path and all below it', 'paths: { /: { app: web }, /api: { app: web } }', [
      'location = /api {', 'location ^~ /api/ {', 'location ^~ / {',
    ]],
    ['files at the root', 'paths: { /: { dir: /srv/www } }', ['root /srv/www;']],
    ['files elsewhere', 'paths: { /f: { dir: /srv/f } }', ['return 301 /f/;', 'alias /srv/f/;']],
    [
      'a redirect that keeps the path', 'paths: { /: { redirect: "https://x.example" } }',
      ['return 301 https://x.example$request_uri;'],
    ],
    ['a redirect to one page', 'paths: { /: { redirect: "https://x.example/" } }', ['return 301 https://x.example/;']],
    ['http to https', 'paths: { /: { app: web } }', [
      'listen 0.0.0.0:80;', 'return 301 https://$host$request_uri;', 'listen 0.0.0.0:443 ssl http2;',
    ]],
    ['another port', 'port: 8443, paths: { /: { app: web } }', [
      'return 301 https://$host:8443$request_uri;', 'listen 0.0.0.0:8443 ssl http2;',
    ]],
    ['headers', 'headers: { X-Frame-Options: "", X-A: "b; $c" }, hsts: 1, paths: { /: { app: web } }', [
      'X-Content-Type-Options "nosniff" always', 'add_header X-A "b; ${dollar}c" always;', 'max-age=86400',
    ]],
    ['limits', 'limit: { rate: 5r/m, burst: 0 }, paths: { /: { app: web } }', [
      'zone=site_web:10m rate=5r/m;', 'limit_req zone=site_web;',
    ]],
  ])('%s', async (_, more, wanted) => {
    const text = await conf('web', `web: { hosts: [a, b], domains: [web.example], certificate: internal, ${more} }`);
    for (const one of wanted) expect(text).toContain(one);
    if (more.includes('X-Frame')) expect(text).not.toContain('X-Frame-Options');
  });

  it('answers over http alone where there is no certificate, or there too', async () => {
    const { text, trees, found } =
      await compiled(`${hosts}\nsites: { s: { hosts: a, domains: [s.example], paths: { /: { dir: /srv/s } } } }\n`);
    expect(found).toEqual([]);
    expect(text('a', 'etc/nginx/sites/s.conf')).toMatch(/listen 0\.0\.0\.0:80;/);
    expect(text('a', 'etc/nginx/sites/s.conf'), 'no variable that only a proxied path sets').not.toMatch(
      /443|ssl_certificate|proxy_|\$site_host/,
    );
    expect(trees.get('a')?.plan.certificates).toEqual([]);
    expect(await conf(
      'web',
      `web: { hosts: [a, b], domains: [web.example], certificate: internal, http: serve, paths: { /: { app: web } } }`,
    )).not.toContain('return 301');
  });

  it('is down for maintenance by a file, so that a host needs no reload', async () => {
    const { trees } = await fleet(inner(', maintenance: true'));
    expect(trees.get('a')?.plan.files.find(({ path }) => path === '/etc/nginx/maintenance/web'))
      .toMatchObject({ kind: 'file', onChange: [] });
  });
});

it('is asked for each path by those who may, through the load balancer too', async () => {
  const { compilation } = await fleet(
    inner(', headers: {}'), 'old: { hosts: lb, domains: ["*.old.example"], '
    + 'paths: { /: { redirect: https://shop.example }, /f: { dir: /srv/f } } }', outer(),
  );
  const told = compilation.proofs().filter(({ step }) => step.startsWith('site ')).map(one => [
    one.step, one.host.name, one.from.map(({ name }) => name).join(), one.app?.name ?? '', one.place?.path ?? '',
    'words' in one.ask ? one.ask.words.join(' ') : one.ask.lack,
  ].join(' | ')).sort();
  expect(told).toEqual([
    'site old | lb | a,b,lb |  |  | http any.old.example 192.0.2.9 80 / redirect https://shop.example',
    'site old | lb | a,b,lb |  |  | http any.old.example 192.0.2.9 80 /f dir',
    'site shop | lb | a,b,lb |  |  | http shop.example 192.0.2.9 80 / redirect https://shop.example/',
    'site shop | lb | a,b,lb | web |  | https shop.example 192.0.2.9 443 / app',
    'site web | a | lb | web | / | https web.internal 10.0.0.1 443 / app',
    'site web | b | lb | web | / | https web.internal 10.0.0.2 443 / app',
  ]);
});
