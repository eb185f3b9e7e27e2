// What would change, and what that means for what runs: each change of an inventory has its sentence.
import { describe, expect, it } from 'vitest';
import { compile } from '../src/compile.ts';
import type { Action } from '../src/contract/action.ts';
import { diffHost } from '../src/diff.ts';
import { emit } from '../src/emit.ts';
import { read, small, vgen, withFiles, write } from './vgen.ts';

const base = `hosts:
  eu1: { address: 203.0.113.10, private: 10.8.0.1 }
  us1: { address: 198.51.100.20, private: 10.8.0.2 }
apps:
  api:
    hosts: eu1
    command: ./api
    runtime: supervisor
    slots: { blue: { port: 4000 }, green: { port: 4001 } }
    listen: { live: 8000 }
    env: { LEVEL: info }
redis:
  main: { hosts: us1 }
`;

/** A host with what an app uses, and with sites. */
const served = `hosts:
  eu1: { address: 203.0.113.10 }
secrets: { first: { env: FIRST }, second: { env: SECOND } }
apps:
  api:
    hosts: eu1
    command: ./api
    slots: { blue: { port: 4000 }, green: { port: 4001 } }
    uses: [cache]
    env: { KEPT: "\${secret.second}" }
  back: { hosts: eu1, command: ./back, slots: { blue: { port: 4010 }, green: { port: 4011 } } }
redis:
  cache: { hosts: eu1, password: first }
sites:
  front:
    hosts: eu1
    domains: [a.example.org, b.example.org]
    paths: { /: { app: api }, /docs: { dir: /srv/docs } }
  side: { hosts: eu1, domains: [c.example.org], paths: { /: { app: back } } }
`;

async function compiled(dir: string, inventory: string): Promise<Awaited<ReturnType<typeof compile>>> {
  write(dir, { 'inventory.yaml': inventory });
  const compilation = await compile([`${dir}/inventory.yaml`]);
  expect(compilation.diagnostics).toEqual([]);
  return compilation;
}

const impactOf = (
  after: string, before = base,
): Promise<Record<string, readonly Action[]>> => withFiles({}, async dir => {
  emit((await compiled(dir, before)).trees(), { out: `${dir}/out`, fleet: null, proceed: () => true });
  return Object.fromEntries([...(await compiled(dir, after)).trees()]
    .map(tree => [tree.host.name, diffHost(tree, `${dir}/out`).impact]));
});

type Short = [action: Action['action'], what: string, downtime: RegExp | null, because: string];
const cases: [string, (text: string) => string, Record<string, Short[]>][] = [
  ['nothing', text => text, {}],
  ['a comment', text => `# x\n${text}`, {}],
  ['an environment: the slot, when it is next', text => text.replace('info', 'debug'), {
    eu1: [[
      'restart next', 'api/blue', null, '/etc/supervisor/conf.d/api-blue.conf',
    ], ['restart next', 'api/green', null, '/etc/supervisor/conf.d/api-green.conf']] }],
  ['one slot', text => text.replace('port: 4000', 'port: 4000, env: { A: b }'), {
    eu1: [['restart next', 'api/blue', null, '/etc/supervisor/conf.d/api-blue.conf']],
  }],
  ['a web server: a reload, without downtime', text =>
    text.replace('listen:', 'timeout: 9s\n    listen:'), {
    eu1: [['reload', 'nginx.service', null, '/etc/nginx/nginx.conf']] }],
  ['a place that nginx leaves', text => text.replace('live: 8000', 'live: 8080'), {
    eu1: [['close', '127.0.0.1:8000', /still asks/, 'api is served on 127.0.0.1:8080 from now on'],
      ['reload', 'nginx.service', null, '/etc/nginx/nginx.conf']] }],
  ['redis: a restart with downtime', text => text.replace('hosts: us1', 'hosts: us1, maxMemory: 64m'), {
    us1: [['restart', 'redis-server.service', /every client of Redis/, '/etc/redis/redis.conf']] }],
  ['a way in: its unit, which is Debian\'s own, and a confirmation', text =>
    `${text}files: { /etc/ssh/sshd_config.d/a.conf: { hosts: us1, content: x, reload: [ssh.service] } }\n`, {
    us1: [['reload', 'ssh.service', null, '/etc/ssh/sshd_config.d/a.conf'],
      ['confirm', 'over a new connection, or all is put back', null, '/etc/ssh/sshd_config.d/a.conf']] }],
  ['a port that opens, and one that goes to others', text =>
    text.replace('live: 8000', 'live: 8000, address: 203.0.113.10'), {
    eu1: [['close', '127.0.0.1:8000', /still asks/, 'api is served on 203.0.113.10:8000 from now on'], [
      'reload', 'nginx.service', null, '/etc/nginx/nginx.conf',
    ], ['open', 'port 8000/tcp at 203.0.113.10 to anyone', null, 'live of app "api"']] }],
  ['a port that other hosts connect to', text =>
    text.replace('hosts: us1', 'hosts: us1, peers: eu1, allow: { redis/no-password: a test of ports }'), {
    us1: [[
      'restart', 'redis-server.service', /every client of Redis/, '/etc/redis/redis.conf',
    ], ['open', 'port 6379/tcp at 10.8.0.2 to the private network', null, 'redis "main"']] }],
  ['a package', text =>
    `${text}packages: { htop: { hosts: us1 } }\n`, { us1: [['install', 'htop', null, 'asked for under packages']] }],
  ['an app gone: its programs stop, and what Debian brought is left running', text =>
    text.replace(/apps:[^]*(?=redis:)/, ''), {
    eu1: [['end', 'api', /the app/, 'it is no longer in the inventory'], ['stop', 'api-green', /the app/, '/etc/supervisor/conf.d/api-green.conf'], [
      'stop', 'api-blue', /the app/, '/etc/supervisor/conf.d/api-blue.conf',
    ],
      [
        'leave running', 'nginx.service', null,
        'no longer in the inventory; to end it: systemctl disable --now nginx.service',
      ],
      ['leave running', 'supervisor.service', null, 'no longer in the inventory; to end it: systemctl disable --now '
        + 'supervisor.service']] }],
  ['redis moved: one starts, and the other is left running with its data', text =>
    text.replace('hosts: us1', 'hosts: eu1'), {
    eu1: [['install', 'redis-server', null, 'redis "main"'], ['start', 'redis-server.service', null, 'redis "main"']],
    us1: [[
      'leave running', 'redis-server.service', null,
      'no longer in the inventory; to end it: systemctl disable --now redis-server.service',
    ]] }],
  ['a new host', text => text.replace('apps:', '  ap1: { address: 192.0.2.9 }\napps:'), {
    ap1: [['install', '0 packages, 0 units, 26 paths', null, 'a new host']],
  }],
];

describe('impact', () => {
  it.each(cases)('%s', async (_, change, wanted) => {
    const impact = await impactOf(change(base));
    for (const [host, found] of Object.entries(impact)) {
      const rows = (wanted[host] ?? []).map(([action, what, downtime, because]) => expect.objectContaining({
        action, what: what.startsWith('0 packages') ? expect.stringMatching(/^0 packages, 0 units, \d+ paths$/) : what,
        downtime: downtime === null ? null : expect.stringMatching(downtime),
        because: expect.arrayContaining([because]),
      }) as unknown);
      expect(found, host).toEqual(rows);
    }
  });

  const seen: [string, (text: string) => string, string[]][] = [
    ['maintenance', text => text.replace('domains:', 'maintenance: true\n    domains:'), [
      'close a.example.org: who asks for a.example.org (the maintenance page (503) from now on)',
      'close b.example.org: who asks for b.example.org (the maintenance page (503) from now on)',
    ]],
    ['a domain that goes', text => text.replace(', b.example.org', ''), [
      'end b.example.org: who asks for b.example.org (it is no longer served here)', 'reload nginx.service: null',
    ]],
    ['a site that goes', text => text.replace(/ {2}side:.*\n/, ''), [
      'end c.example.org: who asks for c.example.org (it is no longer served here)',
    ]],
    ['a path that leads to another app', text => text.replace('{ app: api }', '{ app: back }'), [
      'route a.example.org: null (app back from now on, app api before)',
      'route b.example.org: null (app back from now on, app api before)',
    ]],
    ['a path that leads to a new app', text => text.replace('/docs: { dir: /srv/docs }', '/docs: { app: new }')
      .replace('  back:', '  new: { hosts: eu1, command: ./new, slots: { blue: { port: 4020 }, green: { port: 4021 } } }\n  back:'), [
      'end a.example.org/docs: who asks for a.example.org/docs (app new from now on, of which nothing is live (502); '
        + 'dir /srv/docs before)',
      'end b.example.org/docs: who asks for b.example.org/docs (app new from now on, of which nothing is live (502); '
        + 'dir /srv/docs before)',
    ]],
    ['a password of what an app uses', text => text.replace('password: first', 'password: second')
      .replace('secret.second', 'secret.first'), [
      'end CACHE_URL of api: what api asks there, until its switch (app "api" uses redis "cache": new password at once, '
        + 'and live keeps the former until its switch)',
    ]],
    ['a port of what an app uses', text => text.replace('password: first', 'password: first, port: 6400'), [
      'end CACHE_URL of api: what api asks there, until its switch (app "api" uses redis "cache": new port at once, '
        + 'and live keeps the former until its switch)',
    ]],
    ['ports that are exchanged', text => text.replace('4000', '4002').replace('4001', '4000').replace('4002', '4001'), [
      'refuse api/green: null (port 4000 is that of api/blue, which keeps it until its switch if it is live; give '
        + 'api/blue a third port first, apply, switch; then api/green 4000, apply, switch; then api/blue 4001)',
    ]],
    ['a port of one slot', text => text.replace('4000', '4002'), [
      'reload nginx.service, at the switch if api/blue is live: null',
    ]],
    ['a unit of both slots', text => text.replace('command: ./api', 'command: ./api\n    unit: other'), [
      'stop api-green.service, at the switch if api/green is live: null',
      'stop api-blue.service, at the switch if api/blue is live: null',
    ]],
  ];

  it.each(seen)('foretells %s', async (_, change, wanted) => {
    const after = change(served);
    expect(after).not.toBe(served);
    const said = (await impactOf(after, served))['eu1']?.map(({ action, what, because, downtime, later }) =>
      `${action} ${what}${later === undefined ? '' : `, ${later}`}: ${downtime} (${because.join('; ')})`) ?? [];
    for (const line of wanted) {
      expect(said).toContainEqual(line.endsWith(')') ? line : expect.stringContaining(`${line} (`) as string);
    }
    const ends = /^(end|close|route|refuse) /;
    expect(said.filter(line => ends.test(line))).toEqual(wanted.filter(line => ends.test(line)));
  });

  it('reads as sentences', () => withFiles({ 'inventory.yaml': base }, async dir => {
    await vgen(dir, ['build']);
    write(dir, { 'inventory.yaml': base.replace('info', 'debug').replace('live: 8000', 'live: 8080')
      .replace('hosts: us1', 'hosts: us1, maxMemory: 64m') });
    const { code, stdout } = await vgen(dir, ['diff', '--impact']);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^eu1: \d files would change\n/);
    for (const line of [
      '  reloads nginx.service: no downtime (/etc/nginx/nginx.conf)',
      '  restarts api/blue: no downtime, at the switch if api/blue is live (/etc/supervisor/conf.d/api-blue.conf)',
      '  restarts redis-server.service: down: every client of Redis on the host, until its data is loaded again '
        + '(/etc/redis/redis.conf)',
    ]) expect(stdout.split('\n')).toContain(line);
  }));
});

describe('vgen diff', () => {
  const after = small.replace('one\\n', 'two\\nthree\\n').replace(/ {2}web2.*\n/, '');

  it('shows unified text, and hosts that are gone; exit 1', () => withFiles({ 'inventory.yaml': small }, async dir => {
    await vgen(dir, ['build']);
    expect(await vgen(dir, ['diff'])).toEqual({ code: 0, stdout: 'no difference\n', stderr: '' });
    write(dir, { 'inventory.yaml': after });
    const { code, stdout } = await vgen(dir, ['diff']);
    expect(code).toBe(1);
    expect(stdout).toContain('--- a/web1/etc/motd\n+++ b/web1/etc/motd\n@@ -1,1 +1,2 @@\n-one\n+two\n+three\n');
    expect(stdout).toMatch(
      /\nweb2: the inventory no longer has this host; \d+ files would be removed\. Nothing on the host itself is touched\.\n$/,
    );
    expect(read(dir, 'out/web1/etc/motd'), 'nothing is written').toBe('one\n');
  }));

  it('--stat counts, --json says the same as data, --on looks at one', () =>
    withFiles({ 'inventory.yaml': small }, async dir => {
      await vgen(dir, ['build']);
      write(dir, { 'inventory.yaml': after });
      expect((await vgen(dir, ['diff', '--stat', '--on', 'web1'])).stdout)
        .toBe('changed  +2 -1  web1/etc/motd\n');
      const data = JSON.parse((await vgen(dir, ['diff', '--json'])).stdout) as { removed: string[] };
      expect(data).toMatchObject({ diagnostics: [], hosts: [{ host: 'web1', impact: [], files: [
        { path: 'web1/etc/motd', kind: 'changed', added: 2, removed: 1 }] }] });
      expect(data.removed).toContain('web2/etc/motd');
    }));

  it('shows a file that came and one that went against /dev/null', () =>
    withFiles({ 'inventory.yaml': small }, async dir => {
      await vgen(dir, ['build']);
      write(dir, { 'inventory.yaml': small.replace('/etc/motd', '/etc/issue') });
      const { stdout } = await vgen(dir, ['diff', '--on', 'web1']);
      expect(stdout).toContain('--- /dev/null\n+++ b/web1/etc/issue\n@@ -0,0 +1,1 @@\n+one\n');
      expect(stdout).toContain('--- a/web1/etc/motd\n+++ /dev/null\n@@ -1,1 +0,0 @@\n-one\n');
    }));
});
