/**
 * The volumes of rehearsal hosts: real block devices with file systems, each a
 * file of this machine behind a loop device.
 */
import { existsSync, readdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readBytes } from '../fleet/observe/tree.ts';
import { runNow } from '../process/run.ts';

export interface ListedVolume {
  /** As its mount unit names it: /dev/disk/by-label/data. */
  readonly device: string;
  readonly type: string;
}

/** Sparse: only what is written takes room. */
const bytes = 2 ** 30;

/** The volumes that a host's tree mounts: systemd.mount(5). */
export function volumesOf(tree: string): ListedVolume[] {
  const units = join(tree, 'etc/systemd/system');
  if (!existsSync(units)) return [];
  return readdirSync(units).filter(name => name.endsWith('.mount')).flatMap(name => {
    const text = readBytes(tree, `etc/systemd/system/${name}`).toString('utf8');
    const value = (key: string): string => new RegExp(`^${key}=(.*)$`, 'm').exec(text)?.[1] ?? '';
    const [device, type] = [value('What'), value('Type')];
    // what a tree says names a program and a path here: mkfs.TYPE, and where the device is bound
    return /^\/dev\/disk\/by-[a-z]+\/[\w.-]*\w$/.test(device) && /^\w+$/.test(type) ? [{ device, type }] : [];
  });
}

/**
 * Makes a file system in a new file and returns the loop device that it is on. udev, which hosts here lack, would link
 * to it by its label or UUID; the caller binds it there instead.
 * @throws Error when mkfs or losetup refuses.
 */
export function makeVolumeNow(file: string, { type }: ListedVolume): string {
  writeFileSync(file, '');
  truncateSync(file, bytes);
  demandNow(`mkfs.${type}`, [...type === 'ext4' ? ['-q', '-F'] : ['-q', '-f'], file]);
  return demandNow('losetup', ['--find', '--show', file]);
}

/** Detaches all loop devices whose files are below `dir`; losetup(8): one that is busy goes with its last user. */
export function detachBeneathNow(dir: string): void {
  for (const line of runNow('losetup', ['--list', '--noheadings', '--raw', '--output', 'NAME,BACK-FILE']).stdout.trim()
    .split('\n')) {
    const [device = '', file = ''] = line.split(/ (.*)/);
    if (file.startsWith(`${dir}/`)) runNow('losetup', ['--detach', device]);
  }
}

function demandNow(program: string, args: string[]): string {
  const { code, stdout, stderr } = runNow(program, args);
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with code ${code}: ${stderr.trim()}`);
  return stdout.trim();
}
