/**
 * The network of a fleet: a bridge in a separate network namespace, and a cable (veth) from the machine into it.
 * The namespace keeps the hosts' addresses apart from the machine's and from other fleets', and keeps the machine's
 * firewall off the bridge: with br_netfilter a FORWARD policy of DROP, as Docker sets it, would apply to it otherwise.
 * The hosts have no default route: there is no way out.
 */
import { existsSync } from 'node:fs';
import { isIPv4 } from 'node:net';
import { demand, runNow } from '../process/run.ts';

export interface HostAddresses {
  /** Where the machine reaches the host, inside the range of the fleet. */
  management: string;
  /** As in the inventory, "10.8.0.1" or "10.8.0.1/16". Without a length: /24, IPv6 /64. */
  addresses: string[];
}

export interface NetworkOptions {
  /** The machine's address as hosts see it; null for the first of the range of the fleet. */
  operator: string | null;
  /** Whether the machine itself reaches the hosts at their inventory's IPv4 addresses. */
  routed: boolean;
}

/** Name of the machine's end of the cable and of the namespace: at most 15 characters, IFNAMSIZ in netdevice(7). */
export function networkName(slot: number): string {
  return `vgen${slot}`;
}

/** The bridge's name inside the namespace. */
export const bridge = 'br0';

/** The file that `nsenter --net=` takes. */
export function namespaceFile(slot: number): string {
  return `/run/netns/${networkName(slot)}`;
}

/** Address `number` of the range of the fleet, 10.213.<slot>.0/24; 1 is the machine. */
export function managementAddress(slot: number, number: number): string {
  return `10.213.${slot}.${number}`;
}

/** Whether nothing has the slot's names, no route of the machine leads into its range, and no address is from it. */
export function rangeIsFree(slot: number, addresses: string[]): boolean {
  const prefix = `10.213.${slot}.`;
  const routes = runNow('ip', ['-4', 'route', 'show', 'root', `${prefix}0/24`]).stdout.trim();
  return routes === '' && !existsSync(namespaceFile(slot)) && !addresses.some(address => address.startsWith(prefix));
}

/** @throws Error when the machine already has a route to one of the addresses that it shall reach (`routed`). */
export async function makeNetwork(slot: number, hosts: HostAddresses[], options: NetworkOptions): Promise<void> {
  const name = networkName(slot);
  const inside = ['-n', name];
  await demand('ip', ['netns', 'add', name]);
  await demand('ip', [...inside, 'link', 'set', 'dev', 'lo', 'up']);
  await demand('ip', [...inside, 'link', 'add', 'name', bridge, 'type', 'bridge', 'forward_delay', '0']);
  await demand('ip', [...inside, 'link', 'set', 'dev', bridge, 'up']);
  await demand('ip', ['link', 'add', 'name', name, 'type', 'veth', 'peer', 'name', 'machine', 'netns', name]);
  await demand('ip', [...inside, 'link', 'set', 'dev', 'machine', 'master', bridge, 'up']);
  await demand('ip', ['address', 'add', `${managementAddress(slot, 1)}/24`, 'dev', name]);
  await demand('ip', ['link', 'set', 'dev', name, 'up']);
  const source: string[] = [];
  if (options.operator !== null) {
    await demand('ip', ['address', 'add', `${options.operator}/32`, 'dev', name]);
    source.push('src', options.operator);
    await demand('ip', ['route', 'replace', `${managementAddress(slot, 0)}/24`, 'dev', name, ...source]);
  }
  if (!options.routed) return;
  for (const address of hosts.flatMap(host => host.addresses).map(bare).filter(isIPv4)) {
    await demand('ip', ['route', 'add', `${address}/32`, 'dev', name, ...source]);
  }
}

/** Removes the fleet's namespace with all that is in it, and the cable. Blocks; nothing happens when there is none. */
export function removeNetworkNow(slot: number): void {
  // The cable first: a namespace dies some time after its name is gone, and so would the cable's end here.
  runNow('ip', ['link', 'delete', 'dev', networkName(slot)]);
  runNow('ip', ['netns', 'delete', networkName(slot)]);
}

/** Pulls a host's plug (`down`) or puts it back: the host keeps its addresses. */
export async function setPlug(slot: number, machine: string, state: 'up' | 'down'): Promise<void> {
  await demand('ip', ['-n', networkName(slot), 'link', 'set', 'dev', `vb-${machine}`, state]);
}

/**
 * The systemd-networkd file of one host, systemd.network(5): its addresses, and a route to each address of its peers
 * and of the operator that none of its prefixes covers. As on real networks a private address is the source towards
 * private ones, and a public one towards public ones, when the host has both.
 */
export function networkFile(self: HostAddresses, peers: HostAddresses[], operator: string | null): string {
  const own = self.addresses.map(withLength);
  const targets = [...peers.flatMap(peer => peer.addresses).map(bare), ...(operator === null ? [] : [operator])];
  const routes = [...new Set(targets)].filter(target => !own.some(prefix => covers(prefix, target))).map(target => {
    const family = self.addresses.map(bare).filter(address => isIPv4(address) === isIPv4(target));
    const source = family.find(address => isPrivate(address) === isPrivate(target)) ?? family[0];
    // IPv6 knows no scopes for routes.
    const destination = isIPv4(target) ? [`Destination=${target}/32`, 'Scope=link'] : [`Destination=${target}/128`];
    return ['[Route]', ...destination, ...(source === undefined ? [] : [`PreferredSource=${source}`]), ''].join('\n');
  });
  return [
    '[Match]', 'Name=host0', '',
    '[Network]', ...own.map(address => `Address=${address}`), `Address=${self.management}/24`,
    'LinkLocalAddressing=ipv6', 'IPv6AcceptRA=no', 'LLMNR=no', 'MulticastDNS=no',
    'IPv6DuplicateAddressDetection=0', 'ConfigureWithoutCarrier=yes', '', ...routes,
  ].join('\n');
}

/** "10.8.0.1/16" → "10.8.0.1" */
export function bare(address: string): string {
  return address.split('/')[0] ?? address;
}

function withLength(address: string): string {
  return address.includes('/') ? address : `${address}/${isIPv4(address) ? 24 : 64}`;
}

/** Whether one of its prefixes leads to `target` anyway. IPv6: always no, a route too many does no harm. */
function covers(prefix: string, target: string): boolean {
  if (!isIPv4(bare(prefix)) || !isIPv4(target)) return false;
  const length = Number(prefix.split('/')[1]);
  const shift = 2 ** (32 - length);
  return Math.floor(numberOf(bare(prefix)) / shift) === Math.floor(numberOf(target) / shift);
}

function numberOf(address: string): number {
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}

/** RFC 1918 and RFC 4193. */
function isPrivate(address: string): boolean {
  return /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|f[cd])/i.test(address);
}
