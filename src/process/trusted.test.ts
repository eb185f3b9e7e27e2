import { chmodSync, chownSync, lstatSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { readTrusted, writeTrusted } from './trusted.ts';

const work = mkdtempSync(join(tmpdir(), 'vgen-trusted-'));
afterAll(() => rmSync(work, { recursive: true, force: true }));

describe('a file that is trusted at the next start', () => {
  let dir = '';
  const modeOf = (path: string): number => lstatSync(path).mode & 0o777;
  beforeEach(() => { dir = join(mkdtempSync(join(work, 'case-')), 'cache'); });

  it('is for its user alone, whatever the umask', () => {
    const before = process.umask(0);
    try { expect(writeTrusted(dir, 'code', 'x')).toBe(true); } finally { process.umask(before); }
    expect([modeOf(dir), modeOf(join(dir, 'code'))]).toEqual([0o700, 0o600]);
    expect(String(readTrusted(dir, 'code'))).toBe('x');
    expect(readTrusted(dir, 'other')).toBeNull();
  });

  it('is neither read nor written where others can write: the file, its directory, one above it', () => {
    expect(writeTrusted(dir, 'code', 'x')).toBe(true);
    for (const [path, mode] of [[join(dir, 'code'), 0o664], [dir, 0o777], [join(dir, '..'), 0o775]] as const) {
      const former = modeOf(path);
      chmodSync(path, mode);
      expect(readTrusted(dir, 'code'), path).toBeNull();
      if (!path.endsWith('code')) expect(writeTrusted(dir, 'code', 'y'), path).toBe(false);
      chmodSync(path, former);
    }
    expect(String(readTrusted(dir, 'code'))).toBe('x');
  });

  it('is not followed to where a link leads, and what somebody planted beside it is not written through', () => {
    mkdirSync(dir, { mode: 0o700 });
    writeFileSync(join(dir, 'target'), 'secret', { mode: 0o600 });
    symlinkSync('target', join(dir, 'code'));
    expect(readTrusted(dir, 'code')).toBeNull();
    symlinkSync('target', join(dir, `new.${process.pid}`));
    expect(writeTrusted(dir, 'new', 'y')).toBe(false);
    expect(String(readTrusted(dir, 'target'))).toBe('secret');
  });

  it.skipIf(process.getuid?.() !== 0)("is not read from another user's directory (needs root)", () => {
    expect(writeTrusted(dir, 'code', 'x')).toBe(true);
    chownSync(dir, 65534, 65534);
    expect(readTrusted(dir, 'code')).toBeNull();
    expect(writeTrusted(dir, 'code', 'y')).toBe(false);
  });
});
