// Who points to whom, and where a site is reached: what the checks, the offers and the files of sites have in common.
import { addressOf } from '../../kit/address.ts';
import { seconds } from '../../kit/duration.ts';
import type { App, Host } from '../../contract/model.ts';
import type { Site, Sites, PathTarget } from './schema.ts';

/** Where nginx listens for a site on a host. */
export interface Listen {
  readonly address: string;
  readonly port: number;
  readonly tls: boolean;
}

/** The sites one of whose paths leads to this one. */
export const pointersOf = (sites: Sites, site: Site): Site[] =>
  Object.values(sites).filter(one => Object.values(one.paths).some(target => target.site === site));

/** A site that others point to is reached by their hosts alone. */
export const isInner = (sites: Sites, site: Site): boolean => pointersOf(sites, site).length > 0;

/** The hosts that pass requests on to a site, in the order of their names. */
export const balancersOf = (sites: Sites, site: Site): Host[] =>
  [...new Set(pointersOf(sites, site).flatMap(one => [...one.hosts]))].sort((a, b) => (a.name < b.name ? -1 : 1));

/** An address as nginx and URLs want it. */
export const bracketed = (address: string): string => (address.includes(':') ? `[${address}]` : address);

export const portOf = (site: Site): number => site.port ?? (site.certificate === null ? 80 : 443);

/**
 * Where nginx listens for a site: the private address for an inner one; port 80
 * too for a public one with a certificate.
 */
export function listensOf(sites: Sites, site: Site, host: Host): Listen[] {
  const tls = site.certificate !== null;
  if (isInner(sites, site)) return [{ address: addressOf(host), port: portOf(site), tls }];
  const all = host.address.includes(':') ? ['0.0.0.0', '::'] : ['0.0.0.0'];
  return all.flatMap(address => [
    { address, port: portOf(site), tls }, ...tls && portOf(site) !== 80 ? [{ address, port: 80, tls: false }] : [],
  ]);
}

/** The domain by which a site proves itself to those that point to it; any that a wildcard covers. */
export const serverName = (site: Site): string => (site.domains[0] ?? '').replace('*', 'any');

const targets = (site: Site): PathTarget[] => Object.values(site.paths);

/** All apps behind a site, also through other sites. Sites in a circle are refused before anybody asks. */
export const appsBehind = (site: Site): App[] =>
  targets(site).flatMap(({ app, site: next }) => [...app ? [app] : [], ...next ? appsBehind(next) : []]);

const UNITS: Readonly<Record<string, number>> = { k: 1, m: 2, g: 3 };
/** Bytes; 0 means without limit in nginx. */
const bytes = (size: string): number =>
  (size === '0' ? Infinity : Number.parseInt(size, 10) * 1024 ** (UNITS[size.at(-1) ?? ''] ?? 0));
const most = <T>(values: readonly T[], rank: (value: T) => number, least: T): T =>
  values.reduce((best, value) => (rank(value) > rank(best) ? value : best), values[0] ?? least);

/** As written, or the largest of the apps behind it. */
export const bodySizeOf = (site: Site): string =>
  site.bodySize ?? most(appsBehind(site).map(app => app.bodySize), bytes, '1m');
/** As written, or the longest of the apps behind it. */
export const timeoutOf = (site: Site): string =>
  site.timeout ?? most(appsBehind(site).map(app => app.timeout), seconds, '60s');
