// A result that could not be written where it was to go: told in one line, and nothing that depends on it is kept.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cli, small, vgen, withFiles } from './vgen.ts';

describe('a result that nobody can read', () => {
  const full = (dir: string, words: string): ReturnType<typeof spawnSync> =>
    spawnSync('sh', ['-c', `"$0" "$1" ${words} >/dev/full`, process.execPath, cli], { cwd: dir, encoding: 'utf8' });

  it('is told in one line, and the exit code is none that answers', () => withFiles({}, async dir => {
    const { status, stderr } = full(dir, 'schema');
    expect([status, stderr]).toEqual([2, 'vgen: the result could not be written (ENOSPC)\n']);
    return Promise.resolve();
  }));

  it('leaves no certificate of a CA whose key is lost', () => withFiles({
    'inventory.yaml': `${small}certs: { ca: { certificate: ca.crt, key: k } }\nsecrets: { k: { env: K } }\n`,
  }, async dir => {
    expect(full(dir, 'certs ca').status).toBe(2);
    expect(existsSync(join(dir, 'ca.crt'))).toBe(false);
    const { code, stdout } = await vgen(dir, ['certs', 'ca']);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^-----BEGIN PRIVATE KEY-----/)]);
    expect(existsSync(join(dir, 'ca.crt'))).toBe(true);
  }));
});
