// What can be said of an IP address without asking a network.
import type { Host } from '../contract/model.ts';

/** Where other hosts reach a host: its private address if it has one. */
export const addressOf = (host: Host): string => host.private ?? host.address;

/** RFC 1918, 6598 (shared), 4193 (unique local) and loopback. */
export const isPrivate = (address: string): boolean =>
  /^(10\.|127\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|f[cd][0-9a-f]{2}:|::1$)/i.test(
    address,
  );

/** 127.0.0.0/8 and ::1: no other host reaches it. */
export const isLoopback = (address: string): boolean => /^127\.|^::1$/.test(address);

export const isIPv6 = (address: string): boolean => address.includes(':');

const OCTET = '(25[0-5]|2[0-4]\\d|1?\\d?\\d)';
const V4 = new RegExp(`^${OCTET}(\\.${OCTET}){3}(/(3[0-2]|[12]?\\d))?$`);
const V6 = /^(?=.*:.*:)[0-9a-f:]{2,39}(\/(12[0-8]|1[01]\d|[1-9]?\d))?$/i;

/** An address, or a network such as 192.0.2.0/24. */
export const isNetwork = (text: string): boolean => V4.test(text) || V6.test(text);

/** Whether an address belongs to a network such as 192.0.2.0/24 or 2001:db8::/32, or is it. */
export function isWithin(address: string, network: string): boolean {
  const [base = '', length = isIPv6(network) ? '128' : '32'] = network.split('/');
  if (isIPv6(address) !== isIPv6(base)) return false;
  return bitsOf(address).slice(0, Number(length)) === bitsOf(base).slice(0, Number(length));
}

/** An address as 32 or 128 digits. */
function bitsOf(address: string): string {
  if (!isIPv6(address)) return address.split('.').map(one => Number(one).toString(2).padStart(8, '0')).join('');
  const [head, tail] = address.split('::').map(half => half.split(':').filter(Boolean)) as [string[], string[]?];
  const zeros = tail === undefined ? [] : Array<string>(8 - head.length - tail.length).fill('0');
  return [...head, ...zeros, ...tail ?? []].map(one => Number.parseInt(one, 16).toString(2).padStart(16, '0')).join('');
}
