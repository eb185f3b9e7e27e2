// Hosts, sets of them, and who may connect.
import type { HostWritten } from '../schema/hosts.ts';
import type { Item } from './named.ts';

export type Host = Readonly<Item<HostWritten>>;
export type Hosts = ReadonlySet<Host>;

/**
 * Who may connect to something: anyone, or hosts of the fleet and networks
 * outside of it; nobody: the host itself alone.
 */
export interface Peers {
  readonly anyone: boolean;
  readonly hosts: Hosts;
  readonly networks: readonly string[];
}

/** Everybody may connect. */
export const ANYONE: Peers = { anyone: true, hosts: new Set(), networks: [] };

/** These hosts may connect, and no one else; none: the host itself alone. */
export const onlyHosts = (hosts: Iterable<Host>): Peers => ({ anyone: false, hosts: new Set(hosts), networks: [] });
