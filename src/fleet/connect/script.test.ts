import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ownFile } from '../../process/own-files.ts';
import { hostScript } from './script.ts';

const under = (folder: string): string[] => readdirSync(ownFile(folder), { recursive: true, withFileTypes: true })
  .filter(entry => entry.isFile() && entry.name.endsWith('.sh')).map(entry =>
    `${entry.parentPath}/${entry.name}`.replace(/^.*\/(src\/)/, '$1')).sort();
const scripts = [...under('src/fleet'), ...under('src/export')];
const isWhole = (path: string): boolean => readFileSync(ownFile(path), 'utf8').startsWith('#!');
const lacksShellcheck = spawnSync('shellcheck', ['--version']).error !== undefined;

describe('scripts that are sent to hosts', () => {
  it('are found where they are expected', () => {
    expect(scripts).toEqual(expect.arrayContaining([
      'src/export/apply.sh', 'src/fleet/doctor.sh', 'src/fleet/guard/lock.sh', 'src/fleet/observe/observe.sh',
    ]));
  });

  it.each(scripts.filter(isWhole))('%s is joined with what it names, and parses', path => {
    const text = hostScript(path);
    expect(text).not.toMatch(/^# shellcheck source=SCRIPTDIR/m);
    expect(text).not.toMatch(/^\. [a-z-]+\.sh$/m);
    execFileSync('bash', ['-n'], { input: text });
    // one argument of a command line has at most 128 KiB (execve(2))
    expect(Buffer.byteLength(text)).toBeLessThan(32 * 1024);
  });

  it.skipIf(lacksShellcheck)('are clean (needs shellcheck)', () => {
    const { stdout } = spawnSync('shellcheck', ['-s', 'bash', '-x', '-f', 'gcc', ...scripts], {
      cwd: new URL('.', ownFile('package.json')), encoding: 'utf8',
    });
    expect(stdout).toBe('');
  });

  it('write the lock and its file in one place', () => {
    const others = scripts.filter(path => !path.endsWith('guard/lock.sh'))
      .filter(path => readFileSync(ownFile(path), 'utf8').includes('fleet.lock'));
    expect(others).toEqual([]);
  });
});
