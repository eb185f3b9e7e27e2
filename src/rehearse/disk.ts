/** The disks of rehearsal hosts: an overlay mount of each host's changes over the shared read-only layers. */
import { mkdirSync, readFileSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { runNow } from '../process/run.ts';
import { sleepNow } from '../process/sleep.ts';

/** OVERLAYFS_SUPER_MAGIC, statfs(2). */
const overlayfs = 0x794c7630;

/**
 * Mounts `layers` (first one on top) read-only below a writable layer in `dir`, at the path that is returned.
 * An overlay cannot keep its changes on another overlay, which is what the disk of a CI container is
 * (kernel, Documentation/filesystems/overlayfs.rst): there a tmpfs takes them.
 * @throws Error when the mount is refused.
 */
export function mountOverlayNow(layers: string[], dir: string): string {
  mkdirSync(dir, { recursive: true });
  if (statfsSync(dir).type === overlayfs) mount(['-t', 'tmpfs', '-o', 'mode=755', 'vgen-disk', dir]);
  const [upper, work, root] = [join(dir, 'upper'), join(dir, 'work'), join(dir, 'root')];
  for (const folder of [upper, work, root]) mkdirSync(folder, { recursive: true });
  mount(['-t', 'overlay', '-o', `lowerdir=${layers.join(':')},upperdir=${upper},workdir=${work}`, 'overlay', root]);
  return root;
}

/** The mount points at or below `dir`, deepest first: proc(5), mountinfo field 5 with its octal escapes. */
export function mountsBeneath(dir: string): string[] {
  const points = readFileSync('/proc/self/mountinfo', 'utf8').trimEnd().split('\n').map(line =>
    (line.split(' ')[4] ?? '').replace(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8))));
  return points.filter(point => point === dir || point.startsWith(`${dir}/`)).reverse();
}

/** Unmounts all at or below `dir`. A mount that stays busy for two seconds is detached: it goes with its last user. */
export function unmountBeneathNow(dir: string): void {
  for (const point of mountsBeneath(dir)) {
    let done = false;
    for (let attempt = 0; attempt < 20 && !done; attempt += 1) {
      done = runNow('umount', [point]).code === 0;
      if (!done) sleepNow(100);
    }
    if (!done) runNow('umount', ['--lazy', point]);
  }
}

function mount(args: string[]): void {
  const { code, stderr } = runNow('mount', args);
  if (code !== 0) throw new Error(`mount ${args.join(' ')} failed: ${stderr.trim()}`);
}
