// What users run: one file of all sources, with the code that V8 compiled kept beside it,
// and the validators made from the schema.
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import fc from 'fast-check';
import glob from 'fast-glob';
import { parse } from 'yaml';
import { describe, expect, it } from 'vitest';
import { ANNOTATIONS } from '../src/schema/kinds.ts';
import { inventorySchema } from '../src/schema/read.ts';
import { inTemporaryDirectory } from './programs.ts';

const root = join(import.meta.dirname, '..');

interface Ran { readonly status: number | null; readonly stdout: string; readonly stderr: string }

/** An installed copy, of which nothing was run yet. */
const installed = (use: (dir: string, vgen: (...args: string[]) => Ran) => void): Promise<void> =>
  inTemporaryDirectory(async dir => {
    mkdirSync(join(dir, 'dist'));
    for (const name of [
      'dist/vgen.cjs', 'dist/bundle.cjs', 'dist/bundle.cjs.map', 'dist/build-id', 'package.json',
      'inventory.example.yaml',
    ]) {
      cpSync(join(root, name), join(dir, name));
    }
    use(dir, (...args) => {
      const { status, stdout, stderr } = spawnSync(process.execPath, [join(dir, 'dist/vgen.cjs'), ...args], {
        cwd: dir, encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '', XDG_CACHE_HOME: join(dir, 'user') },
      });
      return { status, stdout, stderr };
    });
    return Promise.resolve();
  });

const kept = (dir: string): string[] => readdirSync(dir).map(name => name.split('-').at(-1) ?? '').sort();

describe('the bundle', () => {
  it('names the sources where vgen itself fails', () => installed((dir, vgen) => {
    mkdirSync(join(dir, 'schema'));
    writeFileSync(join(dir, 'schema/inventory.schema.json'), 'no JSON');
    const { status, stderr } = vgen('explain');
    expect(status).toBe(2);
    expect(stderr).toContain('this is a mistake of vgen itself');
    expect(stderr).toMatch(/at inventorySchema.* \(src\/schema\/read\.ts:\d+:\d+\)|src\/schema\/read\.ts:\d+:\d+/);
    expect(stderr).toMatch(/src\/commands\/explain\.ts:\d+:\d+/);
  }));

  it('keeps compiled code per command, of runs that went well', () => installed((dir, vgen) => {
    const first = vgen('--help');
    expect([first.status, first.stderr]).toEqual([0, '']);
    expect(kept(join(dir, 'dist/cache'))).toEqual(['help']);
    expect(vgen('init', '--help').status).toBe(0);
    expect(vgen('nothing').status).toBe(2);
    expect(kept(join(dir, 'dist/cache'))).toEqual(['help']);
    expect(vgen('init').status).toBe(0);
    expect(kept(join(dir, 'dist/cache'))).toEqual(['help', 'init']);
    expect(vgen('--help')).toEqual(first);
  }));

  it('takes code that is damaged, of another Node or of other flags for none', () => installed((dir, vgen) => {
    const first = vgen('--help');
    const [name = ''] = readdirSync(join(dir, 'dist/cache'));
    const file = join(dir, 'dist/cache', name);
    const good = readFileSync(file);
    writeFileSync(file, good.subarray(0, 100));
    expect(vgen('--help')).toEqual(first);
    expect(readFileSync(file).length).toBeGreaterThan(1000);
    const other = spawnSync(
      process.execPath, ['--max-semi-space-size=32', join(dir, 'dist/vgen.cjs'), '--help'], { encoding: 'utf8' },
    );
    expect([other.status, other.stdout, other.stderr]).toEqual([0, first.stdout, '']);
  }));

  it('keeps it in the user\'s cache where its own directory cannot be written, and believes no directory that others '
    + 'write', () => installed((dir, vgen) => {
    // a file, because root writes into any directory
    writeFileSync(join(dir, 'dist/cache'), '');
    expect(vgen('--help').status).toBe(0);
    const mine = join(dir, 'user/vgen/code');
    expect(kept(mine)).toEqual(['help']);
    const [name = ''] = readdirSync(mine);
    writeFileSync(join(mine, name), 'x');
    chmodSync(mine, 0o777);
    expect(vgen('--help').status).toBe(0);
  }));
});

interface Validator {
  (value: unknown): boolean;
  errors?: { keyword: string; instancePath: string; params: unknown; propertyName?: string }[] | null;
}

/** A value somewhere in an inventory is taken out, or another stands there. */
function mutated(inventory: unknown, picks: readonly number[], value: unknown): unknown {
  const copy = structuredClone(inventory);
  let node = copy;
  for (const [i, pick] of picks.entries()) {
    if (typeof node !== 'object' || node === null) break;
    const keys = Object.keys(node);
    const key = keys[pick % Math.max(1, keys.length)];
    const holder = node as Record<string, unknown>;
    const child = key === undefined ? undefined : holder[key];
    if (key !== undefined && i < picks.length - 1 && typeof child === 'object' && child !== null) node = child;
    else {
      if (key === undefined || pick % 5 === 0) holder[['nme', 'x-note', 'hosts', 'Ü'][pick % 4] ?? ''] = value;
      else if (pick % 5 === 1) delete holder[key];
      else holder[key] = value;
      break;
    }
  }
  return copy;
}

describe('the validators', () => {
  it('both say what the schema says, and fill in the same', async () => {
    const { validate: fast } = await import('#built/validator-fast.mjs');
    const { validate: full } = await import('#built/validator-full.mjs') as { validate: Validator };
    const ajv = new Ajv({
      strict: true, strictRequired: false, allErrors: true, useDefaults: true, allowUnionTypes: true, verbose: true,
    });
    for (const keyword of ANNOTATIONS) ajv.addKeyword({ keyword });
    const plain = ajv.compile(inventorySchema()) as Validator;
    const inventories =
      glob.sync(['golden/*/*.yaml', 'invalid/schema/*.yaml'], { cwd: import.meta.dirname, absolute: true }).sort()
        .map(file => parse(readFileSync(file, 'utf8'), { merge: true }) as unknown);
    const judge = (validate: Validator, written: unknown): { verdict: boolean; value: unknown; errors: string[] } => {
      const value = structuredClone(written);
      const verdict = validate(value);
      const errors = (verdict ? [] : validate.errors ?? [])
        .map(one => JSON.stringify([one.keyword, one.instancePath, one.params, one.propertyName]));
      return { verdict, value, errors: errors.sort() };
    };
    const same = (written: unknown): void => {
      const wanted = judge(plain, written);
      expect(judge(full, written)).toEqual(wanted);
      const quick = judge(fast, written);
      expect(quick.verdict).toBe(wanted.verdict);
      if (wanted.verdict) expect(quick.value).toEqual(wanted.value);
    };
    for (const inventory of inventories) same(inventory);
    const values = fc.oneof(
      fc.constantFrom(null, '', 'all', 0, 70000, 1.5, true, [], ['a', 'a'], {}, { port: 1 }, 'Ü', '${vars.x}', '10s'),
      fc.jsonValue(),
    );
    fc.assert(fc.property(
      fc.constantFrom(...inventories), fc.array(fc.nat(1000), { minLength: 1, maxLength: 8 }), values,
      (inventory, picks, value) => { same(mutated(inventory, picks, value)); },
    ), { numRuns: 2000 });
  });
});
