import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { mountOverlayNow, unmountBeneathNow } from './disk.ts';
import { runDir } from './claim.ts';
import { ownMark } from '../process/marks.ts';
import { environment } from '../process/run.ts';

/** Program → the package of Debian and Ubuntu that brings it. */
const programs: Record<string, string> = {
  'apt-get': 'apt',
  'debootstrap': 'debootstrap',
  'dpkg-scanpackages': 'dpkg-dev',
  'flock': 'util-linux',
  'ip': 'iproute2',
  'nsenter': 'util-linux',
  'openssl': 'openssl',
  'rsync': 'rsync',
  'setpriv': 'util-linux',
  'ssh': 'openssh-client',
  'ssh-keygen': 'openssh-client',
  'systemd-nspawn': 'systemd-container',
};

let answer: string | null | undefined;

/**
 * What this machine lacks to boot rehearsal hosts, as one sentence that says what to do; null when all is there.
 * Asked once per process.
 */
export function missing(): string | null {
  if (answer === undefined) answer = look();
  return answer;
}

function look(): string | null {
  if (process.platform !== 'linux' || !existsSync('/etc/debian_version')) {
    return 'rehearsal hosts need a Debian or Ubuntu machine';
  }
  const folders = (environment()['PATH'] ?? '').split(':').filter(folder => folder !== '');
  const absent = Object.keys(programs).filter(name => !folders.some(folder => existsSync(join(folder, name))));
  if (absent.length > 0) {
    const packages = [...new Set(absent.map(name => programs[name]))].join(' ');
    return `${absent.join(', ')} not found: run apt-get install ${packages}`;
  }
  if (process.getuid?.() !== 0) return 'rehearsal hosts need root: run again with sudo';
  return overlayWorks() ? null
    : 'overlayfs cannot be mounted here: in a container, give it --privileged; else modprobe overlay';
}

function overlayWorks(): boolean {
  const dir = join(runDir, `try-${ownMark()}`);
  mkdirSync(dir, { recursive: true });
  try {
    const lower = join(dir, 'lower');
    mkdirSync(lower);
    mountOverlayNow([lower], join(dir, 'disk'));
    return true;
  } catch {
    return false;
  } finally {
    unmountBeneathNow(dir);
    rmSync(dir, { recursive: true, force: true });
  }
}
