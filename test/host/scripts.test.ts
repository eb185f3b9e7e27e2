// The scripts as text: what can be said of them without a host.
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import glob from 'fast-glob';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const engine = 'templates/host/opt/vgen';
const sources =
  glob.sync([`${engine}/lib/*/*.sh`, 'templates/*/runtime.sh', 'templates/*/check.sh'], { cwd: root }).sort();
const lacksShellcheck = spawnSync('shellcheck', ['--version']).error !== undefined;

/** From the lowest: calls go downward only. */
const layers = ['core', 'state', 'runtime', 'release', 'install'];
const layerOf = (source: string): string => /\/lib\/(\w+)\//.exec(source)?.[1]
  ?? (source.endsWith('check.sh') ? 'install' : 'runtime');
const textOf = (source: string): string => readFileSync(join(root, source), 'utf8');
const defined = (text: string): string[] => [...text.matchAll(/^([a-z_][a-z_0-9-]*)\(\) [({]/gm)].map(([, name = '']) => name);

/** The words where a command can stand: not in comments, strings in single quotes, names of options or variables. */
const called = (text: string): Set<string> => new Set(text.replaceAll(/(^|\s)#.*$/gm, '').replaceAll(/'[^'\n]*'|"(?:[^"\n$]|\$(?!\())*"/g, "''")
  .match(/(?<=^\s*|[;&|(!]\s*|(?<!\$)\{\s*|\$\(\s*|\b(?:if|then|else|do|while|until|elif)\s+)[a-z_][a-z_0-9]*(?![\w=+([/.-])/gm) ?? []);

describe('the sources of the engine', () => {
  it.each(sources)('%s says what it is, is short and parses', source => {
    const text = textOf(source);
    expect(text).toMatch(/^#!\/usr\/bin\/env bash\n# \S/);
    expect(text.split('\n').length).toBeLessThanOrEqual(300);
    const withoutReason = /^.*shellcheck disable=[\w,]+(?![\w,]| +# \S)/m.exec(text)?.[0];
    expect(withoutReason).toBeUndefined();
    expect(/^# shellcheck disable=SC2(034|154)/m.exec(text)?.[0], 'of a whole file').toBeUndefined();
    execFileSync('bash', ['-n', join(root, source)]);
    // in a function that loads a layer, "declare" alone would make a local
    expect(/^declare -(?![gF])/m.exec(text)?.[0]).toBeUndefined();
    // A local of such a name would hide the place from the trap that tidies up when a script ends inside that function.
    expect(/^ *local (?:.* )?(?:former|journal|pending_actions|originals|record|staging|unconfirmed|reverting)\b/m.exec(text)?.[0]).toBeUndefined();
  });

  it('define each function once', () => {
    const all = sources.flatMap(source => defined(textOf(source)));
    expect(all.filter((name, i) => all.indexOf(name) !== i)).toEqual([]);
  });

  it('call downward only: core, state, runtime, release, install', () => {
    const home = new Map(sources.flatMap(source =>
      defined(textOf(source)).map(name => [name, layerOf(source)] as const)));
    const height = (layer: string | undefined): number => layers.indexOf(layer ?? '');
    const upward = sources.flatMap(source => [...called(textOf(source))]
      .filter(name => height(home.get(name)) > height(layerOf(source))).map(name => `${source} calls ${name} of ${home.get(name)}`));
    expect(upward).toEqual([]);
    // the control: calls are found
    expect(called(textOf(`${engine}/lib/release/deploy.sh`))).toContain('make_release');
  });
});

describe('the engine as it reaches a host', () => {
  it('is one file a layer, each part under the name of its source', () => {
    expect(readdirSync(join(root, 'dist/engine')).sort()).toEqual(layers.map(layer => `${layer}.sh`).sort());
    const headings = readdirSync(join(root, 'dist/engine')).flatMap(name => textOf(`dist/engine/${name}`).match(/(?<=^# ---- ).*$/gm) ?? []);
    expect(headings.sort()).toEqual(sources);
  });

  it.skipIf(lacksShellcheck)('is clean, and knows every variable that it uses (needs: apt-get install shellcheck)', () => {
    const copy = mkdtempSync(join(tmpdir(), 'vgen-scripts-'));
    try {
      cpSync(join(root, 'dist/engine'), join(copy, 'lib'), { recursive: true });
      mkdirSync(join(copy, 'bin'));
      cpSync(join(root, engine, 'bin/vgen'), join(copy, 'bin/vgen'));
      const shellcheck = (...words: string[]): string =>
        spawnSync('shellcheck', ['-s', 'bash', '-x', '-f', 'gcc', ...words], { cwd: copy, encoding: 'utf8' }).stdout;
      expect(shellcheck('-a', 'lib/install.sh'), 'with all that it loads').toBe('');
      expect(shellcheck('bin/vgen')).toBe('');
    } finally {
      rmSync(copy, { recursive: true });
    }
  }, 120_000);

  it.skipIf(lacksShellcheck)('and so are the scripts that are sent to hosts (needs: apt-get install shellcheck)', () => {
    const sent = glob.sync('src/**/*.sh', { cwd: root }).sort();
    expect(sent).toContain('src/components/mongodb/prove.sh');
    expect(spawnSync('shellcheck', ['-s', 'bash', '-x', '-P', 'SCRIPTDIR', '-f', 'gcc', ...sent], {
      cwd: root, encoding: 'utf8',
    }).stdout).toBe('');
  });
});
