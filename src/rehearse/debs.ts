import { copyFileSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { buildOnce, cachePath, hashOf } from './cache.ts';
import type { Progress } from './cache.ts';
import type { Distribution } from './debian.ts';
import { demand, run } from '../process/run.ts';

/** Raise it when the code below makes another repository from the same packages. */
const version = 1;

/** What vgen's components install. */
export const defaultPackages = ['nginx-light', 'supervisor', 'redis-server'];

/**
 * The folder of a layer to lay over the base image: in /srv/debs a flat apt repository with `packages` and all that
 * they need on top of `base`, in /etc/apt the one source that names it, in /var/lib/apt/lists what `apt-get update`
 * would put there. Hosts have no way out, so a package that is not listed cannot be installed. Of `extras` those come
 * along that the distribution has.
 * @throws Error with apt's words when a package is unknown or the mirror does not answer.
 */
export async function debLayer(
  base: string, origin: Distribution, packages: string[], extras: readonly string[], onProgress: Progress,
): Promise<string> {
  const wanted = [...new Set(packages)].sort();
  const more = [...new Set(extras)].filter(name => !wanted.includes(name)).sort();
  const key = hashOf({ version, base: basename(base), wanted, ...more.length > 0 ? { more } : {} });
  return buildOnce('debs', key, async dir => {
    onProgress(`gathering packages for the hosts: ${[...wanted, ...more].join(' ')}`);
    const pool = join(dir, 'srv/debs');
    const partial = join(dir, 'partial');
    mkdirSync(pool, { recursive: true });
    const files = await download(base, origin, wanted, more, partial);
    for (const file of files) copyFileSync(file, join(pool, basename(file)));
    rmSync(partial, { recursive: true });
    const index = await demand('dpkg-scanpackages', ['--multiversion', '.'], { cwd: pool });
    writeFileSync(join(pool, 'Packages'), index);
    const lists = join(dir, 'var/lib/apt/lists');
    mkdirSync(join(dir, 'etc/apt/sources.list.d'), { recursive: true });
    writeFileSync(join(dir, 'etc/apt/sources.list.d/rehearsal.list'), 'deb [trusted=yes] file:/srv/debs ./\n');
    mkdirSync(lists, { recursive: true });
    symlinkSync('/srv/debs/./Packages', join(lists, '_srv_debs_._Packages'));
  }, onProgress);
}

/** Paths of the .deb files that installing each of `packages` and known `extras` on top of `base` takes. */
async function download(
  base: string, { sources, keyring }: Distribution, packages: string[], extras: readonly string[], dir: string,
): Promise<string[]> {
  const archives = cachePath('archives');
  for (const folder of [join(dir, 'lists/partial'), join(archives, 'partial')]) mkdirSync(folder, { recursive: true });
  const list = sources.map(({ uri, suite, component }) =>
    `deb ${keyring === null ? '' : `[signed-by=${keyring}] `}${uri} ${suite} ${component}\n`);
  writeFileSync(join(dir, 'sources.list'), list.join(''));
  // The machine's apt with its transports and proxies, but the base image's idea of what is installed.
  const options = Object.entries({
    'Dir::State::status': join(base, 'var/lib/dpkg/status'),
    'Dir::State::extended_states': join(dir, 'extended_states'),
    'Dir::State::lists': join(dir, 'lists'),
    'Dir::Cache::archives': archives,
    // read by each of the calls below, which else make it anew
    'Dir::Cache::pkgcache': join(dir, 'pkgcache.bin'),
    'Dir::Cache::srcpkgcache': join(dir, 'srcpkgcache.bin'),
    'Dir::Etc::sourcelist': join(dir, 'sources.list'),
    'Dir::Etc::sourceparts': '/dev/null',
    'Dir::Etc::preferences': '/dev/null',
    'Dir::Etc::preferencesparts': '/dev/null',
    'APT::Sandbox::User': 'root',
    'Acquire::Languages': 'none',
  }).flatMap(([key, value]) => ['-o', `${key}=${value}`]);
  await demand('apt-get', [...options, 'update', '-qq']);
  const files = new Set<string>();
  // One at a time: together they might conflict, or one might stand in for what another needs when it is alone.
  for (const name of [...packages, ...extras]) {
    const install = ['install', '--yes', '--quiet', name];
    // Looking into an empty folder: addresses of packages that are already there would not be printed.
    const empty = ['-o', `Dir::Cache::archives=${join(dir, 'lists')}`];
    const asked = await run('apt-get', [...options, ...empty, ...install, '--print-uris']);
    if (asked.code !== 0 && extras.includes(name)) continue;
    if (asked.code !== 0) throw new Error(`apt-get cannot install ${name}: ${asked.stderr.trim()}`);
    const uris = asked.stdout;
    await demand('apt-get', [...options, ...install, '--download-only']);
    for (const [, file = ''] of uris.matchAll(/^'[^']*' (\S+\.deb) /gm)) files.add(join(archives, file));
  }
  return [...files];
}
