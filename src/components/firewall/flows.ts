// Who may connect to what on a host: from the ports that components offer, sshd, and what the inventory opens besides.
// The firewall and the exposure report are two prints of this one list.
import { isIPv6, isLoopback, isPrivate, isWithin } from '../../kit/address.ts';
import type { Offers } from '../../contract/component.ts';
import { pathText, type Path } from '../../contract/diagnostic.ts';
import { ANYONE } from '../../contract/host.ts';
import type { Host, Peers } from '../../contract/model.ts';
import type { Firewall } from './schema.ts';

export interface Flow {
  readonly port: number;
  readonly protocol: 'tcp' | 'udp';
  /** Of the host; null for all of them. */
  readonly address: string | null;
  readonly from: Peers;
  /** It may belong to a container, whose connections the kernel forwards. */
  readonly forwarded: boolean;
  readonly why: string;
  readonly at: Path;
}

/** The open ports of a host, in the order of their numbers; those that only the host itself reaches are left out. */
export function flowsOn(host: Host, section: Firewall | null, offers: Offers): Flow[] {
  const flows: Flow[] = [{
    port: host.ssh.port ?? 22, protocol: 'tcp', address: null, from: section?.ssh ?? ANYONE, forwarded: false,
    why: 'ssh', at: host.ssh.port === null ? host.at : [...host.at, 'ssh', 'port'],
  }];
  for (const { port, address, from, why, at } of offers.on(host, 'port')) {
    const others = [...from.hosts].filter(one => one !== host);
    if (isLoopback(address) || (!from.anyone && others.length + from.networks.length === 0)) continue;
    flows.push({
      port, protocol: 'tcp', address: address === '0.0.0.0' ? null : address, why, at, forwarded: false,
      from: { ...from, hosts: new Set(others) },
    });
  }
  for (const one of Object.values(section?.open ?? {}).filter(({ hosts }) => hosts.has(host))) {
    flows.push({
      port: one.port, protocol: one.protocol, address: null, from: one.from, forwarded: true, why: one.why, at: one.at,
    });
  }
  const key = (flow: Flow): string =>
    `${String(flow.port).padStart(5, '0')} ${flow.protocol} ${flow.address ?? ''} ${pathText(flow.at)}`;
  return flows.sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

/** From which addresses a host connects to `address`: the private one to a private one. */
const sourcesOf = (peer: Host, address: string | null): string[] => {
  const all = [peer.address, ...peer.private === null ? [] : [peer.private]];
  if (address === null) return all;
  return [isPrivate(address) ? peer.private ?? peer.address : peer.address];
};

/** What is compared with the source of a packet: one match per family and network; one that matches all for anyone. */
export function sourceMatches({ from, address }: Flow): { family: 'ip' | 'ip6'; addresses: string[] }[] | null {
  if (from.anyone) return null;
  const wanted = (ipv6: boolean, all: readonly string[]): string[] =>
    all.filter(one => isIPv6(one) === ipv6 && (address === null || isIPv6(address) === ipv6)).sort();
  const hosts = [...new Set([...from.hosts].flatMap(peer => sourcesOf(peer, address)))];
  return ([['ip', false], ['ip6', true]] as const).flatMap(([family, ipv6]) => {
    const together = wanted(ipv6, hosts);
    // a set refuses networks that overlap, so each has a separate rule
    return [...together.length ? [together] : [], ...wanted(ipv6, from.networks).map(one => [one])]
      .map(addresses => ({ family, addresses }));
  });
}

/** Whether a connection of that host to that address gets through. */
export const letsIn = (flow: Flow, peer: Host, address: string): boolean =>
  flow.from.anyone || flow.from.hosts.has(peer)
  || flow.from.networks.some(network => sourcesOf(peer, address).some(source => isWithin(source, network)));

/** One line of the exposure report. */
export function exposureLine(flow: Flow, filtered: boolean): object {
  const { port, protocol, from, address, why, at } = flow;
  const who = !filtered ? (address !== null && isPrivate(address) ? 'the private network' : 'anyone')
    : from.anyone ? 'anyone' : [...[...from.hosts].map(({ name }) => name), ...from.networks].sort().join(',');
  return { at, port, protocol, address: address ?? 'all', who, why, key: pathText(at) };
}
