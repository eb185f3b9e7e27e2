// The mistakes in test/invalid: an inventory each, `area/rule-what.yaml`, or a folder of that name with inventory.yaml
// in it. What the user sees of it stands beside it: `area/rule-what.txt`.
import { join } from 'node:path';
import glob from 'fast-glob';
import { compile, type Compilation } from '../src/compile.ts';
import { toText } from '../src/print/report.ts';

export const root = join(import.meta.dirname, 'invalid');

export const invalidCases = glob.sync(['*/*.yaml', '*/*/inventory.yaml'], { cwd: root }).sort().map(inventory => {
  const name = inventory.replace(/(\/inventory)?\.yaml$/, '');
  return { name, inventory, expected: join(root, `${name}.txt`) };
});

/** Compiles with all that rendering finds. */
export async function compileWhole(inventory: string, cwd = root): Promise<Compilation> {
  const compilation = await compile([inventory], { cwd });
  for (const tree of compilation.trees()) void tree;
  return compilation;
}

/** What the user sees of an inventory. */
export async function report(inventory: string, cwd = root): Promise<string> {
  const { source, diagnostics } = await compileWhole(inventory, cwd);
  return toText(source, diagnostics);
}
