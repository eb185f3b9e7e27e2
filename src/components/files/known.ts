// What vgen knows of paths that are not its: which of them lead into a host, and which program judges them.
import type { Checker } from '../../contract/component.ts';

/**
 * A wrong file here can keep everybody out: ssh, firewall, network, the right to become root. A "/" ends a directory.
 */
const WAYS_IN = [
  '/etc/netplan/', '/etc/network/', '/etc/nftables.conf', '/etc/nftables.d/', '/etc/pam.d/', '/etc/ssh/',
  '/etc/sudoers', '/etc/sudoers.d/',
  '/etc/systemd/network/', '/etc/wireguard/',
];

/** Whether a change of the file has to be confirmed over a new connection. */
export const leadsIn = (path: string): boolean =>
  WAYS_IN.some(way => (way.endsWith('/') ? path.startsWith(way) : path === way));

const CHECKERS: readonly (readonly [RegExp, Checker])[] = [
  [/^\/etc\/nftables(\.conf$|\.d\/)/, 'nft'],
  [/^\/etc\/ssh\/sshd_config(\.d\/.+\.conf)?$/, 'sshd'],
  // sudo reads no file with a dot or a "~" at the end in its name: sudoers(5), "Including other files"
  [/^\/etc\/sudoers(\.d\/[^.]*[^.~])?$/, 'sudoers'],
];

/** The program that judges the file before it is used; null if there is none. */
export const checkerOf = (path: string): Checker | null =>
  CHECKERS.find(([pattern]) => pattern.test(path))?.[1] ?? null;

/**
 * Units of Debian's and Ubuntu's base system: they can be reloaded and restarted, and are neither enabled nor started.
 */
export const BASE_UNITS: readonly string[] = [
  'cron.service', 'networking.service', 'nftables.service', 'ssh.service', 'systemd-journald.service',
  'systemd-logind.service',
  'systemd-networkd.service', 'systemd-resolved.service', 'systemd-sysctl.service', 'systemd-timesyncd.service',
  'systemd-udevd.service',
];
