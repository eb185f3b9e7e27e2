// emit on a thread beside does what emit does: the same bytes, modes, results and refusals.
import { lstatSync, readlinkSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import glob from 'fast-glob';
import { expect, it } from 'vitest';
import { compile } from '../src/compile.ts';
import type { PlainTree } from '../src/contract/tree.ts';
import { emit, type Changes, type EmitOptions } from '../src/emit.ts';
import { emitBeside } from '../src/emit/beside.ts';
import { digestOnDisk } from '../src/emit/on-disk.ts';
import { read, small, vgen, withFiles, write } from './vgen.ts';

type Emit = typeof emit | typeof emitBeside;

/** More than may wait for the thread at once. */
const hosts = Array.from({ length: 150 }, (_, i) => `  h${i}: { address: 198.51.100.${i} }\n`).join('');
const many = small.replace(/hosts:\n(?: {2}.*\n)+/, `hosts:\n${hosts}`);

async function build(
  by: Emit, dir: string, out: string, inventory: string, options: Partial<EmitOptions> = {},
): Promise<Changes> {
  write(dir, { 'inventory.yaml': inventory });
  const compilation = await compile([join(dir, 'inventory.yaml')]);
  const fleet = new Set(compilation.model?.hosts.map(({ name }) => name));
  return by(compilation.trees(), {
    out: join(dir, out), fleet, proceed: () => !compilation.failed(), ...options,
  });
}

const tree = (dir: string): string[] =>
  glob.sync('**', { cwd: dir, dot: true, onlyFiles: false, followSymbolicLinks: false }).sort().map(path => {
    const stat = lstatSync(join(dir, path));
    const content = stat.isSymbolicLink() ? readlinkSync(join(dir, path)) : stat.isFile() ? read(dir, path) : '';
    return `${path} ${(stat.mode & 0o7777).toString(8)} ${content}`;
  });

it('writes the same, finds the same differences, and tells how each tree lies on the disk', () =>
  withFiles({}, async dir => {
    const edits = [many, many.replace('"one\\n"', '"it is ${host.name} \u00e9\\n"'), many.replace(/ {2}h7: .*\n/, '')];
    for (const inventory of edits) {
      const digests = new Map<string, string>();
      const told = await build(emitBeside, dir, 'beside', inventory, {
        onTree: (name, paths, digest) => {
          expect(digestOnDisk(join(dir, 'beside'), name, paths)).toBe(digest);
          digests.set(name, digest);
        },
      });
      expect(told).toEqual(await build(emit, dir, 'here', inventory));
      expect(tree(join(dir, 'beside'))).toEqual(tree(join(dir, 'here')));
      expect(digests.size).toBe(told.hosts);
    }
    for (const out of ['beside', 'here']) {
      rmSync(join(dir, out, 'h3/install.sh'));
      write(join(dir, out), { 'h5/etc/motd': 'edited' });
    }
    const options = { check: true };
    expect(await build(emitBeside, dir, 'beside', many, options)).toEqual(await build(emit, dir, 'here', many, options));
  }));

it('refuses the same, and leaves out/ as it was', () => withFiles({ 'out/h9/etc/motd/mine': 'x' }, async dir => {
  const before = tree(join(dir, 'out'));
  const refused = await build(emit, dir, 'out', many).catch((cause: unknown) => cause);
  expect(await build(emitBeside, dir, 'out', many).catch((cause: unknown) => cause)).toEqual(refused);
  await build(emitBeside, dir, 'out', many, { proceed: () => false, force: true }).catch(() => undefined);
  expect(tree(join(dir, 'out'))).toEqual(before);
}));

it('passes on what rendering throws, and leaves out/ as it was', () => withFiles({}, async dir => {
  function* broken(): Generator<PlainTree> {
    yield { name: 'web1', entries: [{ path: 'a', kind: 'file', content: 'x', executable: false }] };
    throw new RangeError('a mistake of vgen');
  }
  const options = { out: join(dir, 'out'), fleet: null, proceed: () => true };
  await expect(emitBeside(broken(), options)).rejects.toThrow(RangeError);
  expect(tree(join(dir, 'out'))).toEqual([]);
}));

it('is used for many hosts, and a build that follows finds nothing to do', () =>
  withFiles({ 'inventory.yaml': many }, async dir => {
    expect((await vgen(dir, ['build'])).stdout).toContain('150 hosts');
    expect((await vgen(dir, ['build'])).stdout).toContain(' 0 written');
    expect((await vgen(dir, ['build', '--check'])).code).toBe(0);
  }));
