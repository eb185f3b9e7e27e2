/** The Debian or Ubuntu release that hosts get, and where its packages come from. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildOnce } from './cache.ts';
import type { Progress } from './cache.ts';
import { demand } from '../process/run.ts';

/** Releases that hosts can have on any machine; the release of the machine needs no entry. */
export const systems = ['debian-12', 'ubuntu-24.04'] as const;
export type BaseSystem = typeof systems[number];

export interface Release {
  id: 'debian' | 'ubuntu';
  /** As "bookworm": os-release(5), VERSION_CODENAME. */
  codename: string;
  /** As "amd64". */
  architecture: string;
}

export interface AptSource {
  uri: string;
  suite: string;
  component: string;
}

export interface Distribution {
  release: Release;
  /** The entry of the release itself comes first. */
  sources: AptSource[];
  /** What its mirrors are signed with; null to trust the keys of this machine's apt. */
  keyring: string | null;
}

const named: Record<BaseSystem, Omit<Release, 'architecture'>> = {
  'debian-12': { id: 'debian', codename: 'bookworm' },
  'ubuntu-24.04': { id: 'ubuntu', codename: 'noble' },
};

/**
 * Debian has no package of Ubuntu's keys. This is Ubuntu's, of the release pocket of 24.04, which never changes; it
 * holds the archive's key F6ECB3762474EDA9D21B7022871920D1991BC93C.
 */
const ubuntuKeys = {
  path: 'pool/main/u/ubuntu-keyring/ubuntu-keyring_2023.11.28.1_all.deb',
  sha256: '36de43b15853ccae0028e9a767613770c704833f82586f28eb262f0311adb8a8',
};

/**
 * The release of that name, or that of this machine when there is no name. That of this machine comes from its mirror.
 * @throws Error when this machine is neither Debian nor Ubuntu or its apt sources lack its release, or when the
 *   keys of Ubuntu are needed and cannot be fetched.
 */
export async function distribution(system: BaseSystem | undefined, onProgress: Progress): Promise<Distribution> {
  const architecture = (await demand('dpkg', ['--print-architecture'])).trim();
  const own = machineRelease(architecture);
  const release = system === undefined ? own : { ...named[system], architecture };
  if (release === null) {
    throw new Error('this machine has no known release of Debian or Ubuntu: name one for the hosts');
  }
  const isOwn = release.id === own?.id && release.codename === own.codename;
  const sources = isOwn ? await machineSources(release) : publicSources(release);
  const file = `/usr/share/keyrings/${release.id}-archive-keyring.gpg`;
  if (existsSync(file)) return { release, sources, keyring: file };
  if (isOwn) return { release, sources, keyring: null };
  if (release.id === 'debian') throw new Error(`${file} is not there: run apt-get install debian-archive-keyring`);
  return { release, sources, keyring: await fetchUbuntuKeys(sources[0]?.uri ?? '', onProgress) };
}

/** @returns null on a machine that is neither Debian nor Ubuntu, or a Debian without a codename (unstable). */
function machineRelease(architecture: string): Release | null {
  const text = readFileSync('/etc/os-release', 'utf8');
  const value = (key: string) => new RegExp(`^${key}="?([^"\n]*)"?$`, 'm').exec(text)?.[1] ?? '';
  const [id, codename] = [value('ID'), value('VERSION_CODENAME')];
  return (id === 'debian' || id === 'ubuntu') && codename !== '' ? { id, codename, architecture } : null;
}

/**
 * The distribution's entries among the machine's apt sources, as apt itself understands them (both file formats,
 * apt-get(8) indextargets). Other vendors' are left out.
 * @throws Error when there is none.
 */
async function machineSources(release: Release): Promise<AptSource[]> {
  const suites = ['', '-updates', '-security'].map(suffix => release.codename + suffix);
  const components = ['main', 'universe'];
  const lines = await demand('apt-get', [
    'indextargets', '--format', '$(REPO_URI) $(RELEASE) $(COMPONENT)', 'Created-By: Packages',
  ]);
  const sources = [...new Set(lines.trim().split('\n'))].flatMap(line => {
    const [uri = '', suite = '', component = ''] = line.split(' ');
    return suites.includes(suite) && components.includes(component) ? [{ uri: plain(uri), suite, component }] : [];
  });
  if (!sources.some(source => source.suite === release.codename)) {
    throw new Error(`no apt source of this machine serves ${release.codename}: see /etc/apt/sources.list`);
  }
  return sources.sort((a, b) => suites.indexOf(a.suite) - suites.indexOf(b.suite));
}

/** The public mirrors of a release that is not this machine's. */
function publicSources({ id, codename, architecture }: Release): AptSource[] {
  if (id === 'debian') {
    const main = (uri: string, suite: string) => ({ uri, suite, component: 'main' });
    return [
      main('http://deb.debian.org/debian/', codename), main('http://deb.debian.org/debian/', `${codename}-updates`),
      main('http://deb.debian.org/debian-security/', `${codename}-security`),
    ];
  }
  const uri = architecture === 'amd64' ? 'http://archive.ubuntu.com/ubuntu/' : 'http://ports.ubuntu.com/ubuntu-ports/';
  return ['', '-updates', '-security'].flatMap(suffix =>
    ['main', 'universe'].map(component => ({ uri, suite: codename + suffix, component })));
}

/** Fetches as apt does (proxies too); what has another sha256 is refused. */
async function fetchUbuntuKeys(mirror: string, onProgress: Progress): Promise<string> {
  const dir = await buildOnce('keys', ubuntuKeys.sha256, async made => {
    onProgress(`fetching Ubuntu's keys from ${mirror}`);
    const deb = join(made, 'keys.deb');
    await demand('/usr/lib/apt/apt-helper', [
      '-o', 'APT::Sandbox::User=root', 'download-file', mirror + ubuntuKeys.path, deb, `SHA256:${ubuntuKeys.sha256}`,
    ]);
    await demand('dpkg-deb', ['--extract', deb, made]);
  }, onProgress);
  return join(dir, 'usr/share/keyrings/ubuntu-archive-keyring.gpg');
}

/** Cloud images name their mirrors as `mirror+file:/…`, apt-transport-mirror(1): a file with one address per line. */
function plain(uri: string): string {
  const file = /^mirror\+file:(\/[^ ]*?)\/?$/.exec(uri)?.[1];
  if (file === undefined) return uri;
  return /^https?:\S+/m.exec(readFileSync(file, 'utf8'))?.[0] ?? uri;
}
