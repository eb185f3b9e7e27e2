// The golden cases, and trees as maps from path to text (a link is written as "-> target").
import { mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { compile } from '../src/compile.ts';
import { toText } from '../src/print/report.ts';

const root = join(import.meta.dirname, 'golden');

/** What stands in examples/, for users to begin with. */
const examples: Readonly<Record<string, string>> = {
  'three-tiers': 'three-tiers/inventory.yaml', 'three-tiers-staging': 'three-tiers/staging.yaml',
};

/** A case that repeats another: it keeps the files that differ, and in `absent` names what it does not have. */
const repeated: Readonly<Record<string, string>> = { 'three-tiers-staging': 'three-tiers' };

export interface GoldenCase { readonly name: string; readonly inventory: string }

export const goldenCases: readonly GoldenCase[] = readdirSync(root).sort().map(name => ({
  name,
  inventory: name in examples ? join(root, '../../examples', examples[name] ?? '') : join(root, name, 'inventory.yaml'),
}));

/** The same bytes on every host, and digests: kept out of every golden tree. */
const isScript = (path: string): boolean =>
  /^[^/]+\/(opt\/vgen\/(bin|lib)\/|install\.sh$|SHA256SUMS$)/.test(path);

/** Compiles an inventory to a map; throws what is wrong with it. */
export async function treeOf(
  inventory: string, options: { scripts?: boolean; cwd?: string } = {},
): Promise<Map<string, string>> {
  const compilation = await compile([inventory], options.cwd === undefined ? {} : { cwd: options.cwd });
  const tree = new Map<string, string>();
  for (const { host, entries } of compilation.trees()) {
    for (const entry of entries) {
      const path = `${host.name}/${entry.path}`;
      if (!options.scripts && isScript(path)) continue;
      tree.set(path, entry.kind === 'link' ? `-> ${entry.target}\n` : entry.bytes.toString('utf8'));
    }
  }
  if (compilation.diagnostics.length) throw new Error(toText(compilation.source, compilation.diagnostics));
  return tree;
}

/** A tree on the disk, in the form of `treeOf`. */
export function readTree(dir: string): Map<string, string> {
  const tree = new Map<string, string>();
  const walk = (at: string): void => {
    for (const entry of readdirSync(join(dir, at), { withFileTypes: true })
      .sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = join(at, entry.name);
      if (entry.isDirectory()) walk(path);
      else tree.set(path, entry.isSymbolicLink() ? `-> ${readlinkSync(join(dir, path))}\n`
        : readFileSync(join(dir, path), 'utf8'));
    }
  };
  walk('');
  return tree;
}

const expectedOf = (name: string): string => join(root, name, 'expected');
const absentOf = (name: string): string => join(root, name, 'absent');
const isBeneath = (path: string, name: string): boolean => path === name || name.endsWith('/') && path.startsWith(name);

/** The tree that a case expects. */
export function readExpected(name: string): Map<string, string> {
  const other = repeated[name];
  if (other === undefined) return readTree(expectedOf(name));
  const absent = readFileSync(absentOf(name), 'utf8').split('\n').filter(line => line !== '');
  const kept = [...readExpected(other)].filter(([path]) => !absent.some(one => isBeneath(path, one)));
  return new Map([...kept, ...readTree(expectedOf(name))]);
}

/** Makes a tree what a case expects. */
export function writeExpected(name: string, tree: ReadonlyMap<string, string>): void {
  rmSync(expectedOf(name), { recursive: true, force: true });
  const other = repeated[name] === undefined ? new Map<string, string>() : readExpected(repeated[name]);
  for (const [path, text] of tree) {
    if (text === other.get(path)) continue;
    mkdirSync(dirname(join(expectedOf(name), path)), { recursive: true });
    writeFileSync(join(expectedOf(name), path), text);
  }
  if (repeated[name] === undefined) return;
  // a directory of which nothing is left, from the top: its name with a slash stands for all beneath it
  const topmost = (path: string): string => path.split('/').map((_, i, parts) => `${parts.slice(0, i + 1).join('/')}/`)
    .find(dir => ![...tree.keys()].some(one => one.startsWith(dir)) && dir !== `${path}/`) ?? path;
  const absent = [...other.keys()].filter(path => !tree.has(path)).map(topmost);
  writeFileSync(absentOf(name), [...new Set(absent)].sort().map(line => `${line}\n`).join(''));
}
