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
}, { description: 'What answers: one of "app", "site", "dir" and "redirect".' });

const limit = object({
  rate: Type.String({
    pattern: '^[1-9][0-9]{0,5}r/[sm]$', rule: 'such as 10r/s or 100r/m',
    description: 'Requests of one client address, such as 10r/s.',
  }),
  burst: filled(Type.Integer({
    minimum: 0, maximum: 100000, description: 'Requests above the rate that are still let through at once.',
  }), 20),
}, { description: 'Beyond it a client address gets 429.' });

const site = object({
  hosts: filled(selector({ description: 'Hosts whose nginx serves the site.' }), 'all'),
  domains: Type.Array(Type.Unsafe<string>({
    type: 'string', minLength: 1, text: [],
    description: 'A domain in lower case, such as www.example.com or *.example.com.',
  }), { minItems: 1, uniqueItems: true, description: 'Domains of the site; requests for any other are not answered.' }),
  certificate: orNull<string>(Type.String({
    pattern: '^[a-z][a-z0-9-]{0,31}$', rule: 'internal, acme or the name of one of certs.own',
    description: 'internal: signed by the fleet\'s own CA; acme: by Let\'s Encrypt; else the name of one of '
      + 'certs.own. Absent: plain HTTP.',
  })),
  port: orNull<number>(port(
    'Port instead of 443, or 80 without a certificate. A site that other sites point to listens on the private '
      + 'address and lets in only their hosts.',
  )),
  http: filled(Type.String({
    enum: ['redirect', 'serve'],
    description: 'What a public site with a certificate does on port 80: send clients to https, or answer there too.',
  }), 'redirect'),
  paths: map(target, {
    description: 'What answers, by path. A path means itself and all below it; the longest one wins.',
  }, 'path'),
  balance: filled(Type.String({
    enum: ['round-robin', 'least_conn', 'ip_hash'],
    description: 'How sites that point here spread requests over its hosts; ip_hash keeps a client on one.',
  }), 'round-robin'),
  weights: filled(map(Type.Integer({ minimum: 1, maximum: 1000, description: 'Its share.' }), {
    description: 'Shares by host; 1 where nothing is said.',
  }, 'name'), {}),
  drain: filled(Type.Array(hostRef({ description: 'Name of a host.' }), {
    uniqueItems: true, description: 'Hosts that get no new requests; those under way end by themselves.',
  }), []),
  fails: filled(Type.Integer({
    minimum: 0, maximum: 100,
    description: 'So many failures within failTimeout take a host out for as long; 0 takes none out.',
  }), 1),
  failTimeout: filled(word('duration', { description: 'See "fails".' }), '10s'),
  timeout: orNull<string>(word('duration', {
    description: 'Longest silence of a request; default the longest of the apps behind the site.',
  })),
  bodySize: orNull<string>(word('size', {
    description: 'Largest request body; default the largest of the apps behind the site.',
  })),
  gzip: filled(Type.Boolean({
    description: 'Compress texts. Not where a page holds a secret beside what a client sent: its length tells the '
      + 'secret (BREACH).',
  }), false),
  limit: orNull<{ readonly rate: string; readonly burst: number }>(limit),
  hsts: orNull<number>(Type.Integer({
    minimum: 1, maximum: 3650,
    description: 'Days for which browsers ask by https only, also if you would like http again.',
  })),
  ocsp: filled(Type.Boolean({
    description: 'Staple the issuer\'s word that the certificate is not revoked, where it has a place to ask.',
  }), false),
  headers: filled(map(word('line', { description: 'Its value; an empty one leaves the header out.' }), {
    description: 'Headers of every answer, over those that a public site has: X-Content-Type-Options, '
      + 'X-Frame-Options, Referrer-Policy.',
  }, 'word'), {}),
  maintenance: filled(Type.Boolean({
    description: 'Answer 503 with a short page. On a host: touch /etc/nginx/maintenance/NAME, without a reload.',
  }), false),
}, { description: 'A site: domains, a certificate, and what answers.' });

export const schema = entries(site, { description: 'Sites by name.' });

type Written = Static<typeof site>;
export type Target = { readonly app: App
  | null; readonly site: Site | null; readonly dir: string | null; readonly redirect: string | null };
/** A site as resolved: what it refers to are the objects themselves. */
export type Site = Item<Readonly<Omit<Written, 'paths' | 'hosts' | 'drain'>> & {
  readonly hosts: Hosts; readonly drain: readonly Host[]; readonly paths: Readonly<Record<string, Target>>;
}>;
export type Sites = Readonly<Record<string, Site>>;
