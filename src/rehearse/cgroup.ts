/**
 * Control groups of a fleet on a machine whose PID 1 is not systemd, such as a CI container. Nobody gives out scopes
 * there, and the systemd of each host takes the group that it is started in for its tree. Hosts that share one
 * remove each other's groups: in one boot of 20 a unit fails with status 219/CGROUP.
 * Both versions are handled, cgroups(7), and a machine that mounts the two side by side. In version 1 hosts stay in
 * the memory group of this process.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sleepNow } from '../process/sleep.ts';

/** What one host may use, by the file that says so: memory in bytes, processes. */
const limits: Record<string, string> = {
  'memory.max': String(2 * 1024 ** 3),
  'pids.max': '8192',
};

/** Where a group with this name belongs: below that of this process, in each hierarchy that a host's systemd uses. */
export function groupFolders(name: string): string[] {
  const own = readFileSync('/proc/self/cgroup', 'utf8').trimEnd().split('\n').map(line => line.split(':'));
  return readFileSync('/proc/self/mountinfo', 'utf8').trimEnd().split('\n').flatMap(line => {
    const [mount = '', source = ''] = line.split(' - ');
    const [, , , root = '', point = ''] = mount.split(' ');
    const [type, , options = ''] = source.split(' ');
    const controller = type === 'cgroup2' ? ''
      : ['name=systemd', 'pids'].find(known => type === 'cgroup' && options.split(',').includes(known));
    const path = own.find(([, controllers]) => controllers?.split(',').includes(controller ?? '-'))?.[2];
    if (path === undefined || !point.startsWith('/sys/fs/cgroup')) return [];
    return [join(point, root !== '/' && path.startsWith(root) ? path.slice(root.length) : path, name)];
  });
}

/** Makes the groups of one host below the fleet's, with limits where the machine offers them. */
export function makeGroups(fleet: string[], name: string): string[] {
  return fleet.map(folder => {
    mkdirSync(join(folder, name), { recursive: true });
    attempt(() => writeFileSync(join(folder, 'cgroup.subtree_control'), '+memory +pids'));
    for (const [file, value] of Object.entries(limits)) {
      if (existsSync(join(folder, name, file))) attempt(() => writeFileSync(join(folder, name, file), value));
    }
    return join(folder, name);
  });
}

/** Removes groups with all below them, once their processes have ended. Blocks for a second at most. */
export function removeGroupsNow(folders: string[]): void {
  for (const folder of folders) {
    for (let count = 0; count < 20 && existsSync(folder); count += 1) {
      if (!removeTree(folder)) sleepNow(50);
    }
  }
}

/** Only rmdir works on groups: their files cannot be deleted. */
function removeTree(folder: string): boolean {
  return attempt(() => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (entry.isDirectory()) removeTree(join(folder, entry.name));
    }
    rmdirSync(folder);
  });
}

function attempt(action: () => void): boolean {
  try {
    action();
    return true;
  } catch {
    return false;
  }
}
