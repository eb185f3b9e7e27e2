import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { releaseId } from './release.ts';

const work = mkdtempSync(join(tmpdir(), 'vgen-release-'));
afterAll(() => rmSync(work, { recursive: true }));
const at = new Date('2026-11-21T03:04:05.678Z');

describe('the name of a release', () => {
  it('is the time and what is in it, wherever it lies', () => {
    writeFileSync(join(work, 'one'), 'bytes');
    writeFileSync(join(work, 'two'), 'bytes');
    expect(releaseId(join(work, 'one'), at)).toMatch(/^20261121T030405Z-[0-9a-f]{8}$/);
    expect(releaseId(join(work, 'two'), at)).toBe(releaseId(join(work, 'one'), at));
  });

  it('follows every name, byte and executable bit of a directory', () => {
    mkdirSync(join(work, 'dir/sub'), { recursive: true });
    writeFileSync(join(work, 'dir/sub/run'), 'x', { mode: 0o755 });
    cpSync(join(work, 'dir'), join(work, 'copy'), { recursive: true });
    const id = releaseId(join(work, 'dir'), at);
    expect(releaseId(join(work, 'copy'), at)).toBe(id);
    chmodSync(join(work, 'copy/sub/run'), 0o644);
    expect(releaseId(join(work, 'copy'), at)).not.toBe(id);
    writeFileSync(join(work, 'dir/more'), '');
    expect(releaseId(join(work, 'dir'), at)).not.toBe(id);
  });

  it('is not given to nothing', () => expect(() => releaseId(join(work, 'none'))).toThrow(/there is no .*none/));
});
