import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { makeDirectory } from './make-directory.ts';

const work = mkdtempSync(join(tmpdir(), 'vgen-directory-'));
afterAll(() => rmSync(work, { recursive: true }));

describe('a directory', () => {
  it('is made with those above it, and may be there', () => {
    makeDirectory(join(work, 'a/b/c'));
    makeDirectory(join(work, 'a/b/c/'));
    expect(statSync(join(work, 'a/b/c')).isDirectory()).toBe(true);
  });

  it('is refused where a file is in its place or above it, and where the system makes none', () => {
    writeFileSync(join(work, 'file'), '');
    expect(() => makeDirectory(join(work, 'file'))).toThrow(/EEXIST/);
    expect(() => makeDirectory(join(work, 'file/sub'))).toThrow(/ENOTDIR/);
    expect(() => makeDirectory('/proc/vgen')).toThrow(/ENOENT|EACCES|EPERM/);
    expect(() => makeDirectory('/proc/vgen/below')).toThrow(/ENOENT|EACCES|EPERM/);
  });
});
