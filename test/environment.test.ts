// What the engine on a host inherits from its caller's environment: nothing that it uses.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const tree = join(import.meta.dirname, '../out/eu1');
const lib = join(tree, 'opt/vgen/lib');
const text = readdirSync(lib).map(name => readFileSync(join(lib, name), 'utf8')).join('\n');
const matches = (pattern: RegExp): string[] => [...new Set([...text.matchAll(pattern)].map(([, name = '']) => name))];
const variables = matches(/^ *(?:declare -g[aA]? )?([a-z]\w*)\+?=/gm);
const functions = matches(/^([a-z]\w*)\(\) [({]/gm);

/** As somebody's shell exports them: each variable of the engine, and functions with names of its own and of bash. */
const hostile = {
  ...Object.fromEntries([...variables, 'lib', 'tree', 'HOSTTYPE', 'SECONDS', 'CDPATH'].map(name => [name, '/x'])),
  ...Object.fromEntries([...functions, 'printf'].map(name => [`BASH_FUNC_${name}%%`, '() { echo taken; }'])),
};
/** What a script prints, and its exit code. */
const run = (words: readonly string[], env: Readonly<Record<string, string>>) => {
  const { status, stdout, stderr } =
    spawnSync('bash', words, { encoding: 'utf8', env: { PATH: process.env['PATH'], ...env } });
  return { status, stdout, stderr };
};

describe('an environment with all names that the engine uses', () => {
  it('is known to the test', () => {
    expect(variables).toEqual(expect.arrayContaining(['foreground', 'runtimes', 'vgen_state', 'called']));
    expect(functions).toEqual(expect.arrayContaining(['fail', 'clean_environment', 'read_manifest']));
  });

  it.each([
    ['install.sh', '--help'], ['install.sh', '--nonsense'], ['opt/vgen/bin/vgen', '--help'],
    ['opt/vgen/bin/vgen', 'switch', '--help'], ['opt/vgen/bin/vgen', 'nonsense'], ['opt/vgen/bin/vgen', 'status', 'x'],
  ])('changes nothing of %s %s', (script, ...words) => {
    const command = [join(tree, script), ...words];
    const clean = run(command, {});
    expect(clean.stdout + clean.stderr).not.toBe('');
    expect(run(command, hostile)).toEqual(clean);
  });
});
