// A host with the key and the files of the last build is not rendered again:
// where a byte is another one, so is the key.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compile } from '../src/compile.ts';
import { goldenCases } from './golden.ts';
import { example, withFiles } from './vgen.ts';

describe('the key of a plan', () => {
  /** Each host's key and bytes. */
  async function keyed(inventory: string): Promise<Map<string, { key: string; bytes: string }>> {
    return withFiles({ 'inventory.yaml': inventory }, async dir => {
      const compilation = await compile([join(dir, 'inventory.yaml')]);
      const hosts = new Map([...compilation.drafts()].map(draft => [draft.plan.host.name, {
        key: draft.key(),
        bytes: JSON.stringify(draft.render().entries.map(entry => [
          entry.path, entry.kind === 'file' ? [entry.sha256, entry.executable] : entry.target,
        ])),
      }]));
      expect(compilation.failed()).toBe(false);
      return hosts;
    });
  }

  it('is another one wherever a byte is', async () => {
    const text = readFileSync(example, 'utf8');
    const before = await keyed(text);
    const changed = new Set<string>();
    // each number, each word that a letter can be added to, each line left out
    for (const [i, line] of text.split('\n').entries()) {
      if (!/^\s+[^#\s]/.test(line)) continue;
      for (const other of [
        line.replace(/\d+(?!.*\d)/, '7'), line.replace(/: ([a-z]+)$/, ': $1x'), line.replace(/^(\s+)(\w+):/, '$1$2x:'),
        '',
      ]) {
        if (other === line) continue;
        let after: typeof before;
        try { after = await keyed(text.split('\n').with(i, other).join('\n')); } catch { continue; }
        for (const [host, { key, bytes }] of after) {
          const was = before.get(host);
          if (was && was.bytes !== bytes) {
            changed.add(`${line} → ${other}`);
            expect(key, `${host} after ${other}`).not.toBe(was.key);
          }
          if (was?.key === key) expect(bytes).toBe(was.bytes);
        }
      }
    }
    expect(changed.size).toBeGreaterThan(20);
  });

  it('holds all of a plan: files are plain data', async () => {
    for (const { inventory } of goldenCases) {
      for (const { plan } of (await compile([inventory])).drafts()) {
        expect(JSON.parse(JSON.stringify(plan.files))).toEqual(plan.files);
      }
    }
  });
});
