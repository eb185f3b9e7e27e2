import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { revisionOf } from './revision.ts';

describe('the version of out/', () => {
  const work = mkdtempSync(join(tmpdir(), 'vgen-revision-'));
  const out = join(work, 'out');
  afterAll(() => rmSync(work, { recursive: true }));
  const git = (...args: string[]): void =>
    void execFileSync('git', ['-C', work, '-c', 'user.name=x', '-c', 'user.email=x@example.org', ...args], {
      stdio: 'ignore', env: { ...process.env, GIT_COMMITTER_DATE: '1700000000 +0000' },
    });

  it('is none without a checkout, or before out/ is committed', async () => {
    mkdirSync(out);
    writeFileSync(join(out, 'file'), 'one');
    expect(await revisionOf(out)).toBeNull();
    git('init');
    expect(await revisionOf(out)).toBeNull();
  });

  it('is the last commit that changed out/, and its time', async () => {
    git('add', '.');
    git('commit', '-m', 'one');
    const revision = await revisionOf(out);
    expect(revision).toEqual({ order: 1_700_000_000, commit: expect.stringMatching(/^[0-9a-f]{40}$/), isDirty: false });
    writeFileSync(join(work, 'elsewhere'), 'two');
    git('add', '.');
    git('commit', '-m', 'two');
    expect(await revisionOf(out)).toEqual(revision);
  });

  it('is dirty when out/ differs from it, by a new file too', async () => {
    writeFileSync(join(out, 'more'), '');
    expect((await revisionOf(out))?.isDirty).toBe(true);
  });
});
