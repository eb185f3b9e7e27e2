// These inventories give exactly these trees. A tree is reviewed as what it is: configuration files.
// A case that is nearly another keeps what differs only (test/golden.ts).
// To accept a change: UPDATE=1 npx vitest run test/golden.test.ts, then read the diff.
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { goldenCases, readExpected, treeOf, writeExpected } from './golden.ts';

describe('golden trees', () => {
  it('has a case in every folder', () => {
    expect(readdirSync(join(import.meta.dirname, 'golden')).sort()).toEqual(goldenCases.map(({ name }) => name));
  });

  it.each(goldenCases)('$name', async ({ name, inventory }) => {
    const made = await treeOf(inventory);
    if (process.env['UPDATE']) writeExpected(name, made);
    const wanted = readExpected(name);
    expect([...made.keys()].sort()).toEqual([...wanted.keys()].sort());
    for (const [path, text] of made) expect(text, path).toBe(wanted.get(path));
  });

  it('compares the scripts, which are the same everywhere, with their originals', async () => {
    const all = await treeOf(join(import.meta.dirname, '../inventory.example.yaml'), { scripts: true });
    const scripts = [...all].filter(([path]) => /^eu1\/opt\/vgen\/(bin|lib)\//.test(path));
    expect(scripts.length).toBe(6);
    for (const [path, text] of scripts) {
      const original = path.endsWith('bin/vgen') ? `templates/host/${path.slice('eu1/'.length)}` : `dist/engine/${basename(path)}`;
      expect(text).toBe(readFileSync(join(import.meta.dirname, '..', original), 'utf8'));
    }
  });
});
