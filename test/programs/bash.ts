// bash and shellcheck read every script of every tree, and bash the environment files that systemd will read.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { have } from '../programs.ts';
import { layOut, type Scratch } from './scratch.ts';
import { secretValues, treeNamed, trees, type Tree } from './trees.ts';

const scriptsOf = (tree: Tree): string[] => tree.entries.flatMap(({ path }) => (/\.sh$/.test(path) ? [path] : []));

/**
 * Those of /opt/vgen/bin and lib are the same bytes in all trees; test/host/scripts.test.ts has shellcheck read them.
 */
const isCommon = (path: string): boolean => /^opt\/vgen\/(bin|lib)\//.test(path);

function laidOut<T>(tree: Tree, use: (scratch: Scratch) => T): T {
  const scratch = layOut(tree);
  try {
    return use(scratch);
  } finally {
    scratch.remove();
  }
}

const run = (program: string, words: readonly string[], cwd: string): { status: number | null; output: string } => {
  const { status, stdout, stderr } = spawnSync(program, words,
    { cwd, stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8', timeout: 30_000,
    env: { PATH: process.env['PATH'], LC_ALL: 'C.UTF-8' } });
  return { status, output: stdout + stderr };
};

export function bashTests(): void {
  const root = process.getuid?.() === 0;
  describe.skipIf(!root)('bash (needs: root)', () => {
    const seen = new Set<string>();

    it.each(trees)('reads every script of $name', tree => laidOut(tree, scratch => {
      const contents = new Map(tree.entries.map(entry => [entry.path,
        entry.kind === 'file' ? entry.sha256 : entry.target]));
      for (const path of scriptsOf(tree)) {
        const content = contents.get(path) ?? '';
        if (!seen.has(content)) expect(run('bash', ['-n', path], scratch.root),
          path).toEqual({ status: 0, output: '' });
        seen.add(content);
      }
    }));

    it.each(trees)('reads the list of $name as the engine does', tree => laidOut(tree, ({ root: host }) => {
      const read = (list: string): ReturnType<typeof run> => run('bash',
        ['-c', 'set -euo pipefail; lib=$PWD/opt/vgen/lib; . "$lib/state.sh"; read_manifest "$1"', 'bash', list], host);
      expect(read('manifest.tsv')).toEqual({ status: 0, output: '' });
      expect(read('etc/vgen/exposure.txt')).toMatchObject({ status: 2 });
    }));

    it('gets the values of the inventory from the environment files of systemd, whose grammar is the same', () =>
        laidOut(treeNamed('systemd/web1'), ({ root: host }) => {
      for (const slot of ['blue', 'green']) {
        const { output } = run('env', ['-i', 'bash', '--norc', '-c',
          'set -a; . "$1"; exec /usr/bin/env -0 -u PWD -u SHLVL -u _ -u OLDPWD', 'bash',
            join(host, `etc/vgen/env/shop-${slot}.env`)], '/');
        const values = Object.fromEntries(output.split('\0').filter(Boolean).map(one =>
          [one.slice(0, one.indexOf('=')), one.slice(one.indexOf('=') + 1)]));
        expect(values).toEqual({
          COLOUR: slot, GREETING: 'it\'s "50%" of $HOME; really #1', LITERAL: '${not.a.reference}', LINES: 'one\ntwo',
          SLOT: `${slot} of shop in /opt/shop/${slot} on web1`, WORKERS: '4', DEBUG: 'false',
          CACHE_URL: `redis://:${encodeURIComponent(secretValues['dbPassword'] ?? '')
            .replaceAll("'", '%27')}@10.2.0.2:6379`,
          DATABASE_URL: `postgres://shop:${secretValues['dbPassword']}@10.0.0.5/shop?a=b%20c`,
        });
      }
    }));
  });

  describe.skipIf(!root || !have('shellcheck'))('shellcheck (needs: root; apt-get install shellcheck)', () => {
    it.each(trees)('finds nothing in install.sh and the facts of $name', tree => laidOut(tree, scratch => {
      for (const path of scriptsOf(tree).filter(one => !isCommon(one))) {
        expect(run('shellcheck', ['-x', path], scratch.root), path).toEqual({ status: 0, output: '' });
      }
    }));

    it('is given the same bytes by all trees', () => {
      const first = new Map<string, string>();
      for (const tree of trees) {
        for (const entry of tree.entries) {
          if (entry.kind !== 'file' || !isCommon(entry.path)) continue;
          const original = first.get(entry.path) ?? entry.sha256;
          first.set(entry.path, original);
          expect(entry.sha256, `${tree.name} ${entry.path}`).toBe(original);
        }
      }
    });
  });
}
