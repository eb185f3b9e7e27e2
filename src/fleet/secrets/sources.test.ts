import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { resolveSecrets, wipe, type Secret } from './sources.ts';

const dir = mkdtempSync(join(tmpdir(), 'vgen-sources-'));
afterAll(() => rmSync(dir, { recursive: true }));
const inventory = join(dir, 'inventory.yaml');
const secret = (source: Partial<Secret>): Secret => ({ name: 'one', at: [], ...source });
const value = async (source: Partial<Secret>): Promise<string> => {
  const { values, problems } = await resolveSecrets([secret(source)], inventory);
  return problems.get('one') ?? JSON.stringify(values.get('one')?.toString());
};
const file = async (bytes: string): Promise<string> => {
  writeFileSync(join(dir, 'value'), bytes);
  return value({ file: 'value' });
};

describe('a value', () => {
  it.each([
    ['plain', '"plain"'], ['line\n', '"line"'], ['dos\r\n', '"dos"'], ['two\n\n', '"two\\n"'],
    ['inner\nbreak', '"inner\\nbreak"'], [' blanks ', '" blanks "'],
    ['\r', '"\\r"'], ['', 'its value is empty'], ['\n', 'its value is empty'],
    ['a\0b', 'its value holds a NUL byte, which no configuration file can hold'],
  ])('%j is %s', async (bytes, wanted) => {
    expect(await file(bytes)).toBe(wanted);
  });

  it('of a file in the home directory', async () => {
    const home = process.env['HOME'];
    process.env['HOME'] = dir;
    writeFileSync(join(dir, 'of-home'), 'here');
    expect(await value({ file: '~/of-home' })).toBe('"here"');
    process.env['HOME'] = home;
  });

  it('of an environment variable is taken as it is, line break and all', async () => {
    process.env['VGEN_TEST_SECRET'] = 'as it is\n';
    expect(await value({ env: 'VGEN_TEST_SECRET' })).toBe('"as it is\\n"');
    delete process.env['VGEN_TEST_SECRET'];
    expect(await value({ env: 'VGEN_TEST_SECRET' })).toBe('the environment variable VGEN_TEST_SECRET is not set');
  });

  it('of a command is what it prints, in the directory of the inventory; its words are not a shell\'s', async () => {
    expect(await value({ exec: ['printf', '%s\n', '$HOME; "x"'] })).toBe('"$HOME; \\"x\\""');
    expect(await value({ exec: ['pwd', '-P'] })).toContain('vgen-sources-');
  });

  it('of a command that fails is told by its code, never by its words', async () => {
    expect(await value({ exec: ['sh', '-c', 'echo hunter2; echo hunter2 >&2; exit 3'] }))
      .toBe('sh ended with code 3; run it yourself to see why');
    expect(await value({ exec: ['no-such-program-here'] })).toBe('there is no program no-such-program-here here');
  });

  it('longer than 64 KiB is refused', async () => {
    expect(await file('x'.repeat(65_537))).toMatch(/longer than 64 KiB/);
    expect(await value({ exec: ['head', '-c', '70000', '/dev/zero'] })).toMatch(/longer than 64 KiB/);
  });

  it('that was sent is overwritten', async () => {
    writeFileSync(join(dir, 'value'), 'hunter2');
    const { values } = await resolveSecrets([secret({ file: 'value' })], inventory);
    wipe(values.values());
    expect(values.get('one')?.every(byte => byte === 0)).toBe(true);
  });

  it('of a file that is not there names the file', async () => {
    expect(await value({ file: 'none' })).toBe(`cannot read ${join(dir, 'none')} (ENOENT)`);
  });
});
