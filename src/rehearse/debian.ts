/** The Debian (or Ubuntu) release of this machine and where this machine gets its packages from. */
import { existsSync, readFileSync } from 'node:fs';
import { demand } from './process.ts';

export interface Release {
  id: 'debian' | 'ubuntu';
  /** As "bookworm": os-release(5), VERSION_CODENAME. */
  codename: string;
  /** As "amd64". */
  architecture: string;
}

export interface Source {
  uri: string;
  suite: string;
  component: string;
}

/** @throws Error on a machine that is neither Debian nor Ubuntu, or a Debian without a codename (unstable). */
export async function machineRelease(): Promise<Release> {
  const text = readFileSync('/etc/os-release', 'utf8');
  const value = (key: string) => new RegExp(`^${key}="?([^"\n]*)"?$`, 'm').exec(text)?.[1] ?? '';
  const [id, codename] = [value('ID'), value('VERSION_CODENAME')];
  if ((id !== 'debian' && id !== 'ubuntu') || codename === '') {
    throw new Error(`rehearsal hosts get the machine's own release, but "${value('PRETTY_NAME')}" has no known one`);
  }
  return { id, codename, architecture: (await demand('dpkg', ['--print-architecture'])).trim() };
}

/**
 * The distribution's own entries among the machine's apt sources, as apt itself understands them (both file formats,
 * apt-get(8) indextargets). Other vendors' are left out. The entry of the release itself comes first.
 * @throws Error when there is none.
 */
export async function machineSources(release: Release): Promise<Source[]> {
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

/** The keyring that the distribution's mirrors are signed with; null when it is not installed. */
export function keyring(release: Release): string | null {
  const file = `/usr/share/keyrings/${release.id}-archive-keyring.gpg`;
  return existsSync(file) ? file : null;
}

/** Cloud images name their mirrors as `mirror+file:/…`, apt-transport-mirror(1): a file with one address per line. */
function plain(uri: string): string {
  const file = /^mirror\+file:(\/[^ ]*?)\/?$/.exec(uri)?.[1];
  if (file === undefined) return uri;
  return /^https?:\S+/m.exec(readFileSync(file, 'utf8'))?.[0] ?? uri;
}
