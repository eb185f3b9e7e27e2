import { Type, type Static } from 'typebox';
import type { Hosts, Named, Text } from '../../contract/model.ts';
import { beside, filled, map, object, orNull, ref, selector, text } from '../../schema/kinds.ts';

const certificate = (what: string): ReturnType<typeof beside> =>
  beside({ description: `File beside the inventory with ${what}, in PEM. It is public: commit it.` });

const ca = object({
  certificate:
    certificate('the certificate of the CA; "vgen certs ca" makes it. While a CA is being replaced it holds both'),
  key: ref('secrets', {
    description: 'Secret with the private key of the CA. It is used where "vgen certs issue" runs and goes to no host.',
  }),
  days: filled(
    Type.Integer({ minimum: 1, maximum: 825, description: 'Validity in days of the certificates that it signs.' }), 365,
  ),
}, { description: 'Private CA of the fleet, which its hosts trust.' });

const dns = object({
  plugin: Type.String({
    enum: ['cloudflare', 'digitalocean', 'dnsimple', 'linode', 'luadns', 'nsone', 'ovh', 'rfc2136'],
    description: 'DNS provider: the NAME of a Debian package python3-certbot-dns-NAME, which writes the records.',
  }),
  credentials: map(text(['secret'], { description: 'The value; ${secret.name} for what is secret.' }), {
    description: 'Credentials of the plugin, by the names that it documents.',
    examples: [{ dns_cloudflare_api_token: '${secret.cloudflare}' }],
  }, 'variable'),
},
{
  description: 'Validation by DNS records (DNS-01): for wildcard domains, and for hosts that are not reachable on '
    + 'port 80.',
});

const acme = object({
  hosts: selector({ description: 'Hosts that get certificates from Let\'s Encrypt by certbot.' }),
  email: Type.String({
    pattern: '^[A-Za-z0-9._+-]+@[A-Za-z0-9.-]+$', rule: 'an address such as ops@example.com',
    description: 'Contact address of the account.',
  }),
  server: orNull<string>(Type.String({
    pattern: '^https://[A-Za-z0-9.-]+(:[0-9]+)?(/[A-Za-z0-9._/-]*)?$', rule: 'an https URL',
    description: 'Directory URL of an ACME server; default Let\'s Encrypt.',
    examples: ['https://acme-staging-v02.api.letsencrypt.org/directory'],
  })),
  dns: orNull<{ readonly plugin: string; readonly credentials: Readonly<Record<string, Text>> }>(dns),
},
{
  description: 'Publicly trusted certificates. Domains are validated over port 80 (HTTP-01) unless "dns" is set '
    + '(DNS-01).',
});

const own = object({
  certificate: certificate('the certificate and its chain'),
  key: ref('secrets', { description: 'Secret with the private key.' }),
}, { description: 'A user-supplied certificate.' });

export const schema = object({
  ca: orNull<{ readonly certificate: string; readonly key: Named; readonly days: number }>(ca),
  acme: orNull<{ readonly hosts: Hosts } & Pick<Static<typeof acme>, 'email' | 'server' | 'dns'>>(acme),
  own: filled(map(own, { description: 'User-supplied certificates by name.' }, 'name'), {}),
}, { description: 'Sources of certificates.' });
export type Certs = Static<typeof schema>;
