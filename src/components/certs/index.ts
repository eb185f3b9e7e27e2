// Where certificates come from: the bundle of the fleet's own CA, those that are brought along, and certbot for those of
// Let's Encrypt. Who wants one says so by an offer; keys of the other ones are made on their hosts.
import { CA, certificateFiles } from '../../kit/certificate-files.ts';
import { component, takeUpCommand, type FileSpec, type Made, type Offer, type Offers, type OnChange } from '../../contract/component.ts';
import { error, type Diagnostic } from '../../contract/diagnostic.ts';
import { expand, secretsIn } from '../../kit/expand.ts';
import type { Host, Model, Value } from '../../contract/model.ts';
import { knownNames } from '../../kit/nearest.ts';
import type { Certs } from './schema.ts';

type Certificate = Extract<Made, { kind: 'certificate' }>;

const TIMER = 'vgen-acme.timer';
const DNS_FILE = '/etc/vgen/acme-dns.ini';
const at = ['certs'];
const acmeAt = [...at, 'acme'];

const ownName = ({ issuer }: Certificate): string | null => (typeof issuer === 'object' ? issuer.own : null);

function check(section: Certs | null, model: Model, offers: Offers): Diagnostic[] {
  const found: Diagnostic[] = [];
  const first = new Map<string, Certificate>();
  for (const host of model.hosts) {
    for (const one of offers.on(host, 'certificate')) {
      const own = ownName(one);
      if (one.issuer === 'internal' && !section?.ca) {
        found.push(error('certs/no-ca', one.at, `certificate "internal" of ${one.why} needs a CA, and none is declared`, {
          hint: 'declare the CA of the fleet: certs: {ca: {certificate: ca.crt, key: SECRET}}',
        }));
      } else if (own !== null && !Object.hasOwn(section?.own ?? {}, own)) {
        found.push(error('certs/unknown-own', one.at, `unknown certificate "${own}"`, {
          hint: knownNames(own, ['internal', 'acme', ...Object.keys(section?.own ?? {})], 'known certificates'),
        }));
      } else if (one.issuer === 'acme') {
        found.push(...acmeProblems(section, one, host, first.get(one.name)));
        first.set(one.name, first.get(one.name) ?? one);
      }
    }
  }
  return found;
}

function acmeProblems(section: Certs | null, one: Certificate, host: Host, before: Certificate | undefined): Diagnostic[] {
  const acme = section?.acme;
  if (!acme?.hosts.has(host)) {
    return [error('certs/no-acme', one.at, `certificate "acme" is not available on host "${host.name}"`, {
      hint: acme ? 'add the host to certs.acme.hosts' : 'set certs: {acme: {hosts: all, email: ops@example.com}}',
    })];
  }
  if (acme.dns) return [];
  const wildcard = one.names.find(name => name.startsWith('*'));
  if (wildcard !== undefined) {
    return [error('certs/wildcard', one.at, `wildcard domain "${wildcard}" needs a DNS challenge`, { hint: 'set certs.acme.dns' })];
  }
  if (before === undefined) return [];
  const both = `hosts "${before.host.name}" and "${host.name}" share domains, and an HTTP challenge reaches only one of them`;
  return [error('certs/http-hosts', one.at, both, { hint: 'set certs.acme.dns, or select one host for the site' })];
}

/** What a change of a brought certificate, or of the CA, calls for; a command belongs to a new pair alone. */
const onChangeOf = ({ then }: Certificate): OnChange[] => (then.do === 'run' ? [] : [then]);

const unique = (changes: readonly OnChange[]): OnChange[] => [...new Map(changes.map(change => [JSON.stringify(change), change])).values()];

function files(section: Certs, host: Host, offers: Offers): FileSpec[] {
  const offered = [...new Map(offers.on(host, 'certificate').map(one => [one.name, one])).values()];
  const made: FileSpec[] = section.ca === null ? [] : [{
    kind: 'file', path: CA, mode: '0644', owner: 'root:root', at: [...at, 'ca', 'certificate'], from: { own: section.ca.certificate },
    secrets: [], check: null,
    // who shows a certificate of the CA takes it up anew; so does who verifies those of others
    onChange: unique([...offered.flatMap(onChangeOf), ...offers.on(host, 'trust').map(({ onChange }) => onChange)]),
  }];
  for (const one of offered) {
    const own = section.own[ownName(one) ?? ''];
    if (own === undefined) continue;
    const { dir, cert, key } = certificateFiles(one.name);
    const place = [...at, 'own', ownName(one) ?? ''];
    const shared = { kind: 'file', owner: `root:${one.group}`, onChange: onChangeOf(one), check: null } as const;
    made.push(
      { kind: 'directory', path: dir, mode: '0750', owner: `root:${one.group}`, at: place },
      { ...shared, path: cert, mode: '0644', at: [...place, 'certificate'], from: { own: own.certificate }, secrets: [] },
      {
        ...shared, path: key, mode: '0640', at: [...place, 'key'], secrets: [own.key.name],
        from: { template: 'certs/etc/vgen/tls/{name}/key.pem.njk', view: { at: [...place, 'key'], key: { sealed: [{ secret: own.key.name }] } } },
      },
    );
  }
  return [...made, ...acmeFiles(section, host, offered.filter(({ issuer }) => issuer === 'acme'))];
}

function acmeFiles({ acme }: Certs, host: Host, certificates: readonly Certificate[]): FileSpec[] {
  if (!acme?.hosts.has(host)) return [];
  const shared = { kind: 'file', owner: 'root:root', mode: '0644', at: acmeAt, secrets: [] } as const;
  const unit = (name: string): FileSpec => (
    { ...shared, path: `/etc/systemd/system/${name}`, from: { static: `certs/etc/systemd/system/${name}` }, onChange: [], check: 'systemd' });
  const view = {
    at: acmeAt, email: acme.email, server: acme.server, 
    plugin: acme.dns ? { name: `dns-${acme.dns.plugin}`, option: `--dns-${acme.dns.plugin}-credentials`, at: [...acmeAt, 'dns', 'plugin'] } : null,
    certificates: certificates.map(one => ({ name: one.name, group: one.group, names: one.names.join(','), then: takeUpCommand(one.then), at: one.at })),
  };
  const credentials = Object.entries(acme.dns?.credentials ?? {}).map(([name, value]): { name: string; value: Value; at: object } => (
    { name, value: expand(value, { host }), at: [...acmeAt, 'dns', 'credentials', name] }));
  return [
    // the timer runs it at once when it starts
    {
      ...shared, path: '/opt/vgen/acme.sh', mode: '0755', from: { template: 'certs/opt/vgen/acme.sh.njk', view }, check: 'bash',
      onChange: [{ do: 'restart', unit: TIMER }],
    },
    { kind: 'link', path: '/etc/letsencrypt/renewal-hooks/deploy/vgen', target: '/opt/vgen/acme.sh', at: acmeAt },
    unit('vgen-acme.service'), unit(TIMER),
    ...acme.dns ? [{
      ...shared, path: DNS_FILE, mode: '0600', at: [...acmeAt, 'dns'], secrets: secretsIn(credentials.map(({ value }) => value)), onChange: [], check: null,
      from: { template: 'certs/etc/vgen/acme-dns.ini.njk', view: { at: [...acmeAt, 'dns'], credentials } },
    } as const] : [],
  ];
}

function offer(section: Certs | null, host: Host): Offer[] {
  const acme = section?.acme;
  if (!acme?.hosts.has(host)) return [];
  const why = 'certificates from Let\'s Encrypt';
  return [
    { kind: 'package', name: 'certbot', why, at: acmeAt },
    ...acme.dns ? [{ kind: 'package', name: `python3-certbot-dns-${acme.dns.plugin}`, why: 'proves domains by DNS', at: [...acmeAt, 'dns'] } as const] : [],
    { kind: 'unit', name: TIMER, downtime: null, why, at: acmeAt },
    { kind: 'unit', name: 'certbot.timer', downtime: null, why: 'renews them', at: acmeAt },
    {
      kind: 'dataset', name: 'letsencrypt', paths: ['/etc/letsencrypt'], user: 'root', dump: null, restore: null,
      why: 'account and keys of Let\'s Encrypt', at: acmeAt,
    },
  ];
}

// a constant of its own: tsc does not rewrite an import() inside "export default"
const schema = () => import('./schema.ts');

export default component<Certs | null>({
  name: 'certs',
  summary: 'The fleet\'s own CA, certificates of Let\'s Encrypt, and those that are brought along.',
  key: 'certs',
  schema,
  check: ({ section, model, offers }) => check(section, model, offers),
  offer: ({ host, section }) => offer(section, host),
  plan: ({ host, section }, offers) => (section ? files(section, host, offers) : []),
});
