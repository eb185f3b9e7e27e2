// The golden cases, and trees as maps from path to text (a link is written as "-> target").
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { compile } from '../src/compile.ts';
import { toText } from '../src/print/report.ts';

const root = join(import.meta.dirname, 'golden');

/** What stands in examples/, for users to begin with. */
const examples: Readonly<Record<string, string>> = {
  'three-tiers': 'three-tiers/inventory.yaml', 'three-tiers-staging': 'three-tiers/staging.yaml',
};

export const goldenCases = readdirSync(root).sort().map(name => ({
  name, expected: join(root, name, 'expected'),
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
