// What a rehearsal asks of sites: each path by the site's own name, over TLS, from a host that may connect.
import { addressOf } from '../../kit/address.ts';
import type { Host, Model } from '../../contract/model.ts';
import type { Served, Proof } from '../../contract/proof.ts';
import { balancersOf, isInner, portOf, serverName } from './reach.ts';
import type { PathTarget, Site, Sites } from './schema.ts';

/** A path to ask for, and what is behind it, through other sites too. */
interface Asked { readonly path: string; readonly target: PathTarget; readonly closed: boolean }

/** The path of a site that nginx takes for another one. */
const matched = (site: Site, path: string): string | undefined => Object.keys(site.paths)
  .filter(one => one === '/' || path === one || path.startsWith(`${one}/`))
  .sort((a, b) => b.length - a.length)[0];

function askedOf(site: Site): Asked[] {
  if (site.maintenance) return Object.entries(site.paths).map(([path, target]) => ({ path, target, closed: true }));
  return Object.entries(site.paths).flatMap(([path, target]) => {
    if (target.site === null) return [{ path, target, closed: false }];
    const inner = askedOf(target.site);
    // a path stays as it is on its way through: what is behind it there, and all that lies below it
    const under = inner.filter(one => one.path !== path && matched(site, one.path) === path);
    const same = inner.find(one => one.path === matched(target.site as Site, path));
    return [...same ? [{ ...same, path }] : [], ...under];
  });
}

/** The words of the script that asks: what is expected stands first. */
function expected({ target, closed }: Asked): string {
  if (closed) return 'closed';
  return target.app !== null ? 'app' : target.redirect !== null ? `redirect ${target.redirect}` : 'dir';
}

function proofsOn(sites: Sites, site: Site, host: Host, model: Model): Proof[] {
  const inner = isInner(sites, site);
  const [clients, address] = inner ? [balancersOf(sites, site), addressOf(host)] : [model.hosts, host.address];
  const name = serverName(site);
  const tls = site.certificate !== null;
  const shared = {
    step: `site ${site.name}`, host, when: 'live',
    from: [...clients.filter(one => one !== host), ...inner ? [] : [host]],
  } as const;
  const ask = (path: string, what: string, port = portOf(site), scheme = tls ? 'https' : 'http'): Proof['ask'] => ({
    script: 'src/components/sites/prove.sh', words: [scheme, name, address, String(port), path, what],
  });
  const split = tls && !inner && portOf(site) !== 80 && site.http === 'redirect';
  return [
    ...askedOf(site).map((one): Proof => {
      const app = one.target.app && (model.apps.find(app => app.name === one.target.app?.name) ?? null);
      const place: Served = { address, port: portOf(site), name, tls, path: one.path };
      const isOwn = Object.values(site.paths).includes(one.target) && site.limit === null && !one.closed;
      return {
        ...shared, ask: ask(one.path, expected(one)),
        ...app === null || one.closed ? {} : { app, ...isOwn && app.hosts.has(host) ? { place } : {} },
        ...app === null || app.hosts.has(host) ? {} : { needs: [...app.hosts] },
      };
    }),
    ...split ? [{ ...shared, ask: ask('/', `redirect https://${name}/`, 80, 'http') } satisfies Proof] : [],
  ];
}

/** All paths of all sites, on each of their hosts. */
export const siteProofs = (sites: Sites, model: Model): Proof[] =>
  Object.values(sites).flatMap(site => [...site.hosts].flatMap(host => proofsOn(sites, site, host, model)));
