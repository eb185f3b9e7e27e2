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
