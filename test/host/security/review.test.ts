// What a pull request brings, against the machine of its reviewer: a tree in out/ that leads out of itself.
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { missing } from '../../../src/rehearse/requirements.ts';
import { small, vgen, withFiles } from '../../vgen.ts';

const lack = missing();
const CA = 'etc/vgen/tls/ca.pem';

describe.skipIf(lack !== null)(`a committed tree (${lack ?? 'this machine can boot hosts'})`, () => {
  it.each([
    ['a link in place of its CA', CA, (tree: string, victim: string) => {
      mkdirSync(join(tree, 'etc/vgen/tls'), { recursive: true });
      symlinkSync(victim, join(tree, CA));
    }],
    ['a link in place of a directory', CA, (tree: string, victim: string) => {
      mkdirSync(join(victim, '../victims'));
      writeFileSync(join(victim, '../victims/ca.pem'), 'mine');
      mkdirSync(join(tree, 'etc/vgen'), { recursive: true });
      symlinkSync(join(victim, '../victims'), join(tree, 'etc/vgen/tls'));
    }],
    ['a path that leads out of it', '../../victim', () => undefined],
    ['a link in place of its list', '', (tree: string, victim: string) => {
      writeFileSync(victim, readFileSync(join(tree, 'SHA256SUMS')));
      rmSync(join(tree, 'SHA256SUMS'));
      symlinkSync(victim, join(tree, 'SHA256SUMS'));
    }],
  ])('with %s is refused before anything boots', (_, path, change) => withFiles({
    'inventory.yaml': small, victim: 'mine',
  }, async dir => {
    expect((await vgen(dir, ['build'])).code).toBe(0);
    const tree = join(dir, 'out/web1');
    const sums = join(tree, 'SHA256SUMS');
    // sha256 of "mine": what the tree says of itself is right
    const sum = '3fd30542fe3f61b14bd4a4b2dc0b6fb30fa6f63ebce52dd1778aaa8c4dc02cff';
    if (path !== '') writeFileSync(sums, `${readFileSync(sums, 'utf8')}${sum}  ${path}\n`);
    change(tree, join(dir, 'victim'));
    const before = readFileSync(join(dir, 'victim'), 'utf8');
    const ran = await vgen(dir, ['rehearse', '--on', 'web1']);
    expect([ran.code, ran.stderr]).toEqual([2, expect.stringMatching(/is no plain file of the tree .*"vgen build"/)]);
    expect(ran.stderr).not.toContain('is up at');
    expect(readFileSync(join(dir, 'victim'), 'utf8')).toBe(before);
  }));
});
