import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { checkArtifact } from './artifact.ts';

const work = mkdtempSync(join(tmpdir(), 'vgen-artifact-'));
afterAll(() => rmSync(work, { recursive: true }));
const check = (name: string, binary: string | null) => (): void =>
  checkArtifact(join(work, name), { name: 'web', binary });

mkdirSync(join(work, 'dir'));
mkdirSync(join(work, 'none'));
writeFileSync(join(work, 'dir/web'), '#!/bin/sh\n', { mode: 0o755 });
writeFileSync(join(work, 'dir/plain'), '#!/bin/sh\n', { mode: 0o644 });
writeFileSync(join(work, 'script'), '#!/bin/sh\n');
writeFileSync(join(work, 'program'), '\x7fELF\x02');
writeFileSync(join(work, 'notes.txt'), 'no program');
writeFileSync(join(work, 'release.tar.gz'), 'judged by the host');

describe('an artifact', () => {
  it.each([['script', 'web'], ['program', 'web'], ['dir', 'web'], ['dir', null], ['release.tar.gz', null]])(
    '%s can be a release of an app with the program %s', (name, binary) => expect(check(name, binary)).not.toThrow(),
  );

  it.each([
    ['nothing', 'web', /nothing" is not there/],
    ['notes.txt', 'web', /notes\.txt is neither a program for Linux nor a script/],
    ['script', null, /script is neither a directory nor a \.tar, .* and web has no "binary"/],
    ['none', null, /none is empty/],
    ['dir', 'other', /dir has no executable other/],
    ['dir', 'plain', /dir has no executable plain/],
  ])('%s cannot be one with the program %s', (name, binary, words) => expect(check(name, binary)).toThrow(words));
});
