/** Disks on which packages are installed already, for who is not about their installation. */
import { rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { demand } from '../process/run.ts';
import { buildOnce, hashOf } from './cache.ts';
import type { Progress } from './cache.ts';
import { mountOverlayNow, unmountBeneathNow } from './disk.ts';
import { groundworkOf } from './groundwork.ts';

/** Raise it when the code below makes another layer from the same packages. */
const version = 1;

/** Whose packages are installed already: all of them, or only what can be before a tree's own (groundwork.ts). */
export interface Prepared {
  readonly packages: readonly string[];
  /** Of these packages of a tree only the groundwork. */
  readonly below?: readonly string[];
}

/**
 * The folder of a layer to lay over the layers `debs` and `base`: packages as apt-get installs them, none of their
 * services started. They start when a host boots, with the settings of Debian, as on a server that had them before.
 * @throws Error with apt's words when a package cannot be installed.
 */
export async function preparedLayer(
  debs: string, base: string, { packages, below = [] }: Prepared, onProgress: Progress,
): Promise<string> {
  const wanted = [...new Set(packages)].sort();
  const under = [...new Set(below)].sort();
  const ingredients = { version, debs: basename(debs), base: basename(base), wanted };
  const key = hashOf(under.length > 0 ? { ...ingredients, under } : ingredients);
  return buildOnce('prepared', key, async dir => {
    onProgress(`installing ${under.length > 0 ? `what packages need on a disk: ${under.join(' ')}`
      : `packages on a disk for the hosts: ${wanted.join(' ')}`}`);
    const work = join(dir, 'work');
    const root = mountOverlayNow([debs, base], work);
    try {
      const policy = join(root, 'usr/sbin/policy-rc.d');
      writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
      // In separate namespaces: whatever a package starts ends with apt-get.
      const aptInstall = (...words: string[]): Promise<string> => demand('unshare', [
        '--mount', '--pid', '--fork', '--net', '--kill-child', `--mount-proc=${join(root, 'proc')}`, 'chroot', root,
        'apt-get', 'install', '--yes', '--quiet', '--no-install-recommends', ...words,
      ], { env: { DEBIAN_FRONTEND: 'noninteractive', PATH: '/usr/sbin:/usr/bin:/sbin:/bin' } });
      const planned = under.length === 0 ? '' : await aptInstall('--simulate', ...under);
      const needed = [...planned.matchAll(/^Inst (\S+)/gm)].map(([, name = '']) => name);
      const all = [...wanted, ...await groundworkOf(debs, under, needed)];
      if (all.length > 0) await aptInstall(...all);
      rmSync(policy);
      // Packages delete nothing of the layers beneath: the copy has no whiteouts, which an overlay would refuse.
      await demand('cp', ['--archive', '--no-target-directory', join(work, 'upper'), join(dir, 'made')]);
    } finally {
      unmountBeneathNow(work);
    }
    rmSync(work, { recursive: true });
  }, onProgress).then(dir => join(dir, 'made'));
}
