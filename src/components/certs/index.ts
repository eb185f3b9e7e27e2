// Where certificates come from: the bundle of the CA of the fleet, user-supplied ones, and certbot for those of
// Let's Encrypt. Who wants one says so by an offer; keys of the other ones are made on their hosts.
import { CA, certificateFiles } from '../../kit/certificate-files.ts';
import {
  component, takeUpCommand, type Brought, type FileSpec, type Made, type Offer, type Offers, type OnChange,
} from '../../contract/component.ts';
import { error, type Diagnostic } from '../../contract/diagnostic.ts';
import { expand, secretsIn } from '../../kit/expand.ts';
import { directory, file, filesOf, link, restart } from '../../kit/files.ts';
import type { Host, Model, Value } from '../../contract/model.ts';
import type { Proof } from '../../contract/proof.ts';
import { knownNames } from '../../kit/nearest.ts';
import type { Certs } from './schema.ts';

type Certificate = Extract<Made, { kind: 'certificate' }>;

const { copy, template } = filesOf('certs');
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
      const name = ownName(one);
      if (one.issuer === 'internal' && !section?.ca) {
        found.push(error(
          'certs/no-ca', one.at, `certificate "internal" of ${one.why} needs a CA, and none is declared`, {
            hint: 'declare the CA of the fleet: certs: {ca: {certificate: ca.crt, key: SECRET}}',
          },
        ));
      } else if (name !== null && !Object.hasOwn(section?.own ?? {}, name)) {
        found.push(error('certs/unknown-own', one.at, `unknown certificate "${name}"`, {
          hint: knownNames(name, ['internal', 'acme', ...Object.keys(section?.own ?? {})], 'known certificates'),
        }));
      } else if (one.issuer === 'acme') {
        found.push(...acmeProblems(section, one, host, first.get(one.name)));
        first.set(one.name, first.get(one.name) ?? one);
      }
    }
  }
  return found;
}

function acmeProblems(
  section: Certs | null, one: Certificate, host: Host, before: Certificate | undefined,
): Diagnostic[] {
  const acme = section?.acme;
  if (!acme?.hosts.has(host)) {
    return [error('certs/no-acme', one.at, `certificate "acme" is not available on host "${host.name}"`, {
      hint: acme ? 'add the host to certs.acme.hosts' : 'set certs: {acme: {hosts: all, email: ops@example.com}}',
    })];
  }
  if (acme.dns) return [];
  const wildcard = one.names.find(name => name.startsWith('*'));
  if (wildcard !== undefined) {
    return [error(
      'certs/wildcard', one.at, `wildcard domain "${wildcard}" needs a DNS challenge`, { hint: 'set certs.acme.dns' },
    )];
  }
  if (before === undefined) return [];
  const both =
    `hosts "${before.host.name}" and "${host.name}" share domains, and an HTTP challenge reaches only one of them`;
  return [error('certs/http-hosts', one.at, both, { hint: 'set certs.acme.dns, or select one host for the site' })];
}

/** What a change of a brought certificate, or of the CA, calls for; a command belongs to a new pair alone. */
const onChangeOf = ({ then }: Certificate): OnChange[] => (then.do === 'run' ? [] : [then]);

const unique = (changes: readonly OnChange[]): OnChange[] =>
  [...new Map(changes.map(change => [JSON.stringify(change), change])).values()];

function files(section: Certs, host: Host, offers: Offers): FileSpec[] {
  const offered = [...new Map(offers.on(host, 'certificate').map(one => [one.name, one])).values()];
  const made: FileSpec[] = section.ca === null ? [] : [
    // who shows a certificate of the CA takes it up anew; so does who verifies those of others
    file(CA, [...at, 'ca', 'certificate'], { user: section.ca.certificate }, {
      onChange: unique([...offered.flatMap(onChangeOf), ...offers.on(host, 'trust').map(({ onChange }) => onChange)]),
    }),
  ];
  for (const one of offered) {
    const given = section.own[ownName(one) ?? ''];
    if (given === undefined) continue;
    const { dir, cert, key } = certificateFiles(one.name);
    const place = [...at, 'own', ownName(one) ?? ''];
    const shared = { owner: `root:${one.group}`, onChange: onChangeOf(one) };
    made.push(
      directory(dir, place, { mode: '0750', owner: `root:${one.group}` }),
      file(cert, [...place, 'certificate'], { user: given.certificate }, shared),
      template(key, [...place, 'key'], { key: { sealed: [{ secret: given.key.name }] } },
        { ...shared, as: '/etc/vgen/tls/{name}/key.pem', mode: '0640', secrets: [given.key.name] }),
    );
  }
  return [...made, ...acmeFiles(section, host, offered.filter(({ issuer }) => issuer === 'acme'))];
}

function acmeFiles({ acme }: Certs, host: Host, certificates: readonly Certificate[]): FileSpec[] {
  if (!acme?.hosts.has(host)) return [];
  const unit = (name: string): FileSpec => copy(`/etc/systemd/system/${name}`, acmeAt, { check: 'systemd' });
  const dns = acme.dns && {
    name: `dns-${acme.dns.plugin}`, option: `--dns-${acme.dns.plugin}-credentials`, at: [...acmeAt, 'dns', 'plugin'],
  };
  const credentials = Object.entries(acme.dns?.credentials ?? {})
    .map(([name, value]): { name: string; value: Value; at: object } => (
      { name, value: expand(value, { host }), at: [...acmeAt, 'dns', 'credentials', name] }));
  return [
    // the timer runs it at once when it starts
    template('/opt/vgen/acme.sh', acmeAt, {
      email: acme.email, server: acme.server, plugin: dns,
      certificates: certificates.map(one => (
        { name: one.name, group: one.group, names: one.names.join(','), then: takeUpCommand(one.then), at: one.at })),
    }, { mode: '0755', check: 'bash', onChange: [restart(TIMER)] }),
    link('/etc/letsencrypt/renewal-hooks/deploy/vgen', acmeAt, '/opt/vgen/acme.sh'),
    unit('vgen-acme.service'), unit(TIMER),
    ...acme.dns ? [template(DNS_FILE, [...acmeAt, 'dns'], { credentials }, {
      mode: '0600', secrets: secretsIn(credentials.map(({ value }) => value)),
    })] : [],
  ];
}

/** The certificates of a host that Let's Encrypt signs, each once. */
const acmeOn = (host: Host, offers: Offers): Certificate[] =>
  [...new Map(offers.on(host, 'certificate').filter(({ issuer }) => issuer === 'acme').map(one => [one.name, one]))
    .values()];

/** What makes keys where certificates are wanted whose keys are made on the host. */
function keyMaker(host: Host, offers: Offers): Brought<'package'>[] {
  const [first] = offers.on(host, 'certificate').filter(one => ownName(one) === null)
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  return first ? [{ name: 'openssl', why: 'makes the keys of certificates', at: first.at }] : [];
}

function offer(section: Certs | null, host: Host): Offer[] {
  const acme = section?.acme;
  if (!acme?.hosts.has(host)) return [];
  const why = 'certificates from Let\'s Encrypt';
  return [
    { kind: 'package', name: 'certbot', why, at: acmeAt },
    ...acme.dns ? [{
      kind: 'package', name: `python3-certbot-dns-${acme.dns.plugin}`, why: 'proves domains by DNS',
      at: [...acmeAt, 'dns'],
    } as const] : [],
    { kind: 'unit', name: TIMER, downtime: null, why, at: acmeAt },
    { kind: 'unit', name: 'certbot.timer', downtime: null, why: 'renews them', at: acmeAt },
    {
      kind: 'dataset', name: 'letsencrypt', paths: ['/etc/letsencrypt'], user: 'root', dump: null, restore: null,
      why: 'account and keys of Let\'s Encrypt', at: acmeAt,
    },
  ];
}

export const certs = component<Certs | null>({
  name: 'certs',
  summary: 'The CA of the fleet, certificates of Let\'s Encrypt, and user-supplied ones.',
  key: 'certs',
  schema: () => import('./schema.ts'),
  check: ({ section, model, offers }) => check(section, model, offers),
  offer: ({ host, section }) => offer(section, host),
  plan: ({ host, section }, offers) => ({
    files: section ? files(section, host, offers) : [], packages: keyMaker(host, offers),
  }),
  prove: ({ section, model, offers }) => model.hosts.flatMap(host =>
    acmeOn(host, offers).map((one): Proof => ({
      step: 'public certificates', host, from: [host], when: 'installed', extras: ['pebble'], ask: {
        script: 'src/components/certs/prove.sh',
        words: [section?.acme?.dns || section?.acme?.server ? 'no' : 'yes', one.name, one.names.join(',')],
      },
    }))),
});
