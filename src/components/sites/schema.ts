import { Type, type Static } from 'typebox';
import type { App, Host, Hosts, Item, Named } from '../../contract/model.ts';
import { entries, filled, hostRef, map, object, orNull, port, ref, selector, word } from '../../schema/kinds.ts';

const target = object({
  app: orNull<Named>(ref('apps', { description: 'An app of the same hosts; a switch of it needs no reload.' })),
  site: orNull<Named>(ref('sites', {
    description: 'A site of other hosts: requests are balanced over all of them, encrypted again, and its '
      + 'certificate is verified.',
  })),
  dir: orNull<string>(word('path', { description: 'Directory with files that are served as they are.' })),
  redirect: orNull<string>(Type.String({
    pattern: '^https?://[A-Za-z0-9.-]+(:[0-9]+)?(/[A-Za-z0-9_./@+:,=-]*)?$', rule: 'an http or https URL',
    description: 'Where clients are sent to. A URL without a path gets path and query of the request.',
  })),
}, { description: 'Target of a path; set exactly one of "app", "site", "dir", "redirect".' });

const limit = object({
  rate: Type.String({
    pattern: '^[1-9][0-9]{0,5}r/[sm]$', rule: 'such as 10r/s or 100r/m',
    description: 'Requests of one client address, such as 10r/s.',
  }),
  burst: filled(Type.Integer({
    minimum: 0, maximum: 100000, description: 'Requests above the rate that are still admitted at once.',
  }), 20),
}, { description: 'Request limit per client address; beyond it the answer is 429.' });

const site = object({
  hosts: filled(selector({ description: 'Hosts whose nginx serves the site.' }), 'all'),
  domains: Type.Array(Type.Unsafe<string>({
    type: 'string', minLength: 1, text: [],
    description: 'A domain in lower case, such as www.example.com or *.example.com.',
  }), { minItems: 1, uniqueItems: true, description: 'Domains of the site; requests for any other are not answered.' }),
  certificate: orNull<string>(Type.String({
    pattern: '^[a-z][a-z0-9-]{0,31}$', rule: 'internal, acme or a name in certs.own',
    description: 'Certificate: internal (signed by the CA of the fleet), acme (Let\'s Encrypt) or a name in '
      + 'certs.own; without it plain HTTP.',
  })),
  port: orNull<number>(port(
    'Port instead of 443, or 80 without a certificate. A site that other sites point to listens on the private '
      + 'address and lets in only their hosts.',
  )),
  http: filled(Type.String({
    enum: ['redirect', 'serve'],
    description: 'Port 80 of a public site with a certificate: redirect to HTTPS, or serve the site there too.',
  }), 'redirect'),
  paths: map(target, {
    description: 'Targets by path. A path matches itself and everything below it; the longest match wins.',
  }, 'path'),
  balance: filled(Type.String({
    enum: ['round-robin', 'least_conn', 'ip_hash'],
    description: 'Load balancing over the hosts of this site by the sites that point to it; ip_hash keeps a client '
      + 'on one host.',
  }), 'round-robin'),
  weights: filled(map(Type.Integer({ minimum: 1, maximum: 1000, description: 'Weight of the host.' }), {
    description: 'Weights by host; default 1.',
  }, 'name'), {}),
  drain: filled(Type.Array(hostRef({ description: 'Name of a host.' }), {
    uniqueItems: true, description: 'Hosts that get no new requests; requests in progress complete.',
  }), []),
  fails: filled(Type.Integer({
    minimum: 0, maximum: 100,
    description: 'Number of failures within failTimeout that take a host out for that time; 0 takes none out.',
  }), 1),
  failTimeout: filled(word('duration', {
    description: 'Time in which failures are counted, and for which a host is then taken out.',
  }), '10s'),
  timeout: orNull<string>(word('duration', {
    description: 'Longest silence of a request; default the longest of the apps behind the site.',
  })),
  bodySize: orNull<string>(word('size', {
    description: 'Largest request body; default the largest of the apps behind the site.',
  })),
  gzip: filled(Type.Boolean({
    description: 'Compression of text. Not for pages that contain a secret beside input of the client: the length '
      + 'reveals the secret (BREACH).',
  }), false),
  limit: orNull<{ readonly rate: string; readonly burst: number }>(limit),
  hsts: orNull<number>(Type.Integer({
    minimum: 1, maximum: 3650,
    description: 'HSTS in days: for that time browsers use only HTTPS, even after it is removed here.',
  })),
  ocsp: filled(Type.Boolean({
    description: 'OCSP stapling, where the certificate names a responder.',
  }), false),
  headers: filled(map(word('line', { description: 'Value of the header; an empty one removes it.' }), {
    description: 'Response headers, which override those of every public site: X-Content-Type-Options, '
      + 'X-Frame-Options, Referrer-Policy.',
  }, 'word'), {}),
  maintenance: filled(Type.Boolean({
    description: 'Maintenance mode: 503 with a short page. On one host, without a reload: touch '
      + '/etc/nginx/maintenance/NAME',
  }), false),
}, { description: 'A site: its domains, its certificate and its targets.' });

export const schema = entries(site, { description: 'Sites by name.' });

type Written = Static<typeof site>;
export type PathTarget = { readonly app: App
  | null; readonly site: Site | null; readonly dir: string | null; readonly redirect: string | null };
/** A site as resolved: what it refers to are the objects themselves. */
export type Site = Item<Readonly<Omit<Written, 'paths' | 'hosts' | 'drain'>> & {
  readonly hosts: Hosts; readonly drain: readonly Host[]; readonly paths: Readonly<Record<string, PathTarget>>;
}>;
export type Sites = Readonly<Record<string, Site>>;
