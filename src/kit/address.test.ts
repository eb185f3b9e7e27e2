import { describe, expect, it } from 'vitest';
import { isLoopback, isNetwork, isPrivate, isWithin } from './address.ts';

describe('isPrivate', () => {
  it.each([
    ['10.0.0.1', true], ['11.0.0.1', false], ['110.0.0.1', false], ['172.15.0.1', false], ['172.16.0.1', true],
    ['172.31.255.255', true], ['172.32.0.1', false],
    ['192.168.0.1', true], ['192.169.0.1', false], ['100.63.0.1', false], ['100.64.0.1', true], ['100.127.0.1', true],
    ['100.128.0.1', false],
    ['127.0.0.1', true], ['203.0.113.10', false], ['fd00::1', true], ['FC12:3::1', true], ['fe80::1', false],
    ['::1', true], ['2001:db8::1', false],
  ])('%s: %s', (address, wanted) => expect(isPrivate(address)).toBe(wanted));
});

describe('isNetwork', () => {
  it.each([
    ['192.0.2.1', true], ['192.0.2.0/24', true], ['0.0.0.0/0', true], ['192.0.2.0/33', false], ['192.0.2.256', false],
    ['192.0.2', false], ['192.0.2.1/', false],
    ['2001:db8::/32', true], ['::/0', true], ['::1', true], ['2001:db8::/129', false], ['tag:edge', false],
    ['region:eu', false], ['web1', false], ['2001:db8', false],
  ])('%s: %s', (text, wanted) => expect(isNetwork(text)).toBe(wanted));
});

it('isLoopback', () => {
  expect(['127.0.0.1', '127.9.9.9', '::1', '10.0.0.1', '0.0.0.0'].map(isLoopback))
    .toEqual([true, true, true, false, false]);
});

it('knows which network an address is in', () => {
  expect([
    isWithin('10.8.0.1', '10.8.0.0/24'), isWithin('10.8.1.1', '10.8.0.0/24'), isWithin('10.8.0.1', '10.8.0.1'),
    isWithin('2001:db8:0:1::7', '2001:db8::/32'), isWithin('2001:db9::1', '2001:db8::/32'),
    isWithin('10.8.0.1', '::/0'), isWithin('198.51.100.7', '0.0.0.0/0'),
  ]).toEqual([true, false, true, true, false, false, true]);
});
