// What a schema cannot say of sites.
import { error, type Diagnostic, type Path } from '../../contract/diagnostic.ts';
import type { Host } from '../../contract/model.ts';
import { knownNames } from '../../kit/nearest.ts';
import { balancersOf, isInner, listensOf, pointersOf } from './reach.ts';
import type { Site, Sites } from './schema.ts';

/** All that is wrong with sites. */
export function checkSites(sites: Sites): Diagnostic[] {
  const all = Object.values(sites);
  return all.flatMap((site, i) => [
    ...domains(site), ...paths(site), ...circle(site), ...pool(site),
    ...isInner(sites, site) ? inner(sites, site) : [],
    ...all.slice(0, i).flatMap(other => sameDomain(sites, other, site)),
  ]);
}

/** RFC 1123, 2.1; a "*" may stand for the first label (RFC 6125, 6.4.3). */
const DOMAIN = /^(\*\.)?[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/;

const domains = (site: Site): Diagnostic[] =>
  site.domains.flatMap((domain, i) => (DOMAIN.test(domain) && domain.length < 254 ? []
    : [error('sites/domain', [...site.at, 'domains', i], `invalid domain "${domain}"`, {
      hint: 'use lower case, such as www.example.com or *.example.com',
    })]));

function paths(site: Site): Diagnostic[] {
  const found: Diagnostic[] = [];
  for (const [path, target] of Object.entries(site.paths)) {
    const at = [...site.at, 'paths', path];
    if (!/^(\/|(\/[A-Za-z0-9._~@:+-]+)+)$/.test(path) || path.split('/').some(part => part === '.' || part === '..')) {
      found.push(error('sites/path', at, `invalid path "${path}"`, {
        onKey: true, hint: 'such as / or /api, without a trailing slash',
      }));
    }
    if ([target.app, target.site, target.dir, target.redirect].filter(one => one !== null).length !== 1) {
      const message = `path "${path}" must set exactly one of "app", "site", "dir", "redirect"`;
      found.push(error('sites/one-target', at, message, { onKey: true }));
    }
    if (target.dir !== null && !/^(\/[A-Za-z0-9_.@+-]+)+$/.test(target.dir)) {
      found.push(error('sites/dir', [...at, 'dir'], `invalid directory "${target.dir}"`, {
        hint: 'such as /srv/www, without a trailing slash',
      }));
    }
    const without = target.app && [...site.hosts].find(host => !target.app?.hosts.has(host));
    if (without) {
      const message = `app "${target.app?.name ?? ''}" does not run on host "${without.name}"`;
      found.push(error('sites/app-elsewhere', [...at, 'app'], message, {
        hint: 'declare a site on the hosts of the app, and point to it: {site: NAME}',
        see: { message: `hosts of "${target.app?.name ?? ''}"`, at: [...target.app?.at ?? [], 'hosts'] },
      }));
    }
  }
  return found;
}

/** A site whose paths lead back to it. */
function circle(site: Site): Diagnostic[] {
  const seen = new Set<Site>();
  const leadsBack = (from: Site): boolean => Object.values(from.paths).some(({ site: next }) => {
    if (next === site) return true;
    if (next === null || seen.has(next)) return false;
    seen.add(next);
    return leadsBack(next);
  });
  return leadsBack(site) ? [error('sites/circle', [...site.at, 'paths'], `site "${site.name}" points back to itself`, {
    onKey: true, hint: 'end the chain with "app", "dir" or "redirect"',
  })] : [];
}

/** Weights and draining name only hosts of the site. */
function pool(site: Site): Diagnostic[] {
  const names = [...site.hosts].map(({ name }) => name);
  const found: Diagnostic[] = [];
  const named: [string, Path][] = [
    ...Object.keys(site.weights).map((name): [string, Path] => [name, [...site.at, 'weights', name]]),
    ...site.drain.map(({ name }, i): [string, Path] => [name, [...site.at, 'drain', i]]),
  ];
  for (const [name, at] of named) {
    if (!names.includes(name)) {
      found.push(error('sites/not-its-host', at, `site "${site.name}" does not run on host "${name}"`, {
        onKey: at.at(-2) === 'weights', hint: knownNames(name, names, 'hosts of the site'),
      }));
    }
  }
  if (names.every(name => site.drain.some(host => host.name === name))) {
    found.push(error('sites/all-drained', [...site.at, 'drain'], `all hosts of site "${site.name}" are drained`, {
      hint: 'remove one from "drain", or set "maintenance"',
    }));
  }
  return found;
}

function inner(sites: Sites, site: Site): Diagnostic[] {
  const [by] = pointersOf(sites, site);
  const see = by && { message: `site "${by.name}" points to it`, at: [...by.at, 'paths'] };
  const from = balancersOf(sites, site);
  const remote = (host: Host): boolean => from.some(one => one !== host);
  const found: Diagnostic[] = [];
  const bare = [...site.hosts].find(host => remote(host) && host.private === null);
  if (bare) {
    const message = `site "${site.name}" would listen for other hosts on the public address of host "${bare.name}"`;
    found.push(error('sites/no-private', [...site.at, 'hosts'], message, {
      hint: 'set "private" of the host', ...see ? { see } : {},
    }));
  }
  if (site.certificate === null && [...site.hosts].some(remote)) {
    found.push(error(
      'sites/unencrypted', site.at, `requests to site "${site.name}" would cross the network unencrypted`, {
        onKey: true, hint: 'set "certificate: internal"', ...see ? { see } : {},
      },
    ));
  }
  return found;
}

/** Of two sites with one domain at one place the second is never asked. */
function sameDomain(sites: Sites, first: Site, second: Site): Diagnostic[] {
  const domain = second.domains.find(one => first.domains.includes(one));
  const host = [...second.hosts].find(one => first.hosts.has(one));
  if (domain === undefined || host === undefined) return [];
  const places = listensOf(sites, first, host).map(({ address, port }) => `${address} ${port}`);
  if (!listensOf(sites, second, host).some(({ address, port }) => places.includes(`${address} ${port}`))) return [];
  const at = (site: Site): Path => [...site.at, 'domains', site.domains.indexOf(domain)];
  const message = `domain "${domain}" on host "${host.name}" is already used by site "${first.name}"`;
  return [error('sites/domain-twice', at(second), message, {
    hint: 'declare one site with several paths', see: { message: `site "${first.name}"`, at: at(first) },
  })];
}
