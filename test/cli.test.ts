// The frozen promises of the command line: exit codes, what goes where, JSON, colour, help. Real processes.
import { appendFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { sections } from '../src/commands/index.ts';
import { example, read, small, start, vgen, withFiles, write } from './vgen.ts';

const wrong = small.replace('192.0.2.2', '192.0.2.1');
const malformed = 'hosts: {web1: {address: 192.0.2.1}\n';
const INVALID = 'invalid.yaml';
const files = { 'inventory.yaml': small, [INVALID]: wrong, 'malformed.yaml': malformed };
const commands = Object.values(sections).flatMap(section => Object.keys(section));

/** Exit code, how stdout starts, how stderr starts; '' for nothing at all. */
type Row = [args: string, code: number, stdout: string, stderr: string];

const rows: Row[] = [
  ['validate', 0, 'valid: 2 hosts\n', ''],
  [
    `validate -i ${INVALID}`, 1, '',
    `${INVALID}:3:20: error: address "192.0.2.1" is already used by host "web1" [hosts/address]`,
  ],
  ['validate -i malformed.yaml', 1, '', 'malformed.yaml:'],
  ['validate -i none.yaml', 2, '', 'vgen: file "none.yaml" not found; "vgen init" writes a starter'],
  ['validate -i .', 2, '', 'vgen: "." is a directory'],
  ['build -o built', 0, '2 hosts, ', ''],
  [`build -i ${INVALID} -o other`, 1, '', `${INVALID}:3:20: error:`],
  ['build -i none.yaml', 2, '', 'vgen: file "none.yaml" not found'],
  ['build -o inventory.yaml', 2, '', 'vgen: "inventory.yaml" is there already; move it away (EEXIST)'],
  ['build --on web3', 2, '', 'vgen: unknown host "web3"; did you mean "web1"? known hosts: web1, web2'],
  ['build --on tag:edge', 2, '', 'vgen: unknown tag "edge"; known tags: none'],
  ['build --check --watch', 2, '', 'vgen: --check and --watch exclude each other'],
  ['diff --stat --impact', 2, '', 'vgen: --stat and --impact exclude each other'],
  ['build --check -o missing', 1, 'missing  missing/.gitattributes\nmissing  missing/web1/SHA256SUMS\n', ''],
  ['diff', 1, '--- /dev/null\n+++ b/web1/etc/motd\n@@ -0,0 +1,1 @@\n+one\n', ''],
  [`diff -i ${INVALID} --on web1`, 1, '', `${INVALID}:3:20: error:`],
  ['diff -i none.yaml', 2, '', 'vgen: file "none.yaml" not found'],
  ['diff --on web3', 2, '', 'vgen: unknown host "web3"'],
  ['schema', 0, '{\n', ''],
  ['explain hosts', 0, 'hosts  mapping\n', ''],
  ['explain hsts', 2, '', 'vgen: there is no key "hsts"; did you mean "hosts"?'],
  ['why web1/etc/motd:1', 0, 'web1/etc/motd:1: one\n', ''],
  [`why web1/etc/motd:1 -i ${INVALID}`, 1, '', `${INVALID}:3:20: error:`],
  ['why -i none.yaml web1/etc/motd:1', 2, '', 'vgen: file "none.yaml" not found'],
  ['why web1/etc/motd', 2, '', 'vgen: "web1/etc/motd" is no place; write HOST/PATH:LINE'],
  ['why web1/etc/mtd:1', 2, '', 'vgen: host "web1" gets no "etc/mtd"; did you mean "etc/motd"?'],
  ['why web9/etc/motd:1', 2, '', 'vgen: unknown host "web9"'],
  ['why web1/etc/motd:2', 2, '', 'vgen: "etc/motd" has 1 line'],
  ['rehearse', 2, '', 'vgen: there is no tree for web1 in out/; run "vgen build", review and commit it'],
  [`rehearse -i ${INVALID}`, 1, '', `${INVALID}:3:20: error:`],
  ['rehearse -i none.yaml', 2, '', 'vgen: file "none.yaml" not found'],
  ['rehearse --on web3', 2, '', 'vgen: unknown host "web3"'],
  ['rehearse --os ubuntu-2404', 2, '', 'vgen: --os takes debian-12 or ubuntu-24.04, not "ubuntu-2404"'],
  ['rehearse --requests many', 2, '', 'vgen: --requests takes a whole number from 1 on, not "many"'],
  ['rehearse --artifact web', 2, '', 'vgen: "web" is no artifact; write APP=PATH'],
  ['rehearse --artifact web=inventory.yaml', 2, '', 'vgen: unknown app "web"'],
  ['init inventory.yaml', 3, '', 'vgen: "inventory.yaml" exists'],
  ['init inventory.yaml/x.yaml', 2, '', 'vgen: "inventory.yaml" is there already; move it away (EEXIST)'],
  ['diff -o inventory.yaml', 2, '', 'vgen: "inventory.yaml", or a path above it, is a file'],
  ['apply', 2, '', 'vgen: there is no tree for web1 in out/; run "vgen build"'],
  ['apply -i malformed.yaml', 1, '', 'malformed.yaml:'],
  ['apply --on web3', 2, '', 'vgen: unknown host "web3"; did you mean "web1"? known hosts: web1, web2'],
  ['apply --batch 0', 2, '', 'vgen: "0" is no batch; write a number of hosts, or a share such as 25%'],
  ['apply --pause soon', 2, '', 'vgen: "soon" is no duration'],
  ['apply --max-failures -1', 2, '', 'vgen: --max-failures takes a whole number from 0 on, not "-1"'],
  ['apply --on-failure stop', 2, '', 'vgen: --on-failure takes halt, rollback or continue, not "stop"'],
  ['apply --allow all', 2, '', 'vgen: --allow takes firewall, sshd, sudoers, datastore or live, not "all"'],
  ['apply --max-changed much', 2, '', 'vgen: --max-changed takes a share such as 80%, not "much"'],
  ['apply --adopt --force', 2, '', 'vgen: --adopt and --force exclude each other'],
  ['apply --retry-failed', 2, '', 'vgen: no run of "vgen apply" over this inventory is on record'],
  ['deploy web none', 2, '', 'vgen: there is no none'],
  ['switch web', 2, '', 'vgen: unknown app "web"; known apps: none'],
  ['rollback', 2, '', 'vgen: set exactly one of: an app, or --configuration for the configuration of the hosts'],
  ['rollback web --to 3', 2, '', 'vgen: --to requires --configuration'],
  ['rollback web --force', 2, '', 'vgen: --adopt and --force require --configuration'],
  ['status --on role:web', 2, '', 'vgen: invalid selector "role:web"'],
  ['logs nginx -n few', 2, '', 'vgen: --lines takes a whole number from 1 to 100000, not "few"'],
  ['exec', 2, '', 'vgen: missing required argument "command"'],
  ['lock', 2, '', 'vgen: required option "--message <text>" not specified'],
  ['audit --parallel 0', 2, '', 'vgen: --parallel takes a whole number from 1 on, not "0"'],
  ['bild', 2, '', 'vgen: unknown command "bild"; did you mean build?'],
  ['build --chek', 2, '', 'vgen: unknown option "--chek"; did you mean --check?'],
  ['build --host web1', 2, '', 'vgen: --host is now --on'],
  ['rollback --host', 2, '', 'vgen: --host is now --configuration, and --on chooses hosts'],
  ['plan --trees out', 2, '', 'vgen: --trees is now --out'],
  [
    'plan --out plan.json', 2, '',
    'vgen: --out is the directory of the trees, not "plan.json"; --save plan.json writes the plan',
  ],
  ['certs isue', 2, '', 'vgen: unknown command "isue"; did you mean issue?'],
  ['build surplus', 2, '', 'vgen: build takes no arguments, not 1; options that take several'],
  ['why', 2, '', 'vgen: missing required argument "place"'],
  ['', 2, '', 'Usage: vgen'],
  ['--version', 0, '0.', ''],
];

describe('exit codes, stdout and stderr', () => {
  it.concurrent.each(rows)('vgen %s: exit %i', (args, code, stdout, stderr) => withFiles(files, async dir => {
    const ran = await vgen(dir, args.split(' ').filter(Boolean));
    expect(ran.code, ran.stderr).toBe(code);
    expect(ran.stdout.slice(0, stdout.length || undefined)).toBe(stdout);
    expect(ran.stderr.slice(0, stderr.length || undefined)).toBe(stderr);
  }));

  // of those that could not be done, one per way of saying so
  it.concurrent.each(rows.filter(
    ([args, code]) =>
      args.includes(' ') && (code !== 2 || /^(validate|init|explain|build (--on|--host|--chek|surplus))/.test(args)),
  ))('vgen %s --json: the same exit (%i), one value on stdout', (args, code) => withFiles(files, async dir => {
    const ran = await vgen(dir, [...args.split(' '), '--json']);
    expect(ran.code, ran.stderr).toBe(code);
    const data = JSON.parse(ran.stdout) as Record<string, unknown>;
    if (code >= 2) expect(data).toEqual({ failure: expect.stringMatching(/./), exit: code });
    else expect(ran.stderr).toBe('');
    if (args.includes(INVALID)) {
      expect(data['diagnostics']).toEqual([expect.objectContaining({
        code: 'hosts/address', file: INVALID, line: 3, column: 20, path: 'hosts.web2.address',
      })]);
    }
  }));
});

describe('--json', () => {
  it('has the same keys whether the answer is yes or no', () => withFiles(files, async dir => {
    const keys = async (...args: string[]): Promise<string[]> =>
      Object.keys(JSON.parse((await vgen(dir, [...args, '--json'])).stdout) as object).sort();
    for (const command of ['validate', 'diff', 'build']) {
      const good = await keys(command);
      expect(good).toContain('diagnostics');
      expect(await keys(command, '-i', INVALID), command).toEqual(good);
    }
    expect(await keys('build'), 'nothing to do').toEqual(await keys('build', '--force', '-o', 'other'));
  }));

  it('lists what was written, and nothing where nothing was', () => withFiles(files, async dir => {
    const build = async (...args: string[]): Promise<Record<string, unknown>> =>
      JSON.parse((await vgen(dir, ['build', '--json', ...args])).stdout) as Record<string, unknown>;
    expect(await build('-i', INVALID)).toMatchObject({ hosts: 0, files: 0, added: [] });
    expect(await build()).toMatchObject({
      hosts: 2, added: expect.arrayContaining(['web1/etc/motd', 'web2/install.sh']), changed: [], removed: [],
    });
    write(dir, { 'inventory.yaml': small.replace('one', 'two') });
    expect(await build()).toMatchObject({
      added: [], changed: ['web1/SHA256SUMS', 'web1/etc/motd', 'web2/SHA256SUMS', 'web2/etc/motd'], removed: [],
    });
  }));
});

describe('colour', () => {
  const coloured = async (env: Record<string, string>, ...args: string[]): Promise<boolean> =>
    withFiles(files, async dir => {
      const { stdout, stderr } = await vgen(dir, args, env);
      return `${stdout}${stderr}`.includes('\x1b[');
    });
  it.each([
    ['no terminal', {}, false], ['FORCE_COLOR', { FORCE_COLOR: '1' }, true],
    ['FORCE_COLOR=0', { FORCE_COLOR: '0' }, false],
    ['NO_COLOR goes before', { FORCE_COLOR: '1', NO_COLOR: '1' }, false],
  ] as [string, Record<string, string>, boolean][])('%s', async (_, env, wanted) => {
    expect(await coloured(env, 'validate', '-i', INVALID)).toBe(wanted);
    expect(await coloured(env, 'diff')).toBe(wanted);
  });
  it('never enters JSON', async () => expect(await coloured({ FORCE_COLOR: '1' }, 'diff', '--json')).toBe(false));
});

describe('help', () => {
  it.concurrent.each(commands)('%s has a description, examples, and exits 0', command => withFiles({}, async dir => {
    const { code, stdout, stderr } = await vgen(dir, [command, '--help']);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(new RegExp(`\nExamples:\n  vgen ${command}`));
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
  }));

  it('lists every command with its summary', () => withFiles({}, async dir => {
    const { stdout } = await vgen(dir, ['--help']);
    const lines = stdout.split('\n').map(line => line.trim().replace(/ {2,}/, '  '));
    for (const [name, { summary }] of Object.values(sections).flatMap(section => Object.entries(section))) {
      expect(lines).toContain(`${name}  ${summary}`);
    }
  }));

  it('of one command is the same by "help COMMAND"', () => withFiles({}, async dir => {
    expect((await vgen(dir, ['help', 'build'])).stdout).toBe((await vgen(dir, ['build', '--help'])).stdout);
  }));
});

describe('init', () => {
  it('writes the example but for the line of the schema; it builds with no word on stderr', () =>
    withFiles({}, async dir => {
      expect((await vgen(dir, ['init'])).code).toBe(0);
      const differing = (text: string): string[] => text.split('\n').filter(line => !line.includes('$schema='));
      expect(differing(read(dir, 'inventory.yaml'))).toEqual(differing(read(example, '')));
      expect(read(dir, 'inventory.yaml'))
        .toMatch(/^# yaml-language-server: \$schema=\.\/node_modules\/vgen\/schema\/inventory\.schema\.json\n/);
      expect(await vgen(dir, ['build'])).toMatchObject({ code: 0, stderr: '' });
    }));

  it('never overwrites', () => withFiles({ 'inventory.yaml': 'mine\n' }, async dir => {
    expect((await vgen(dir, ['init'])).code).toBe(3);
    expect(read(dir, 'inventory.yaml')).toBe('mine\n');
  }));
});

it('schema prints the file that editors use', () => withFiles({}, async dir => {
  const { stdout } = await vgen(dir, ['schema']);
  expect(stdout).toBe(read(join(import.meta.dirname, '..'), 'schema/inventory.schema.json'));
  expect(JSON.parse(stdout)).toMatchObject({ properties: { hosts: { type: 'object' } } });
}));

describe('explain', () => {
  it.concurrent.each([
    ['', 'inventory  mapping', /^ {2}apps {2}mapping\n {6}The programs of the fleet by name\.$/m],
    [
      'apps.NAME.listen', 'apps.NAME.listen  mapping',
      /^ {2}address {2}text: an IPv4 address .* \(default "127\.0\.0\.1"\)$/m,
    ],
    ['apps.peerbook.slots.blue.port', 'apps.NAME.slots.blue.port  number 1 to 65535', /TCP port on 127\.0\.0\.1/],
    ['hosts.eu1.tags[0]', 'hosts.NAME.tags.[]  text', /A tag/],
    ['redis.x.eviction', 'redis.NAME.eviction  noeviction | ', /default: "noeviction"/],
    ['ngrok.authtoken', 'ngrok.authtoken  name of one of secrets', /token of the account/],
  ])('%s', (key, head, more) => withFiles({}, async dir => {
    const { code, stdout } = await vgen(dir, key ? ['explain', key] : ['explain']);
    expect(code).toBe(0);
    expect(stdout.slice(0, head.length)).toBe(head);
    expect(stdout).toMatch(more);
  }));

  it.each([[
    'apps.peerbook.lisen', 'there is no key "lisen" in "apps.NAME"; did you mean "listen"?',
  ], ['apps.x.keep.y', 'there is no key "y" in "apps.NAME.keep"; known keys: none']])(
    '%s is unknown', (key, message) => withFiles({}, async dir => expect(await vgen(dir, ['explain', key]))
      .toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(message) })));
});

describe('several files', () => {
  const parts = {
    'a.yaml': 'hosts: { web1: { address: 192.0.2.1 } }\n', 'b.yaml': 'hosts: { web2: { address: 192.0.2.2 } }\n',
  };
  it.each([['-i a.yaml -i b.yaml', 2], ['-i a.yaml -i a.yaml', 1], ['-i a.yaml -i ./a.yaml', 1]])(
    '%s: %i hosts', (args, hosts) => withFiles(parts, async dir => {
      expect(await vgen(dir, ['validate', ...args.split(' ')]))
        .toMatchObject({ code: 0, stdout: `valid: ${hosts} host${hosts > 1 ? 's' : ''}\n` });
    }),
  );
});

describe('build --watch', () => {
  it('builds again when the inventory or an included file changes, and survives a mistake', () => withFiles({
    'inventory.yaml': 'include: more/*.yaml\nhosts: { web1: { address: 192.0.2.1 } }\n',
    'more/files.yaml': 'files: { /etc/motd: { content: one } }\n',
  }, async dir => {
    const child = start(dir, ['build', '--watch']);
    let said = '';
    child.stderr?.on('data', data => { said += String(data); });
    const until = async (what: string, done: () => boolean): Promise<void> => {
      for (const end = Date.now() + 15_000; !done(); await sleep(20)) {
        if (Date.now() > end) throw new Error(`no ${what}; vgen said: ${said}`);
      }
    };
    const motd = (): string => (existsSync(join(dir, 'out/web1/etc/motd')) ? read(dir, 'out/web1/etc/motd') : '');
    const watching = (): number => said.split('watching').length - 1;
    try {
      await until('first build', () => motd() === 'one' && watching() === 1);
      write(dir, { 'more/files.yaml': 'files: { /etc/motd: { content: two } }\n' });
      await until('build after a change of an included file', () => motd() === 'two' && watching() === 2);
      write(dir, { 'more/files.yaml': 'files: { /etc/motd: { contnt: two } }\n' });
      await until('word on the mistake', () => said.includes('contnt') && watching() === 3);
      expect(motd()).toBe('two');
      write(dir, { 'more/files.yaml': 'files: { /etc/motd: { content: three } }\n' });
      await until('build after the mistake', () => motd() === 'three');
      appendFileSync(join(dir, 'inventory.yaml'), 'packages: { htop: {} }\n');
      await until('build after a change of the inventory', () =>
        read(dir, 'out/web1/manifest.tsv').includes('package\thtop'));
      expect(child.exitCode).toBe(null);
    } finally {
      child.kill('SIGKILL');
    }
  }));

  it('sees a mistake in an included file mended when it began with it', () => withFiles({
    'inventory.yaml': 'include: more/*.yaml\nhosts: { web1: { address: 192.0.2.1 } }\n',
    'more/files.yaml': 'files: [\n',
  }, async dir => {
    const child = start(dir, ['build', '--watch']);
    try {
      await new Promise<void>(resolve =>
        child.stderr?.on('data', data => { if (String(data).includes('watching')) resolve(); }));
      write(dir, { 'more/files.yaml': 'files: { /etc/motd: { content: one } }\n' });
      for (const end = Date.now() + 15_000; !existsSync(join(dir, 'out/web1/etc/motd')); await sleep(20)) {
        expect(Date.now()).toBeLessThan(end);
      }
    } finally {
      child.kill('SIGKILL');
    }
  }));
});
