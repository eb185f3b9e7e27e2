import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { compiled } from '../../../test/compiled.ts';

it('every host gets every script, and no other', async () => {
  const { trees, text } = await compiled('');
  const root = join(import.meta.dirname, '../../../templates/host/opt/vgen');
  const scripts = [
    ...readdirSync(join(root, 'bin')).map(name => `opt/vgen/bin/${name}`),
    ...readdirSync(join(root, 'lib')).map(layer => `opt/vgen/lib/${layer}.sh`),
  ].sort();
  for (const tree of trees.values()) expect(tree.entries.map(({ path }) => path)
    .filter(path => /^opt\/vgen\/(bin|lib)\//.test(path)).sort()).toEqual(scripts);
  for (const script of scripts) expect(text('a', script)).toBe(text('b', script));
  for (const { spec, path } of trees.get('a')?.entries ?? []) {
    if (spec?.kind === 'file') expect(spec.mode, path).toBe(path.includes('/bin/') ? '0755' : '0644');
  }
});
