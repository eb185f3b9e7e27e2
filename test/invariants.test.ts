// What is true of every tree, of the flow and of the schema; house.test.ts has what is true of the sources.
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import glob from 'fast-glob';
import { afterAll, describe, expect, it } from 'vitest';
import { compile } from '../src/compile.ts';
import { components } from '../src/components/index.ts';
import { encoders } from '../src/escape/index.ts';
import { load } from '../src/load.ts';
import { resolve } from '../src/resolve.ts';
import { compose } from '../src/schema/compose.ts';
import { validate } from '../src/validate.ts';
import { goldenCases, readTree, treeOf } from './golden.ts';

const root = join(import.meta.dirname, '..');
const example = join(root, 'inventory.example.yaml');
const cli = join(root, 'dist/cli.js');
const work = mkdtempSync(join(tmpdir(), 'vgen-invariants-'));
afterAll(() => rmSync(work, { recursive: true, force: true }));

const inventories = [{ name: 'example', inventory: example }, ...goldenCases];
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

describe('every tree', () => {
  it('has the same bytes wherever, whenever and by whom it is made', () => {
    const elsewhere = mkdtempSync(join(work, 'elsewhere-'));
    chmodSync(work, 0o755);
    chmodSync(elsewhere, 0o777);
    copyFileSync(example, join(elsewhere, 'inventory.yaml'));
    const build = (cwd: string, inventory: string, out: string, env: Record<string, string>, uid?: number): void => {
      execFileSync(process.execPath, [cli, 'build', '-i', inventory, '-o', out], {
        cwd, env: { PATH: process.env['PATH'] ?? '', XDG_CACHE_HOME: join(elsewhere, 'cache'), ...env },
        ...(uid === undefined ? {} : { uid, gid: uid }),
      });
    };
    build(root, 'inventory.example.yaml', join(elsewhere, 'one'), { TZ: 'UTC', LANG: 'C.UTF-8' });
    build(elsewhere, './inventory.yaml', 'two', {
      TZ: 'Asia/Kathmandu', LANG: 'tr_TR.UTF-8', LC_ALL: 'tr_TR.UTF-8', HOME: '/nonexistent', USER: 'somebody',
    },
      process.getuid?.() === 0 ? 65534 : undefined);
    expect(readTree(join(elsewhere, 'two'))).toEqual(readTree(join(elsewhere, 'one')));
    expect(readTree(join(elsewhere, 'one')).size).toBeGreaterThan(50);
  });

  it('is the committed one, for the example', async () => {
    const committed = readTree(join(root, 'out'));
    expect(committed.get('.gitattributes')).toContain('*/SHA256SUMS linguist-generated');
    committed.delete('.gitattributes');
    expect(await treeOf(example, { scripts: true })).toEqual(committed);
  });

  it.each(inventories)('$name: holds no sign of a slip', async ({ inventory }) => {
    for (const [path, text] of await treeOf(inventory, { scripts: true })) {
      expect(text, path).not.toMatch(/\bundefined\b|\[object |\bNaN\b/);
      expect(text, path).not.toMatch(/[ \t]+$/m);
      expect(text.endsWith('\n'), path).toBe(true);
      expect(text, path).not.toMatch(/\r/);
    }
  });

  it.each(inventories)('$name: begins each file of vgen\'s own with what made it', async ({ inventory }) => {
    for (const [path, text] of await treeOf(inventory, { scripts: true })) {
      // keys and certificates are the user's, and hold nothing else
      if (text.startsWith('-> ') || /\/etc\/vgen\/tls\/|SHA256SUMS$/.test(path)
        || /own-files/.test(inventory) && !/install\.sh$|manifest\.tsv$/.test(path)) continue;
      expect(text.split('\n').slice(0, 3).join('\n'), path).toMatch(/Made by vgen|[Dd]o not edit/);
    }
  });
});

describe('secrets', () => {
  it('never reach out/, stdout, stderr or the state, wherever their values are found', () => {
    const poison = 'p0is0n-7f3a9c';
    const dir = mkdtempSync(join(work, 'secrets-'));
    writeFileSync(join(dir, 'turn.key'), `${poison}\n`);
    writeFileSync(join(dir, 'inventory.yaml'), readFileSync(example, 'utf8')
      .replace('{ file: secrets/turn.key }', '{ file: turn.key }').replace(
        '{ exec: [pass, show, ngrok/authtoken] }', `{ exec: [echo, ${poison}] }`,
      ));
    const env = {
      PATH: process.env['PATH'] ?? '', XDG_CACHE_HOME: join(dir, 'cache'), PB_SMTP_PASS: poison, PB_SMTP_USER: poison,
      REDIS_PASSWORD: poison,
    };
    let seen = '';
    for (const words of [['build'], ['build', '--json'], ['validate', '--json'], ['diff', '--json'], [
      'why', 'eu1/etc/supervisor/secrets/pb-blue.conf:7',
    ]]) {
      seen += execFileSync(process.execPath, [cli, ...words], {
        cwd: dir, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'],
      });
    }
    const holds = (text: string): boolean => text.includes(poison);
    const disk = [...readTree(join(dir, 'out')), ...readTree(join(dir, 'cache'))];
    expect(disk.length).toBeGreaterThan(50);
    expect(disk.filter(([, text]) => holds(text))).toEqual([]);
    expect(holds(seen)).toBe(false);
    expect(seen).toMatch(/@vgen\(/);
    // the control: the same search finds it where it is
    expect([...readTree(dir)].filter(([, text]) => holds(text)).map(([path]) => path).sort())
      .toEqual(['inventory.yaml', 'turn.key']);
  });
});

describe('the flow', () => {
  it('leaves what it was given as it was', async () => {
    const { source } = await load([example]);
    const before = structuredClone(source.value);
    const { inventory } = await validate(source.value);
    const validated = structuredClone(inventory);
    resolve(inventory);
    expect(source.value).toEqual(before);
    expect(inventory).toEqual(validated);
  });

  it('makes the same of the same twice', async () => {
    expect(await treeOf(example)).toEqual(await treeOf(example));
  });
});

describe('the schema', () => {
  it('is what the components say (npm run schema)', async () => {
    expect(`${JSON.stringify(await compose(components), null, 2)}\n`).toBe(read('schema/inventory.schema.json'));
  });

  it('describes every property', async () => {
    const bare: string[] = [];
    const walk = (node: unknown, path: string): void => {
      if (typeof node !== 'object' || node === null) return;
      const { properties, additionalProperties, items } =
        node as {
          properties?: Record<string, { description?: string }>;
          additionalProperties?: unknown;
          items?: unknown;
        };
      for (const [name, child] of Object.entries(properties ?? {})) {
        if (!child.description || child.description.length < 8) bare.push(`${path}.${name}`);
        walk(child, `${path}.${name}`);
      }
      walk(additionalProperties, `${path}.*`);
      walk(items, `${path}[]`);
    };
    walk(await compose(components), '');
    expect(bare).toEqual([]);
  });

  it('has every property used by the example or a golden case', async () => {
    const used = new Set<string>();
    const note = (value: unknown, node: Record<string, unknown>, path: string): void => {
      if (typeof value !== 'object' || value === null) return;
      for (const [name, child] of Object.entries(value)) {
        const own = (node['properties'] as Record<string, Record<string, unknown>> | undefined)?.[name];
        const next = own ?? (typeof node['additionalProperties'] === 'object'
          ? node['additionalProperties'] as Record<string, unknown>
          : {});
        const key = `${path}.${own ? name : '*'}`;
        if (own) used.add(key);
        note(child, next, key);
      }
    };
    const schema = await compose(components);
    for (const { inventory } of inventories) {
      const { source } = await load([inventory]);
      note(source.value, schema, '');
      if (source.files.some(({ text }) => /^include:/m.test(text))) used.add('.include');
    }
    const all: string[] = [];
    const list = (node: Record<string, unknown>, path: string): void => {
      for (const [name, child] of Object.entries(
        (node['properties'] ?? {}) as Record<string, Record<string, unknown>>,
      )) {
        if (name === 'allow') continue;
        all.push(`${path}.${name}`);
        list(child, `${path}.${name}`);
      }
      if (typeof node['additionalProperties'] === 'object') {
        list(node['additionalProperties'] as Record<string, unknown>, `${path}.*`);
      }
    };
    list(schema, '');
    expect(all.filter(key => !used.has(key))).toEqual([]);
  });
});

describe('the example', () => {
  it('is under 60 lines, builds without a warning, and holds the files of the Vanilla Server', async () => {
    expect(read('inventory.example.yaml').trimEnd().split('\n').length).toBeLessThan(60);
    const compilation = await compile([example]);
    const paths = [...compilation.trees()]
      .flatMap(({ host, entries }) => entries.map(({ path }) => `${host.name}/${path}`));
    expect(compilation.diagnostics).toEqual([]);
    for (const host of ['eu1', 'us1']) {
      expect(paths).toEqual(expect.arrayContaining([
        'etc/ngrok.yml', 'etc/nginx/nginx.conf', 'etc/redis/redis.conf', 'etc/supervisor/conf.d/pb-blue.conf',
        'etc/supervisor/conf.d/pb-green.conf',
        'etc/supervisor/secrets/pb-blue.conf', 'etc/supervisor/supervisord.conf', 'opt/peerbook/blue/nginx.conf',
        'opt/peerbook/blue/peerbook',
        'opt/peerbook/green/nginx.conf', 'opt/peerbook/green/peerbook', 'opt/peerbook/live', 'opt/peerbook/next',
      ].map(path => `${host}/${path}`)));
    }
  });
});

describe('templates', () => {
  const names = glob.sync('**/*.njk', { cwd: join(root, 'templates'), dot: true }).sort();

  it.each(names)('%s prints through an encoder only', name => {
    const prints = [...read(`templates/${name}`).matchAll(/\{\{(.*?)\}\}/g)].map(([, inner]) => inner ?? '');
    expect(prints.filter(inner => !Object.hasOwn(encoders, (inner.split('|').at(-1) ?? '').trim()))).toEqual([]);
  });

  it('are all used, and so is every static file', async () => {
    const used = new Set(['host/install.sh']);
    for (const { inventory } of inventories) {
      for (const { plan } of (await compile([inventory])).trees()) {
        for (const file of plan.files) {
          if (file.kind === 'file' && 'template' in file.from) used.add(file.from.template);
          if (file.kind === 'file' && 'static' in file.from) used.add(file.from.static);
        }
      }
    }
    const isOfTheEngine = /^host\/opt\/vgen\/lib\/|^[^/]+\/(?:runtime|check)\.sh$/;
    const all = glob.sync('**', { cwd: join(root, 'templates'), dot: true });
    expect(all.filter(name => !used.has(name) && !isOfTheEngine.test(name))).toEqual([]);
  });
});
