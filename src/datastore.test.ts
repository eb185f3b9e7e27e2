import { describe, expect, it } from 'vitest';
import { isPrivate, mountUnit } from './datastore.ts';

describe('isPrivate', () => {
  it.each([
    ['10.0.0.1', true], ['11.0.0.1', false], ['110.0.0.1', false], ['172.15.0.1', false], ['172.16.0.1', true], ['172.31.255.255', true], ['172.32.0.1', false],
    ['192.168.0.1', true], ['192.169.0.1', false], ['100.63.0.1', false], ['100.64.0.1', true], ['100.127.0.1', true], ['100.128.0.1', false],
    ['127.0.0.1', true], ['203.0.113.10', false], ['fd00::1', true], ['FC12:3::1', true], ['fe80::1', false], ['::1', true], ['2001:db8::1', false],
  ])('%s: %s', (address, wanted) => expect(isPrivate(address)).toBe(wanted));
});

describe('mountUnit', () => {
  // as `systemd-escape --path --suffix=mount` says
  it.each([['/srv/data', 'srv-data.mount'], ['/data', 'data.mount'], ['/mnt/a_b/c.d', 'mnt-a_b-c.d.mount']])('%s: %s', (path, wanted) => expect(mountUnit({ path })).toBe(wanted));
});
