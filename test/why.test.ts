// Which inventory line and template line made a line. Lines are found by their text, so that other changes of a
// template do not disturb this; what is told of them must be the line of the source that holds the text given.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import glob from 'fast-glob';
import { describe, expect, it } from 'vitest';
import { compile } from '../src/compile.ts';
import { trace } from '../src/render/trace.ts';
import { goldenCases, treeOf } from './golden.ts';
import { example, read, vgen, withFiles, write } from './vgen.ts';

const templates = join(import.meta.dirname, '../templates');
const builtIn = new Map(glob.sync('**/*.njk', { cwd: templates, dot: true })
  .map(name => [name, readFileSync(join(templates, name), 'utf8')]));

describe('the traced render is the plain one, but for its marks', () => {
  it.each([...goldenCases, { name: 'the example', inventory: example }])('$name', async ({ inventory }) => {
    const compilation = await compile([inventory]);
    let files = 0;
    for (const { entries } of compilation.trees()) {
      for (const entry of entries) {
        if (entry.kind !== 'file' || entry.spec?.kind !== 'file' || !('template' in entry.spec.from)) continue;
        const { from } = entry.spec;
        const sources = new Map([...builtIn, ...compilation.templates]);
        const lines = await trace(from.template, from.view, sources);
        const plain = entry.bytes.toString('utf8');
        expect(`${lines.map(({ text }) => text).join('\n')}${plain.endsWith('\n') ? '\n' : ''}`, entry.path)
          .toBe(plain);
        for (const { template, line, text } of lines) {
          expect(line, text).toBeGreaterThan(0);
          expect(line, text).toBeLessThanOrEqual(sources.get(template ?? '')?.split('\n').length ?? 0);
        }
        files++;
      }
    }
    expect(files).toBeGreaterThan(0);
  });

  it.each([
    ['tags that are indented', 'a\n  {% if v.x %}\n  b\n  {% endif %}\n    {% if v.x %}c{% endif %}\nd\n'],
    [
      'tags that take blanks away',
      'a\n\n{%- if v.x %}\nb\n{%- endif %}\n\n{{- v.x | sh }}\n{% if v.x -%}\n   c\n{% endif -%}\n  d\n',
    ],
    ['tags over several lines', 'a {{ v.x\n  | sh }} b\n{# one\ntwo #}\n{% if v.x\n and v.x %}\nc\n{% endif %}\n'],
    ['raw text', 'a\n{% raw %}\n{{ x }}\n{% endraw %}\nb\n'],
    ['macros', '{% macro m(x) %}\n<{{ x | sh }}>\n{% endmacro %}\na {{ m(v.x) }}\n'],
    ['loops that end a line', '{% for x in v.list %}{{ x | sh }}{% if not loop.last %}, {% endif %}{% endfor %}\n\nb'],
    ['blank lines', '\n\na\n\n{% if v.no %}\nb\n{% endif %}\n\n'],
  ])('%s', async (_, text) => {
    const { createEngine } = await import('../src/render/engine.ts');
    const view = { at: ['x'], x: 'X', list: ['a', 'b'], no: false };
    const plain = (await createEngine(new Map([['main.njk', text]]))).render('main.njk', view);
    const traced = await trace('main.njk', view, new Map([['main.njk', text]]));
    expect(traced.map(line => line.text).join('\n')).toBe(plain.replace(/\n$/, ''));
  });

  it('says which line, and does not blame a line for a condition that was closed before it', async () => {
    const text = 'a\n{% if v.off %}\nb\n{% endif %}\nc {{ v.x | sh }}\n{% if v.on %}\nd\n{% endif %}\ne\n';
    const lines = await trace('t', { at: ['v'], off: false, on: true, x: 'X' }, new Map([['t', text]]));
    expect(lines).toEqual([
      { text: 'a', template: 't', line: 1, values: [] }, { text: 'c X', template: 't', line: 5, values: [['v', 'x']] },
      { text: 'd', template: 't', line: 7, values: [['v', 'on']] }, { text: 'e', template: 't', line: 9, values: [] },
    ]);
  });
});

interface Origin {
  text: string;
  component: string;
  template: string;
  inventory: { path: string; file: string; line: number; text: string }[];
  defaults: string[];
}

/**
 * File on the host, a text in the line asked for, component, text in the line of the
 * template, wanted paths with their lines' text.
 */
type Row = [path: string, line: string, component: string, template: string, inventory: Record<string, string>];

async function asked(dir: string, inventory: string, rows: Row[], host: string): Promise<void> {
  const tree = await treeOf(join(dir, inventory), { scripts: true });
  await Promise.all(rows.map(async ([path, line, component, template, wanted]) => {
    const number = (tree.get(`${host}/${path}`) ?? '').split('\n').findIndex(one => one.includes(line)) + 1;
    expect(number, `${path}: ${line}`).toBeGreaterThan(0);
    const { code, stdout, stderr } =
      await vgen(dir, ['why', `out/${host}/${path}:${number}`, '-i', inventory, '--json']);
    expect(code, stderr).toBe(0);
    const origin = JSON.parse(stdout) as Origin;
    expect(origin.text).toContain(line);
    expect(origin.component, line).toBe(component);
    const [, file = '', at = ''] = /^(?:templates\/|your file )?(.*?):(\d+)(?: .*)?$/.exec(origin.template) ?? [];
    if (file) {
      const source = builtIn.get(file) ?? readFileSync(/^host\/|\/vgen\//.test(file) ? join(templates, file)
        : join(dir, file.endsWith('.njk') ? `templates/${file}` : file), 'utf8');
      expect(source.split('\n')[Number(at) - 1], `${line}: ${origin.template}`).toContain(template);
    } else expect(origin.template).toBe(template);
    for (const one of origin.inventory) expect(read(dir, one.file).split('\n')[one.line - 1]?.trim()).toBe(one.text);
    expect(Object.fromEntries(origin.inventory.map(one => [one.path, one.text])), line)
      .toMatchObject(Object.fromEntries(Object.entries(wanted)
        .map(([key, text]) => [key, expect.stringContaining(text)])));
  }));
}

const listed = (line: string, inventory: Record<string, string>): Row =>
  ['manifest.tsv', line, 'host', 'the plan of the host, one line a thing', inventory];

const rows: Row[] = [
  ['etc/supervisor/secrets/pb-blue.conf', 'PUBLIC_IP=', 'supervisor', '{{ one.value', {
    'apps.peerbook.env.PUBLIC_IP': 'PUBLIC_IP: ${host.address}', 'hosts.eu1.address': 'address: 203.0.113.10',
  }],
  ['etc/supervisor/secrets/pb-blue.conf', 'TURN_SECRET_KEY=', 'supervisor', '{{ one.value', {
    'apps.peerbook.env.TURN_SECRET_KEY': 'TURN_SECRET_KEY', 'secrets.turnKey': 'turnKey: { file',
  }],
  ['etc/nginx/nginx.conf', 'proxy_read_timeout 1h', 'nginx', 'proxy_read_timeout {{ app.timeout', {
    'apps.peerbook.timeout': 'timeout: 1h',
  }],
  ['etc/nginx/nginx.conf', 'listen 127.0.0.1:8001', 'nginx', 'listen {{ server.listen', {
    'apps.peerbook.listen': 'listen: { live: 8000, next: 8001 }',
  }],
  ['etc/nginx/nginx.conf', 'server_tokens off', 'nginx', 'server_tokens off', {}],
  ['opt/peerbook/green/nginx.conf', '127.0.0.1:20001', 'nginx', '{{ v.port', {
    'apps.peerbook.slots.green.port': 'green: { port: 20001 }',
  }],
  ['opt/peerbook/blue/peerbook', '-> release', 'slots', 'a link', { 'apps.peerbook.binary': 'binary: peerbook' }],
  ['opt/vgen/lib/core.sh', 'with_lock() {', 'host', 'with_lock() {', {}],
  ['etc/ngrok.yml', 'edghts_peerbook', 'ngrok', 'edge={{ tunnel.edge', {
    'ngrok.tunnels.live.edge': 'edge: edghts_peerbook',
  }],
  ['etc/redis/redis.conf', 'bind', 'redis', 'bind 127.0.0.1', { 'redis.primary': 'primary: { hosts: eu1' }],
  ['install.sh', 'apply', 'host', 'apply', {}],
  ['SHA256SUMS', 'etc/nginx/nginx.conf', 'host', 'the digests of the tree, one line a file', {}],
  listed('package\tredis-server', { 'redis.primary': 'primary: { hosts: eu1' }),
  listed('user\tpeerbook', { 'apps.peerbook': 'peerbook:' }),
  listed('file\t/opt/peerbook/green/nginx.conf', { 'apps.peerbook.slots.green.port': 'green: { port: 20001 }' }),
  listed('link\t/opt/peerbook/blue/peerbook', { 'apps.peerbook.binary': 'binary: peerbook' }),
  listed('unit\tngrok.service', { ngrok: 'ngrok:' }),
  listed('slot\tpeerbook\tblue', { 'apps.peerbook.slots.blue': 'blue: { port: 20000 }' }),
  listed('host\teu1', { 'hosts.eu1': 'eu1:' }),
  listed('secret\tturnKey', { 'secrets.turnKey': 'turnKey: { file' }),
];

describe('vgen why', () => {
  it('of the example', () =>
    withFiles({ 'inventory.yaml': readFileSync(example, 'utf8') }, dir => asked(dir, 'inventory.yaml', rows, 'eu1')));

  it('of variables and slots', () => withFiles({
    'inventory.yaml': readFileSync(goldenCases.find(({ name }) => name === 'systemd')?.inventory ?? '', 'utf8'),
  }, dir => asked(dir, 'inventory.yaml', [
    ['etc/vgen/env/shop-blue.env', 'COLOUR=', 'systemd', '{{ one.value', {
      'apps.shop.slots.blue.env.COLOUR': 'env: { COLOUR: blue }',
    }],
    ['etc/vgen/env/shop-blue.env', 'GREETING=', 'systemd', '{{ one.value', {
      'apps.shop.env.GREETING': 'GREETING: ${vars.greeting}', 'vars.greeting': 'greeting:',
    }],
  ], 'web1')));

  it('of what the user keeps beside the inventory', () => withFiles({}, async dir => {
    const own = { 'inventory.yaml': 'templates: templates\nvars: { team: us }\nhosts: { web1: { address: 192.0.2.1 } '
      + '}\nfiles:\n  /etc/a: { template: a.njk }\n  /etc/b: { source: b.txt }\n  /etc/c: { content: "of '
      + '${vars.team}" }\n',
      'templates/a.njk': '# a\nhost={{ v.host.name | name }}\n', 'b.txt': 'one\ntwo\n' };
    write(dir, own);
    await asked(dir, 'inventory.yaml', [
      ['etc/a', 'host=web1', 'files', 'host={{ v.host', { 'hosts.web1': 'hosts: { web1' }],
      ['etc/b', 'two', 'files', 'two', { 'files["/etc/b"]': '/etc/b: { source' }],
      ['etc/c', 'of us', 'files', 'the text in the inventory', { 'files["/etc/c"]': '/etc/c: { content' }],
    ], 'web1');
  }));

  it('prints the same for people, with or without out/, and names defaults that nobody wrote', () =>
    withFiles({ 'inventory.yaml': readFileSync(example, 'utf8') }, async dir => {
      const number = (await treeOf(example)).get('eu1/etc/nginx/nginx.conf')?.split('\n')
        .findIndex(line => line.includes('worker_connections')) ?? 0;
      const { code, stdout } = await vgen(dir, ['why', `./out/eu1/etc/nginx/nginx.conf:${number + 1}`]);
      expect([code, stdout.split('\n')]).toEqual([0, [
        `eu1/etc/nginx/nginx.conf:${number + 1}: worker_connections 4096;`, '  component  nginx',
        expect.stringMatching(/^ {2}template {3}templates\/nginx\/etc\/nginx\/nginx\.conf\.njk:\d+$/),
        '  inventory  nobody wrote "nginx"; its defaults hold, see: vgen explain nginx', '',
      ]]);
      expect((await vgen(dir, ['why', `eu1/etc/nginx/nginx.conf:${number + 1}`])).stdout).toBe(stdout);
    }));
});
