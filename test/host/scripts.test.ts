// The scripts as text: what can be said of them without a host.
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../templates/host/opt/vgen', import.meta.url));
const scripts = ['lib', 'bin'].flatMap(part => readdirSync(join(root, part)).map(name => `${part}/${name}`));
const lacksShellcheck = spawnSync('shellcheck', ['--version']).error !== undefined;

/** What shellcheck says of the files, an empty text if nothing. */
const shellcheck = (directory: string, files: string[]) =>
  spawnSync('shellcheck', ['-s', 'bash', '-x', '-f', 'gcc', ...files], { cwd: directory, encoding: 'utf8' }).stdout;

describe('the scripts of the engine', () => {
  it.each(scripts)('%s says what it is, is short and parses', script => {
    const text = readFileSync(join(root, script), 'utf8');
    expect(text).toMatch(/^#!\/usr\/bin\/env bash\n# Made by vgen; do not edit\.\n# \S/);
    expect(text.split('\n').length).toBeLessThanOrEqual(300);
    const withoutReason = /^.*shellcheck disable=[\w,]+(?![\w,]| +# \S)/m.exec(text)?.[0];
    expect(withoutReason).toBeUndefined();
    execFileSync('bash', ['-n', join(root, script)]);
    // A local of such a name would hide the place from the trap that tidies up when a script ends inside that function.
    expect(/^ *local (?:.* )?(?:former|journal|owed|originals|record|staging|unconfirmed|reverting)\b/m.exec(text)?.[0])
      .toBeUndefined();
  });

  it.skipIf(lacksShellcheck)('are clean, each by itself (needs: apt-get install shellcheck)', () => {
    expect(shellcheck(root, scripts)).toBe('');
  });

  // Each file alone may use variables of others. Read together, every one that is used must be set somewhere.
  it.skipIf(lacksShellcheck)('know every variable that they use (needs: apt-get install shellcheck)', () => {
    const copy = mkdtempSync(join(tmpdir(), 'vgen-scripts-'));
    try {
      cpSync(root, copy, { recursive: true });
      for (const script of scripts) {
        const text = readFileSync(join(root, script), 'utf8');
        writeFileSync(join(copy, script), text.replace(/^# shellcheck disable=SC2(034|154).*\n/m, ''));
      }
      expect(shellcheck(copy, ['lib/install.sh', 'lib/action.sh'])).toBe('');
    } finally {
      rmSync(copy, { recursive: true });
    }
  }, 120_000);
});
