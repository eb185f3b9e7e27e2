import { describe, expect, it } from 'vitest';
import { host, installed, sum, tree } from '../../../test/seen.ts';
import { downOf, driftOf } from './drift.ts';

const FILE = 'file /etc/x 0644 root:root - - - files';
const none = (): boolean => false;
const NEW = ['tree abc', 'host a'];

describe('drift', () => {
  it('is nothing where all is as it was left', () => {
    expect(driftOf(tree([FILE]), host(...NEW, ...installed('/etc/x')), none)).toEqual([]);
  });

  it('is a text, a mode, an owner, or a file that is gone', () => {
    const of = (...lines: string[]): unknown =>
      driftOf(tree([FILE]), host(...NEW, ...lines), none).map(({ host: is, why }) => `${is}: ${why}`);
    expect(of(...installed('/etc/x', { content: sum(7), left: 'content' }))).toEqual(['changed: text']);
    expect(of(...installed('/etc/x', { mode: '600', left: 'metadata' }))).toEqual(['changed: mode 0600, was 0644']);
    expect(of(...installed('/etc/x', { owner: 'ada:ada', left: 'metadata' })))
      .toEqual(['changed: owner ada:ada, was root:root']);
    expect(of(...installed('/etc/x').slice(0, 2))).toEqual(['removed: gone']);
    expect(of(...installed('/etc/x', { adopted: 'adopted' }))).toEqual(['changed: adopted']);
  });

  it('says whether the tree has a new version too', () => {
    const edited = host(...NEW, ...installed('/etc/x', { left: 'content', content: sum(7) }));
    const treeSays = (...lines: string[]): string | undefined =>
      driftOf(tree(lines, { '/etc/x': sum(2) }), edited, none)[0]?.tree;
    expect(treeSays(FILE)).toBe('changed');
    expect(treeSays()).toBe('dropped');
    expect(driftOf(tree([FILE]), edited, none)[0]?.tree).toBe('same');
  });

  it('overlooks what the inventory overlooks', () => {
    expect(driftOf(tree([FILE]), host(...NEW, ...installed('/etc/x', { mode: '600', left: 'metadata' })), path =>
      path === '/etc/x')).toEqual([]);
  });
});

describe('what is down', () => {
  it('is a unit that is gone, does not run or is disabled, and a user that is gone', () => {
    const is = host(
      ...NEW, 'record unit a.service', 'record unit b.service', 'record unit c.service', 'record user ada -',

      'unit a.service inactive dead not-found -', 'unit b.service failed failed loaded enabled',
      'unit c.service active running loaded disabled',
    );
    expect(downOf(is, tree(['user ada /srv/ada /bin/sh - why'])))
      .toEqual(['a.service is gone', 'b.service is failed', 'c.service is disabled', 'user ada is gone']);
  });
});
