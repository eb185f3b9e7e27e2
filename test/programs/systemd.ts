// systemd reads every unit and drop-in of every tree, without running as the first process of a machine.
import { spawnSync } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { have, inTemporaryDirectory } from '../programs.ts';
import { inside } from './namespace.ts';
import { treeNamed, trees, type Tree } from './trees.ts';

const UNITS = 'etc/systemd/system/';

const unitsOf = (tree: Tree): string[] => tree.entries.map(({ path }) => path).filter(path => path.startsWith(UNITS)
  && /\.(service|timer|mount)$/.test(path) && !ELSEWHERE.test(path));
const dropInsOf = (tree: Tree): string[] => tree.entries.map(({ path }) => path).filter(path => path.startsWith(UNITS)
  && path.endsWith('.conf') && !ELSEWHERE.test(path));
/** Of packages that this machine need not have: test/host/datastores.test.ts runs them on hosts that have. */
const ELSEWHERE =
  /^etc\/systemd\/system\/(vgen-rabbitmq\.service|(redis-server|rabbitmq-server|postgresql@\d+-main)\.service\.d\/|epmd\.socket\.d\/)/;
const slotUnits = (tree: Tree): string[] => tree.plan.apps.filter(app => app.runtime !== 'supervisor').flatMap(app =>
  app.slots.map(({ unit }) => unit));

export function systemdTests(able: boolean): void {
  describe.skipIf(!able || !have('systemd-analyze'))('systemd (needs: root; apt-get install systemd)', () => {
    it.each(trees.filter(tree => unitsOf(tree).length > 0))('has nothing to say about the units of $name', tree =>
        inside(tree, async host => {
      const { code, stderr } = await host.run('systemd-analyze',
        ['verify', '--man=no', '--recursive-errors=no', ...unitsOf(tree).map(path => `/${path}`)]);
      expect(stderr).toBe('');
      expect(code).toBe(0);
    }));

    const packaged: Record<string, string> = { 'nginx.service': 'nginx', 'supervisor.service': 'supervisord',
      'nftables.service': 'nft' };
    const skipped = describe.skipIf(!Object.values(packaged).every(have));
    skipped('with the units of the packages (needs: apt-get install nginx-light supervisor nftables)', () => {
      it.each(trees.filter(tree => dropInsOf(tree).length > 0))('takes up the drop-ins of $name', tree =>
          inside(tree, async host => {
        for (const path of dropInsOf(tree)) {
          const unit = path.slice(UNITS.length).replace(/\.d\/.*/, '');
          expect(packaged).toHaveProperty([unit]);
          expect(await host.run('systemd-analyze', ['verify', '--man=no', '--recursive-errors=no',
            unit])).toEqual({ code: 0, stdout: '', stderr: '' });
          expect((await host.run('systemd-analyze', ['cat-config', `systemd/system/${unit}`])).stdout,
            'where systemd looks')
            .toContain(readFileSync(join(host.root, path), 'utf8').trim());
        }
      }));
    });

    it.each(trees.filter(tree => slotUnits(tree).length > 0))('finds the slots of $name exposed by 3.0 at most',
        tree => inside(tree, async host => {
      for (const unit of slotUnits(tree)) {
        const { code, stdout } = await host.run('systemd-analyze',
          ['security', '--offline=true', '--threshold=30', '--no-pager', `/${UNITS}${unit}.service`]);
        const exposure = /Overall exposure level for \S+: ([\d.]+)/.exec(stdout)?.[1];
        console.info(`${tree.name} ${unit}.service: exposure ${exposure ?? '?'}`);
        expect(code, stdout).toBe(0);
        expect(Number(exposure)).toBeLessThanOrEqual(3);
      }
    }));

    it('gives the program of systemd/web1 exactly the words of the inventory', async () => {
      const tree = treeNamed('systemd/web1');
      await inTemporaryDirectory(dir => {
        chmodSync(dir, 0o755);
        for (const path of unitsOf(tree)) {
          const entry = tree.entries.find(one => one.path === path);
          if (entry?.kind === 'file') writeFileSync(join(dir, basename(path)), entry.bytes);
        }
        for (const [slot, port, metrics] of [['blue', 3000, 9100], ['green', 3001, 9101]] as const) {
          // the test mode loads the unit, prints how it understood it, and does not want to be root
          const { stdout } = spawnSync('setpriv', ['--reuid', 'nobody', '--clear-groups', '--',
            '/lib/systemd/systemd', '--test', '--system',
            `--unit=shop-${slot}.service`], { encoding: 'utf8', maxBuffer: 2 ** 26, timeout: 20_000,
              env: { PATH: '/usr/bin:/bin', SYSTEMD_UNIT_PATH: `${dir}:/lib/systemd/system` } });
          const [, unit = ''] = stdout.split(`-> Unit shop-${slot}.service:\n`);
          const commandLine = /^\s*Command Line: (.*)$/m.exec(unit)?.[1] ?? 'none';
          const words = spawnSync('bash', ['--norc', '-c', 'eval "words=($1)"; printf "%s\\0" "${words[@]}"', 'bash',
            commandLine], { stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' });
          // "$$" becomes "$" when the program is started
          expect(words.stdout.split('\0').slice(0, -1).map(word =>
            word.replaceAll('$$', () => '$'))).toEqual(['/usr/bin/node', 'server.js', '--title',
            'it\'s "50%" of $HOME; really #1',
            '--port', `${port}`, '--metrics', `${metrics}`]);
          expect(/^\s*EnvironmentFile: (.*)$/m.exec(unit)?.[1]).toBe(`/etc/vgen/env/shop-${slot}.env`);
        }
      });
    }, 30_000);
  });

  it('names every unit after its file', () => {
    for (const tree of trees) for (const unit of slotUnits(tree)) expect(unitsOf(tree).map(path =>
      basename(path))).toContain(`${unit}.service`);
  });
}
