import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildOnce, cachePath, hashOf } from './cache.ts';
import type { Progress } from './cache.ts';
import type { Distribution } from './debian.ts';
import { demand } from '../process/run.ts';

/** Raise it when the code below makes another image from the same packages. */
const version = 1;

/** A plain server as its provider hands it over: nothing that install.sh has to install is in it. */
const packages = [
  'systemd', 'systemd-sysv', 'dbus', 'openssh-server', 'rsync', 'curl', 'iproute2', 'nftables', 'sudo',
  'ca-certificates', 'perl-base', 'procps', 'cron', 'logrotate',
];

/** Would fetch lists and hold apt's lock in the middle of a test. */
const masked = ['apt-daily.timer', 'apt-daily-upgrade.timer'];

/**
 * The folder of the read-only base image, made with debootstrap when the cache has none (about 80 s and 300 MB, from
 * about 100 MB of packages that the cache keeps).
 * @throws Error with the end of debootstrap's output when it fails.
 */
export async function baseImage({ release, sources, keyring }: Distribution, onProgress: Progress): Promise<string> {
  const key = `${release.codename}-${hashOf({ version, release, packages, masked })}`;
  return buildOnce('base', key, async dir => {
    onProgress(`making the base image of ${release.codename} in ${cachePath('base')}, once for this machine`);
    const own = sources.filter(source => source.suite === release.codename);
    mkdirSync(cachePath('archives'), { recursive: true });
    await demand('setpriv', [
      '--pdeathsig=TERM', 'debootstrap',
      '--variant=minbase',
      `--arch=${release.architecture}`,
      `--components=${[...new Set(own.map(source => source.component))].join(',')}`,
      `--include=${packages.join(',')}`,
      `--cache-dir=${cachePath('archives')}`,
      ...(keyring === null ? [] : [`--keyring=${keyring}`]),
      release.codename, dir, own[0]?.uri ?? '', ...recipe(release.codename),
    ], { env: { DEBIAN_FRONTEND: 'noninteractive' } });
    finish(dir);
  }, onProgress);
}

/**
 * debootstrap's script for a release of Ubuntu that is newer than this debootstrap; all of them are links to "gutsy".
 */
function recipe(codename: string): string[] {
  const scripts = '/usr/share/debootstrap/scripts';
  return existsSync(join(scripts, codename)) ? [] : [join(scripts, 'gutsy')];
}

function finish(dir: string): void {
  // What debootstrap copied from this machine, and what every host has to have for itself.
  for (const name of ['etc/resolv.conf', 'etc/machine-id', 'etc/apt/sources.list']) writeFileSync(join(dir, name), '');
  for (const name of ['etc/hostname', 'var/lib/dbus/machine-id']) rmSync(join(dir, name), { force: true });
  for (const name of readdirSync(join(dir, 'etc/ssh')).filter(name => name.startsWith('ssh_host_'))) {
    rmSync(join(dir, 'etc/ssh', name));
  }
  for (const folder of ['var/cache/apt/archives', 'var/lib/apt/lists']) {
    rmSync(join(dir, folder), { recursive: true });
    mkdirSync(join(dir, folder, 'partial'), { recursive: true });
  }
  for (const unit of masked) symlinkSync('/dev/null', join(dir, 'etc/systemd/system', unit));
  symlinkSync(
    '/lib/systemd/system/systemd-networkd.service',
    join(dir, 'etc/systemd/system/multi-user.target.wants/systemd-networkd.service'),
  );
}
