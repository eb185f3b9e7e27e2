import { describe, expect, it } from 'vitest';
import { knownNames, nearest } from './nearest.ts';

describe('nearest', () => {
  it.each([
    ['peerbok', ['peerbook', 'redis'], 'peerbook'], ['EU1', ['eu1', 'us1'], 'eu1'], ['eu2', ['eu1', 'us1'], 'eu1'],
    ['eu', ['eu1', 'us1'], null], ['AB', ['ab', 'aa'], 'ab'],
    ['motd', ['issue', 'motd.njk'], 'motd.njk'], ['completely-other', ['eu1'], null],
    ['', ['abc'], null], ['ab', ['ba', 'aa'], null], ['x', [], null],
    ['supervisorr', ['systemd', 'supervisor'], 'supervisor'],
  ])('%s of %j: %s', (typed, known, wanted) => expect(nearest(typed, known)).toBe(wanted));

  it('does not depend on the order of the known names', () => {
    expect(nearest('eu0', ['eu3', 'eu1', 'eu2'])).toBe('eu1');
  });
});

describe('knownNames', () => {
  it.each([
    ['eu2', ['us1', 'eu1'], 'did you mean "eu1"? known: eu1, us1'],
    ['completely-other', ['us1', 'eu1'], 'known: eu1, us1'], ['x', [], 'known: none'],
    ['zzzzzz', 'abcdefghijklmn'.split(''), 'known: a, b, c, d, e, f, g, h, i, j, k, l, …'],
    ['zzzzzz', 'abcdefghijkl'.split(''), 'known: a, b, c, d, e, f, g, h, i, j, k, l'],
  ])('%s of %j', (typed, known, wanted) => expect(knownNames(typed, known)).toBe(wanted));
  it('takes names that can be walked only once, and another word for "known"', () => {
    expect(knownNames('wep', new Map([['web', 1]]).keys(), 'known hosts')).toBe('did you mean "web"? known hosts: web');
  });
});
