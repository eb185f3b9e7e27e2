// Sites: what nginx answers for which domains. A site on the hosts of the apps passes requests to
// their live slots over a socket; one on a load balancer passes them on to such a site, encrypted
// anew, and trusts it only by its certificate.
import { addressOf } from '../../kit/address.ts';
import { CA, certificateFiles } from '../../kit/certificate-files.ts';
import { component, entriesOn, type NamedAnswer, type FileSpec, type Offer } from '../../contract/component.ts';
import type { Path } from '../../contract/diagnostic.ts';
import { directory, file, filesOf, reload } from '../../kit/files.ts';
import { ANYONE, onlyHosts } from '../../contract/host.ts';
import type { App, Host, Model } from '../../contract/model.ts';
import { checkSites } from './check.ts';
import { siteProofs } from './prove.ts';
import {
  balancersOf, bodySizeOf, bracketed, isInner, listensOf, portOf, serverName, timeoutOf, type Listen,
} from './reach.ts';
import type { Site, Sites, PathTarget } from './schema.ts';

const UNIT = 'nginx.service';
const DEFAULTS = '/etc/nginx/sites/_default.conf';
const { template } = filesOf('sites');
/** What a browser is told of every answer of a public site. */
const HEADERS = {
  'Referrer-Policy': 'strict-origin-when-cross-origin', 'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'SAMEORIGIN',
};

const on = (sites: Sites, host: Host): Site[] => entriesOn(sites, host);
const fileOf = (site: Site): string => `/etc/nginx/sites/${site.name}.conf`;
const placeOf = ({ address, port }: Listen): string => `${bracketed(address)}:${port}`;
/** The directory of its certificate; one that is brought along may serve many sites. */
const certificateOf = ({ certificate, name }: Site): string =>
  (certificate === 'internal' || certificate === 'acme' ? `site-${name}` : `own-${certificate ?? ''}`);
/** It is verified by what the system knows of public CAs. */
const isPublic = ({ certificate }: Site): boolean => certificate !== null && certificate !== 'internal';

/** A reference leads to the app as it was written; this is the app with its derived names. */
const appOf = ({ app }: PathTarget, model: Model): App | null =>
  (app && model.apps.find(({ name }) => name === app.name)) ?? null;

function offer(sites: Sites, host: Host, model: Model): Offer[] {
  const here = on(sites, host);
  if (here.length === 0) return [];
  const [first] = here as [Site];
  const why = `site "${first.name}"`;
  return [
    { kind: 'package', name: 'nginx-light', why, at: first.at },
    ...here.some(site => (site.ocsp && site.certificate !== null) || upstreamsOf(site).some(isPublic))
      ? [{ kind: 'package', name: 'ca-certificates', why: 'knows the public CAs', at: first.at } as const] : [],
    ...here.some(site => upstreamsOf(site).some(({ certificate }) => certificate === 'internal'))
      ? [{ kind: 'trust', onChange: reload(UNIT), why, at: first.at } as const]
      : [],
    { kind: 'unit', name: UNIT, downtime: 'every site and app of the host for about a second', why, at: first.at },
    { kind: 'http', path: DEFAULTS, why: 'where sites listen', at: ['sites'] },
    ...here.flatMap(site => [
      {
        kind: 'http', path: fileOf(site), apps: Object.values(site.paths).flatMap(target => appOf(target, model) ?? []),
        why: `site "${site.name}"`, at: site.at,
      } as const,
      ...site.certificate === null ? [] : [{
        kind: 'certificate', name: certificateOf(site), names: site.domains, group: 'www-data',
        then: { do: 'reload', unit: UNIT },
        issuer: site.certificate === 'internal' || site.certificate === 'acme' ? site.certificate
          : { own: site.certificate },
        why: `site "${site.name}"`, at: [...site.at, 'certificate'],
      } as const],
    ]),
    ...portsOf(sites, here, host),
  ];
}

/** Each place once, however many sites share it; open to whoever one of them is for. */
function portsOf(sites: Sites, here: readonly Site[], host: Host): Offer[] {
  const places = new Map<string, { listen: Listen; by: Site[] }>();
  for (const site of here) {
    for (const listen of listensOf(sites, site, host)) {
      // all IPv6 addresses are claimed with all IPv4 ones
      if (listen.address === '::') continue;
      const place = places.get(placeOf(listen)) ?? { listen, by: [] };
      place.by.push(site);
      places.set(placeOf(listen), place);
    }
  }
  return [...places.values()].map(({ listen, by }) => ({
    kind: 'port', port: listen.port, address: listen.address, at: by[0]?.at ?? [],
    from: by.some(site => !isInner(sites, site)) ? ANYONE : onlyHosts(by.flatMap(site => balancersOf(sites, site))),
    why: by.map(site => `site "${site.name}"`).join(', '),
  }));
}

const upstreamsOf = (site: Site): Site[] =>
  [...new Set(Object.values(site.paths).flatMap(target => target.site ?? []))];

function upstreamView(site: Site, to: Site): object {
  const servers = [...to.hosts].sort((a, b) => (a.name < b.name ? -1 : 1)).map(host => ({
    at: host.at, name: host.name, address: `${bracketed(addressOf(host))}:${portOf(to)}`,
    weight: to.weights[host.name] ?? 1,
    fails: to.fails, failTimeout: to.failTimeout, isDrained: to.drain.includes(host),
  }));
  // nginx refuses "backup" beside ip_hash, and never takes out the only server of an upstream
  const takesOut = to.fails > 0 && servers.length > 1 && to.balance !== 'ip_hash';
  return {
    at: to.at, name: `${site.name}_${to.name}`, balance: to.balance === 'round-robin' ? null : to.balance,
    servers, again: takesOut ? servers.filter(({ isDrained }) => !isDrained) : [],
  };
}

/** A path as the places of nginx that it means: itself, and all below it. */
function locationsOf(site: Site, path: string, target: PathTarget, model: Model): object[] {
  const { site: to, dir, redirect } = target;
  const app = appOf(target, model);
  const view = {
    at: [...site.at, 'paths', path], dir, redirect, keepsPath: redirect !== null && /^https?:\/\/[^/]+$/.test(redirect),
    socket: app && `${app.dir}/live/nginx.sock`,
    upstream: to && {
      at: to.at, name: `${site.name}_${to.name}`, scheme: to.certificate === null ? 'http' : 'https',
      host: serverName(to), tries: [...to.hosts].length,
      trusted: to.certificate === 'internal' ? CA : '/etc/ssl/certs/ca-certificates.crt',
    },
    bodySize: app && site.bodySize === null ? app.bodySize : bodySizeOf(site),
    timeout: app && site.timeout === null ? app.timeout : timeoutOf(site),
  };
  return path === '/' ? [{ ...view, path, isExact: false, slash: null }]
    : [{ ...view, path, isExact: true, slash: dir === null ? null : `${path}/` }, {
      ...view, path: `${path}/`, isExact: false, slash: null,
    }];
}

function siteView(sites: Sites, site: Site, host: Host, model: Model): object {
  const inner = isInner(sites, site);
  const listens = listensOf(sites, site, host);
  const listen = (one: Listen): object => ({ at: site.at, place: placeOf(one), tls: one.tls, http2: !inner });
  const split = site.certificate !== null && site.http === 'redirect';
  const headers = { ...inner ? {} : HEADERS, ...site.headers };
  const balancers = inner ? balancersOf(sites, site) : [];
  return {
    at: site.at, name: site.name, variable: site.name.replaceAll('-', '_'), domains: site.domains, inner,
    proxies: Object.values(site.paths).some(({ app, site: to }) => app !== null || to !== null),
    split: split && !inner, listens: listens.filter(({ tls }) => tls || !split).map(listen),
    plain: split ? listens.filter(({ tls }) => !tls).map(listen) : [], port: portOf(site),
    certificate: site.certificate === null ? null : certificateFiles(certificateOf(site)).dir,
    isAcme: site.certificate === 'acme',
    from: [...new Set(balancers.flatMap(one => [...one.private === null ? [] : [one.private], one.address]))],
    upstreams: upstreamsOf(site).map(to => upstreamView(site, to)),
    locations: Object.entries(site.paths).sort(([a], [b]) => (a < b ? -1 : 1))
      .flatMap(([path, target]) => locationsOf(site, path, target, model)),
    timeout: timeoutOf(site), bodySize: bodySizeOf(site), gzip: site.gzip, limit: site.limit,
    hsts: site.hsts === null || inner ? null : site.hsts * 86400, ocsp: site.ocsp && site.certificate !== null,
    headers: Object.entries(headers).filter(([, value]) => value !== '')
      .map(([name, value]) => ({ name, value, at: [...site.at, 'headers', name] })),
  };
}

/** What is seen of a site from outside: a change of it may end something. */
function answersOf(site: Site): NamedAnswer[] {
  const isUsual = portOf(site) === (site.certificate === null ? 80 : 443);
  const answer = (path: string, by: NamedAnswer['by'], what: string, at: Path): NamedAnswer[] =>
    site.domains.map(domain => ({ name: isUsual ? domain : `${domain}:${portOf(site)}`, path, by, what, at }));
  if (site.maintenance) return answer('/', 'maintenance', site.name, [...site.at, 'maintenance']);
  return Object.entries(site.paths).flatMap(([path, { app, site: to, dir, redirect }]) => {
    const at = [...site.at, 'paths', path];
    return app ? answer(path, 'app', app.name, at) : to ? answer(path, 'site', to.name, at)
      : dir !== null ? answer(path, 'dir', dir, at) : answer(path, 'redirect', redirect ?? '', at);
  });
}

function files(sites: Sites, host: Host, model: Model): FileSpec[] {
  const here = on(sites, host);
  if (here.length === 0) return [];
  const listens = new Map(here.flatMap(site => listensOf(sites, site, host).map(one =>
    [placeOf(one), { at: site.at, place: placeOf(one), tls: one.tls, http2: !isInner(sites, site) }] as const)));
  const shared = { onChange: [reload(UNIT)], check: 'nginx' } as const;
  return [
    template(DEFAULTS, ['sites'], { listens: [...listens.values()] }, shared),
    ...here.map(site => template(fileOf(site), site.at, siteView(sites, site, host, model), {
      ...shared, as: '/etc/nginx/sites/{site}.conf',
    })),
    directory('/etc/nginx/maintenance', ['sites']),
    ...here.filter(({ maintenance }) => maintenance).map(site => file(
      `/etc/nginx/maintenance/${site.name}`, [...site.at, 'maintenance'],
      { text: `Made by vgen: site ${site.name} is down for maintenance.\n` },
    )),
  ];
}

export const sites = component<Sites | null>({
  name: 'sites',
  summary: 'Domains with their certificates, and what answers by path: apps, files, redirects, sites of other hosts.',
  key: 'sites',
  schema: () => import('./schema.ts'),
  check: ({ section }) => (section ? checkSites(section) : []),
  offer: ({ host, section, model }) => (section ? offer(section, host, model) : []),
  plan: ({ host, section, model }) => (section ? {
    files: files(section, host, model), answers: on(section, host).flatMap(answersOf),
  } : {}),
  prove: ({ section, model }) => (section ? siteProofs(section, model) : []),
});
