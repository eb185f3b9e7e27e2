// What the user sees for each mistake. To accept a change: UPDATE=1 npx vitest run
// test/invalid.test.ts, then read the diff.
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import glob from 'fast-glob';
import { afterAll, describe, expect, it } from 'vitest';
import { compile } from '../src/compile.ts';
import { Failure } from '../src/contract/diagnostic.ts';
import { locateAll, toJson, toText } from '../src/print/report.ts';
import { load } from '../src/load.ts';
import { singular } from '../src/resolve.ts';
import { inventorySchema } from '../src/schema/read.ts';
import { compileWhole, invalidCases, report, root } from './invalid.ts';

const src = join(import.meta.dirname, '../src');

/** Mistakes that are not kept as files: they are made in a temporary directory. */
const generated = ['load/encoding', 'load/too-large'];

/** The kinds of things that something in the inventory refers to by name. */
function kinds(): string[] {
  const found = new Set(['host', 'tag', 'region']);
  const look = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    if ('ref' in node && typeof node.ref === 'string') found.add(singular(node.ref));
    for (const child of Object.values(node)) look(child);
  };
  look(inventorySchema());
  return [...found];
}

const MADE =
  /\b(?:error|warning|wrong|onOneHost|onePerHost|partForEachApp|notExposed)\(\s*['`]([a-z][a-z0-9-]*\/[a-z0-9-]+(?:\$\{\w+\})?)['`]/g;

/** Every code that a diagnostic in src is made with. */
function codesInSource(): Set<string> {
  const codes = new Set<string>();
  for (const file of glob.sync('**/*.ts', { cwd: src, ignore: ['**/*.test.ts'] })) {
    for (const [, code = ''] of readFileSync(join(src, file), 'utf8').matchAll(MADE)) {
      if (!code.includes('${')) codes.add(code);
      else for (const kind of kinds()) codes.add(code.replace(/\$\{\w+\}/, kind));
    }
  }
  return codes;
}

const codes = codesInSource();
/** The code that a case is about: the longest that its name begins with. */
const codeOf = (name: string): string =>
  [...codes].filter(code => name === code || name.startsWith(`${code}-`)).sort((a, b) => b.length - a.length)[0] ?? '';

describe('mistakes', () => {
  it.each(invalidCases)('$name', async ({ inventory, expected, name }) => {
    const text = await report(inventory);
    if (process.env['UPDATE']) writeFileSync(expected, text);
    expect(text).toBe(readFileSync(expected, 'utf8'));
    expect(text, 'the code of the folder and the name').toContain(`[${codeOf(name)}]`);
  });

  it.each(invalidCases.filter(({ name }) => /^(render|plan|files)\//.test(name)))('$name, by "vgen validate" too', async ({ inventory, expected }) => {
    const compilation = await compile([inventory], { cwd: root });
    for (const draft of compilation.drafts()) draft.check();
    compilation.fleetTree();
    expect(toText(compilation.source, compilation.diagnostics)).toBe(readFileSync(expected, 'utf8'));
  });

  it('has a case for every code, and no case for another', () => {
    const cases = [...invalidCases.map(({ name }) => name), ...generated];
    expect(cases.filter(name => codeOf(name) === '')).toEqual([]);
    expect([...codes].filter(code => !cases.some(name => codeOf(name) === code)).sort()).toEqual([]);
  });
});

const temporary = mkdtempSync(join(tmpdir(), 'vgen-invalid-'));
afterAll(() => { rmSync(temporary, { recursive: true, force: true }); });

/** Compiles a text that is no file of the repository. */
async function compileText(text: string | Buffer, name = 'inventory.yaml'): ReturnType<typeof compileWhole> {
  writeFileSync(join(temporary, name), text);
  return compileWhole(name, temporary);
}

const textOf = ({ source, diagnostics }: Awaited<ReturnType<typeof compileWhole>>): string =>
  toText(source, diagnostics);

describe('files that are not kept', () => {
  it('refuses what is not UTF-8 at its line', async () => {
    const text = Buffer.from('hosts:\n  eu1: { address: 203.0.113.10 }\nvars: { name: J\xfcrgen }\n', 'latin1');
    expect(textOf(await compileText(text))).toBe([
      'inventory.yaml:3:16: error: the file is not valid UTF-8 [load/encoding]',
      '    2 |   eu1: { address: 203.0.113.10 }', '  > 3 | vars: { name: J\ufffdrgen }', '      |                ^',
      '  hint: save it as UTF-8', '',
    ].join('\n'));
  });

  it('refuses a huge file without reading it', async () => {
    writeFileSync(join(temporary, 'huge.yaml'), '');
    truncateSync(join(temporary, 'huge.yaml'), 33 * 1024 * 1024);
    expect(textOf(await compileWhole('huge.yaml', temporary)))
      .toBe('huge.yaml: error: file of 33 MiB is too large: at most 32 MiB [load/too-large]\n'
        + '  hint: split it and use "include"\n');
  });

  it('says which file there is not, and what is a directory', async () => {
    await expect(compileWhole('absent.yaml', temporary)).rejects.toThrow(Failure);
    await expect(compileWhole('absent.yaml', temporary)).rejects.toThrow('file "absent.yaml" not found');
    await expect(compileWhole('.', temporary)).rejects.toThrow('"." is a directory');
  });
});

describe('the schema', () => {
  it('has a case for every keyword that it uses', async () => {
    const used = new Set<string>();
    const look = (node: unknown): void => {
      if (typeof node !== 'object' || node === null || Array.isArray(node)) return;
      for (const [keyword, value] of Object.entries(node)) {
        used.add(keyword);
        if (['properties', 'patternProperties'].includes(keyword)) Object.values(value as object).forEach(look);
        else if (['items', 'additionalProperties', 'propertyNames'].includes(keyword)) look(value);
      }
    };
    look(inventorySchema());
    const says = [
      '$schema', '$comment', 'title', 'description', 'examples', 'default', 'rule', 'properties', 'patternProperties',
      'items',
    ];
    const resolved = ['selector', 'peers', 'ref', 'text', 'words', 'entries', 'beside', 'template'];
    const { validate } = await import(new URL('../dist/validator-full.mjs', import.meta.url).href) as {
      validate: ((value: unknown) => boolean) & { errors?: { keyword: string }[] | null };
    };
    const met = new Set<string>();
    for (const { inventory } of invalidCases.filter(({ name }) => name.startsWith('schema/'))) {
      const { source } = await load([inventory], root);
      validate(structuredClone(source.value));
      for (const { keyword } of validate.errors ?? []) met.add(keyword);
    }
    expect([...used].filter(keyword => ![...says, ...resolved].includes(keyword) && !met.has(keyword))).toEqual([]);
  });
});

describe('many mistakes', () => {
  const host = 'hosts:\n  eu1: { address: 203.0.113.10 }\n';

  it('are all told in one run, in the order of their places', async () => {
    const redis = 'redis:\n  main: { port: 80000, eviction: none }\n';
    const compilation = await compileText(`${host}  us1: { adress: 1 }\nvars: { x: 1.5 }\n${redis}extra: 1\n`);
    expect(toJson(compilation.source, compilation.diagnostics)
      .map(({ code, line, column }) => `${line}:${column} ${code}`)).toEqual([
      '3:10 schema/unknown-key', '4:12 schema/type', '6:17 schema/range', '6:34 schema/value', '7:1 schema/unknown-key',
    ]);
  });

  it('of every component are told in one run', async () => {
    const redis = 'redis:\n  one: { hosts: all }\n  two: { peers: all }\n';
    const compilation = await compileText(`${host}${redis}files:\n  /usr/x: { content: a, mode: "0777" }\n`);
    expect(toJson(compilation.source, compilation.diagnostics).map(({ code }) => code))
      .toEqual(['redis/exposed', 'redis/no-password', 'redis/two-on-host', 'files/outside', 'files/writable']);
  });

  it('in what aliases and merges repeat are told once', async () => {
    const slots = 'slots: { blue: &slot { port: 80000 }, green: *slot }';
    const aliased = await compileText(`${host}apps:\n  web:\n    command: ./web\n    ${slots}\n`);
    expect(textOf(aliased).match(/error:/g)).toHaveLength(1);
    const hosts =
      'hosts:\n  eu1: { <<: *base, address: 203.0.113.10 }\n  eu2: { <<: [*base], address: 203.0.113.11 }\n';
    const merged = await compileText(`x-base: &base { region: EU }\n${hosts}`);
    expect(toJson(merged.source, merged.diagnostics)).toMatchObject([{ code: 'schema/form', line: 1, column: 25 }]);
  });

  it('are none where keys are free, merged, or written as on another system', async () => {
    const hosts = 'hosts:\n  eu1:\n    <<: *base\n    x-rack: 7\n    address: 203.0.113.10\n';
    const fine = `x-note: &base\n  region: eu\n${hosts}packages: { htop: { hosts: "region:eu" } }\n`;
    for (const text of [fine, `\ufeff${fine}`, fine.replaceAll('\n', '\r\n'), `---\n${fine}...\n`]) {
      expect(textOf(await compileText(text))).toBe('');
    }
  });
});

describe('allow', () => {
  const exposed = (allow = ''): string => 'hosts:\n  eu1: { address: 203.0.113.10 }\nsecrets: { redis: { env: R } }\n'
    + `redis:\n  main: { peers: all, password: redis${allow && `, allow: { ${allow} }`} }\n`;

  it('takes out what it names and keeps the reason', async () => {
    const compilation = await compileText(exposed('redis/exposed: the provider closes the network'));
    expect(textOf(compilation)).toBe('');
    expect(compilation.suppressed.map(({ diagnostic, reason }) => [diagnostic.code, reason]))
      .toEqual([['redis/exposed', 'the provider closes the network']]);
    expect(compilation.failed()).toBe(false);
  });

  it('is warned of where it takes out nothing', async () => {
    const reasons = 'redis/exposed: the provider closes the network, redis/no-password: there is one all the same';
    const compilation = await compileText(exposed(reasons));
    expect(compilation.diagnostics.map(({ severity, code }) => `${severity} ${code}`)).toEqual(['warning allow/idle']);
    expect(compilation.failed()).toBe(false);
  });

  it('at the top takes out what it names everywhere', async () => {
    const compilation = await compileText(`allow: { redis/exposed: the provider closes the network }\n${exposed()}`);
    expect(textOf(compilation)).toBe('');
    expect(compilation.suppressed).toHaveLength(1);
  });
});

describe('values of secrets', () => {
  const value = 'hunter2-hunter2';
  const holding = invalidCases.filter(({ inventory }) => readFileSync(join(root, inventory), 'utf8').includes(value));

  it('are in the cases that try it', () => {
    expect(holding.length).toBeGreaterThan(5);
    expect(holding.map(({ name }) => codeOf(name))).toContain('secrets/value');
  });

  it.each(holding)('of $name are not shown', async ({ inventory }) => {
    const { source, diagnostics } = await compileWhole(inventory);
    expect(locateAll(source, diagnostics).length).toBeGreaterThan(0);
    expect(toText(source, diagnostics)).not.toContain(value);
    expect(JSON.stringify(toJson(source, diagnostics))).not.toContain(value);
  });

  it.each([
    ['another mistake of the same stage', `SMTP_PASS: ${value}`, 'BIND: it\'s "x" ${slot.ports.none}'],
    ['a mistake of an earlier stage', `SMTP_PASS: ${value}`, 'BIND: 1.5'],
    ['a mistake that stops reading', `SMTP_PASS: "${value}"`, 'BIND: a: b'],
    ['a password in a URL', `DATABASE_URL: postgres://web:${value}@10.8.0.1/web`, 'BIND: ${nothing}'],
    [
      'a key of many lines', `KEY: |\n        -----BEGIN EC PRIVATE KEY-----\n        ${value}`,
      'BIND: ${slot.ports.none}',
    ],
  ])('are not shown beside %s', async (_, first, second) => {
    const app = 'apps:\n  web:\n    command: ./web\n    slots: { blue: { port: 1 }, green: { port: 2 } }\n';
    const text = `hosts:\n  eu1: { address: 203.0.113.10 }\n${app}    env:\n      ${first}\n      ${second}\n`;
    const shown = textOf(await compileText(text));
    expect(text).toContain(value);
    expect(shown).toContain('BIND');
    expect(shown).not.toContain(value);
  });
});
