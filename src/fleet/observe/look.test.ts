import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { secondsLeft } from '../apply/confirm.ts';
import { localTree, readLooked } from './look.ts';

const work = mkdtempSync(join(tmpdir(), 'vgen-look-'));
afterAll(() => rmSync(work, { recursive: true }));

describe('a tree in out/', () => {
  it('is named by its digests, and says modes and owners as a host tells them', () => {
    mkdirSync(join(work, 'a'));
    writeFileSync(join(work, 'a/install.sh'), '');
    const list = ['# head', 'host\ta', 'file\t/etc/x\t0640\troot:adm\t-\t-\t-\tx', 'link\t/etc/y\tx', 'directory\t/opt/z\t0755\troot:root'];
    writeFileSync(join(work, 'a/manifest.tsv'), `${list.join('\n')}\n`);
    writeFileSync(join(work, 'a/SHA256SUMS'), `${'0'.repeat(64)}  etc/x\n`);
    const tree = localTree(work, 'a');
    expect(tree.id).toMatch(/^[0-9a-f]{64}$/);
    expect(tree.modes).toBe('/etc/x\t640\troot:adm\n/opt/z\t755\troot:root\n');
  });

  it('is missed with the command that makes it', () => {
    expect(() => localTree(work, 'b')).toThrow(/there is no tree for b in .*; run "vgen build", review and commit it/);
  });
});

describe('what a host says', () => {
  it('is a bare machine when it says nothing', () => {
    expect(readLooked('')).toEqual({ host: null, tree: null, generation: null, live: {}, next: {}, isAsLeft: false, isDue: false, isUnconfirmed: false, isBusy: false, canAttach: false });
  });

  it('is its tree, its generation, releases and what is due', () => {
    const text = [
      'busy', 'attach', 'live\tweb\tr1', 'next\tweb\tr2', 'host\ta',
      'generation\t3', 'unconfirmed', 'due', 'tree\tabc', 'asleft', '',
    ].join('\n');
    expect(readLooked(text)).toEqual({
      host: 'a', tree: 'abc', generation: 3, live: { web: 'r1' }, next: { web: 'r2' }, isAsLeft: true, isDue: true, isUnconfirmed: true, isBusy: true, canAttach: true,
    });
  });

  it('is how long a change still waits for its confirmation', () => {
    expect(secondsLeft('{"unconfirmed":{"seconds":42,"paths":["/etc/ssh/sshd_config"]}}')).toBe(42);
    for (const text of ['', '{}', '{"unconfirmed":null}', 'no json']) expect(secondsLeft(text)).toBeNull();
  });
});
