import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readAnswer } from './observe.ts';
import { isInstalled, readState, statusOf } from './state.ts';
import { checkTree, readBytes, readTree, type BuiltTree } from './tree.ts';

const work = mkdtempSync(join(tmpdir(), 'vgen-observe-'));
afterAll(() => rmSync(work, { recursive: true }));
const answer = (stdout: string, code = 0): Parameters<typeof readAnswer>[0] =>
  ({ code, stdout, stderr: 'some words\nthe last words\n', unreachable: null });

describe('a tree in out/', () => {
  it('is named by what it consists of, and is not what it says once somebody edits it', () => {
    mkdirSync(join(work, 'a/etc'), { recursive: true });
    writeFileSync(join(work, 'a/install.sh'), '');
    writeFileSync(join(work, 'a/etc/x'), '');
    const list = [
      '# head', 'host\ta', 'file\t/etc/x\t0640\troot:adm\t-\t-\t-\tx\t-', 'link\t/etc/y\tx',
      'directory\t/opt/z\t0755\troot:root',
    ];
    writeFileSync(join(work, 'a/manifest.tsv'), `${list.join('\n')}\n`);
    writeFileSync(
      join(work, 'a/SHA256SUMS'), 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  etc/x\n',
    );
    const tree = readTree(work, 'a');
    expect(tree.id).toMatch(/^[0-9a-f]{64}$/);
    expect(() => checkTree(tree)).not.toThrow();
    writeFileSync(join(work, 'a/etc/x'), 'edited');
    expect(() => checkTree(tree)).toThrow(/is not what its SHA256SUMS says: etc\/x; "vgen build" makes it anew/);
  });

  it('has no file that a link or ".." leads to', () => {
    const made = join(work, 'c');
    const refused = (path: string): void =>
      expect(() => readBytes(made, path), path).toThrow(/is no plain file of the tree .*; remove it, and "vgen build"/);
    mkdirSync(join(made, 'etc/dir'), { recursive: true });
    for (const path of ['etc/x', '../victim']) writeFileSync(join(made, path), 'text');
    symlinkSync('x', join(made, 'etc/link'));
    symlinkSync('dir', join(made, 'etc/linked'));
    writeFileSync(join(made, 'etc/dir/y'), 'text');
    expect(readBytes(made, 'etc/dir/y').toString()).toBe('text');
    for (const path of ['etc/link', 'etc/linked/y', '../victim', 'etc/../etc/x', 'etc/dir', '']) refused(path);
    expect(() => readBytes(made, 'etc/none')).toThrow(/cannot be read \(ENOENT\)/);
    writeFileSync(join(made, 'SHA256SUMS'), `${'0'.repeat(64)}  ../victim\n`);
    expect(() => checkTree({ dir: made } as BuiltTree)).toThrow(/is no plain file of the tree/);
    renameSync(made, join(work, 'moved'));
    symlinkSync('moved', made);
    refused('etc/x');
  });

  it('is missed with the command that makes it', () => {
    expect(() => readTree(work, 'b')).toThrow(/there is no tree for b in .*; run "vgen build", review and commit it/);
  });
});

describe('what a host says', () => {
  it('counts only when it came whole', () => {
    expect(readAnswer(answer('tree\tabc\nen')))
      .toEqual({ unreachable: 'the look at the host ended with code 0: the last words' });
    expect(readAnswer(answer('end\n', 1))).toHaveProperty('unreachable');
    expect(readAnswer(answer('end\n'))).toHaveProperty('tree', null);
    expect(readAnswer({ ...answer(''), code: 255, unreachable: 'no route' })).toEqual({ unreachable: 'no route' });
  });

  it('is a bare machine when it says nothing', () => {
    const state = readState('');
    expect(statusOf(state)).toEqual({ generation: null, tree: null, live: {}, next: {} });
    expect(state).toMatchObject({
      host: null, isAsLeft: false, isDown: false,
      isDue: false, unconfirmed: null, isBusy: false, canAttach: false, lock: null,
      isWhole: false,
    });
  });

  it('is its tree, its generation, releases and what is due', () => {
    const state = readState([
      'busy', 'attach', 'live\tweb\tr1', 'next\tweb\tr2', 'host\ta', 'generation\t3\t1700000000', 'unconfirmed\t42',
      'due', 'tree\tabc', 'asleft', '',
    ].join('\n'));
    expect(statusOf(state)).toEqual({ generation: 3, tree: 'abc', live: { web: 'r1' }, next: { web: 'r2' } });
    expect(state).toMatchObject({
      host: 'a', order: 1_700_000_000, isAsLeft: true, isDown: false, isDue: true, unconfirmed: 42, isBusy: true, canAttach: true,
    });
  });

  it('is installed only if nothing is to be done', () => {
    const installed = (force: boolean, ...lines: string[]): boolean =>
      isInstalled(readState(lines.join('\n')), { id: 'abc' }, force);
    const said = (...more: string[]): boolean => installed(false, 'tree\tabc', 'asleft', ...more);
    expect(said()).toBe(true);
    for (const more of ['due', 'busy', 'unconfirmed\t9']) expect(said(more), more).toBe(false);
    expect(installed(false, 'tree\tabc')).toBe(false);
    expect(installed(false, 'tree\tabd', 'asleft')).toBe(false);
    // what was adopted is as vgen left it, until somebody wants it overwritten
    expect(said('adopted')).toBe(true);
    expect(installed(true, 'tree\tabc', 'asleft')).toBe(true);
    expect(installed(true, 'tree\tabc', 'asleft', 'adopted')).toBe(false);
  });

  it('is locked until the time of the lock by the host\'s clock', () => {
    const lock = (now: number, until: number): unknown =>
      readState(`lock\t${now}\tid\t${until}\t5\tada\t\t\tvgen apply\t\t\n`).lock;
    expect(lock(10, 20)).toMatchObject({ owner: 'ada', expires: 20, machine: '', action: 'vgen apply' });
    expect(lock(30, 20)).toBeNull();
    expect(lock(30, 0)).toMatchObject({ owner: 'ada' });
  });

  it('has a seal that changes with what it is, not with who looks or locks', () => {
    const seal = (...lines: string[]): string => readState(lines.join('\n')).seal;
    const path = (touched: string): string => `path\t/etc/x\tf\t644\troot:root\tsum\tyes\t${touched}`;
    expect(seal('tree\tabc', 'busy', 'lock\t1\tx', path('1'))).toBe(seal(path('1'), 'tree\tabc', 'locked'));
    expect(seal('tree\tabc', path('1'))).not.toBe(seal('tree\tabc', path('2')));
    expect(seal('tree\tabc')).not.toBe(seal('tree\tabd'));
  });
});
