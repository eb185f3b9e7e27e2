/** Disks on which packages are installed already, for who is not about their installation. */
import { rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { demand } from '../process/run.ts';
import { buildOnce, hashOf } from './cache.ts';
import type { Progress } from './cache.ts';
import { mountOverlayNow, unmountBeneathNow } from './disk.ts';

/** Raise it when the code below makes another layer from the same packages. */
const version = 1;

/**
 * The folder of a layer to lay over the layers `debs` and `base`: `packages` as apt-get installs them, none of their
 * services started. They start when a host boots, with the settings of Debian, as on a server that had them before.
 * @throws Error with apt's words when a package cannot be installed.
 */
export async function preparedLayer(
  debs: string, base: string, packages: string[], onProgress: Progress,
): Promise<string> {
  const wanted = [...new Set(packages)].sort();
  const key = hashOf({ version, debs: basename(debs), base: basename(base), wanted });
  return buildOnce('prepared', key, async dir => {
    onProgress(`installing packages on a disk for the hosts: ${wanted.join(' ')}`);
    const work = join(dir, 'work');
    const root = mountOverlayNow([debs, base], work);
    try {
      const policy = join(root, 'usr/sbin/policy-rc.d');
      writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
      // In separate namespaces: whatever a package starts ends with apt-get.
      await demand('unshare', [
        '--mount', '--pid', '--fork', '--net', '--kill-child', `--mount-proc=${join(root, 'proc')}`, 'chroot', root,
        'apt-get', 'install', '--yes', '--quiet', '--no-install-recommends', ...wanted,
      ], { env: { DEBIAN_FRONTEND: 'noninteractive', PATH: '/usr/sbin:/usr/bin:/sbin:/bin' } });
      rmSync(policy);
      // Packages delete nothing of the layers beneath: the copy has no whiteouts, which an overlay would refuse.
      await demand('cp', ['--archive', '--no-target-directory', join(work, 'upper'), join(dir, 'made')]);
    } finally {
      unmountBeneathNow(work);
    }
    rmSync(work, { recursive: true });
  }, onProgress).then(dir => join(dir, 'made'));
}
