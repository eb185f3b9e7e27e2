import { describe, expect, it } from 'vitest';
import { lockText, readLock } from './lock.ts';

describe('the line of the lock', () => {
  it('is read with its empty columns', () => {
    const lock = readLock('01ab\t1795231678\t1795230778\tada@laptop\tlaptop 1 2\t77 8\tvgen apply\t\t\n');
    expect(lock).toMatchObject({
      id: '01ab', expires: 1795231678, owner: 'ada@laptop', action: 'vgen apply', commit: '', message: '',
    });
    expect(lock && lockText(lock))
      .toBe('locked by ada@laptop since 2026-11-21T03:12:58Z for vgen apply, until 2026-11-21T03:27:58Z');
  });

  it('tells why and of which commit', () => {
    const lock = readLock('01ab\t0\t1795230778\tada\t\t\ta manual lock\t0123456789abcdef\tdisks\n');
    expect(lock && lockText(lock))
      .toBe('locked by ada since 2026-11-21T03:12:58Z for a manual lock of 0123456789ab: "disks", until it is '
        + 'unlocked');
  });

  it('is nobody\'s when it is empty, and somebody\'s when it is strange', () => {
    expect(readLock('')).toBeNull();
    expect(readLock('mine!\n')).toMatchObject({ id: 'mine!', owner: 'somebody unknown', expires: 0 });
  });
});
