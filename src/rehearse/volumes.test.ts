import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { volumesOf } from './volumes.ts';

const golden = (path: string): string => join(import.meta.dirname, '../../test/golden', path);

it('finds the volumes of a tree in its mount units', () => {
  expect(volumesOf(golden('datastores/expected/data1')))
    .toEqual([{ device: '/dev/disk/by-label/vgen-data', type: 'ext4' }]);
  expect(volumesOf(golden('datastores/expected/app2')))
    .toEqual([{ device: '/dev/disk/by-uuid/0f3b9c1e-8d2a-4c55-9b1f-2a6f0d7e4c11', type: 'xfs' }]);
  expect(volumesOf(golden('fleet/expected'))).toEqual([]);
});

it('takes no program and no path from a mount unit', () => {
  const tree = mkdtempSync(join(tmpdir(), 'vgen-volumes-'));
  const units = join(tree, 'etc/systemd/system');
  mkdirSync(units, { recursive: true });
  const of = (what: string, type: string) => {
    writeFileSync(join(units, 'x.mount'), `[Mount]\nWhat=${what}\nType=${type}\n`);
    return volumesOf(tree);
  };
  expect(of('/dev/disk/by-label/x', 'ext4')).toHaveLength(1);
  expect(of('/dev/disk/by-label/x', 'x/evil')).toEqual([]);
  expect(of('/dev/disk/by-label/../../../etc/x', 'ext4')).toEqual([]);
  rmSync(tree, { recursive: true });
});
