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
    Type.Integer({ minimum: 1, maximum: 825, description: 'How long the certificates are good that it signs.' }), 365,
  ),
}, { description: 'The fleet\'s own CA, which hosts trust among one another.' });

const dns = object({
  plugin: Type.String({
    enum: ['cloudflare', 'digitalocean', 'dnsimple', 'linode', 'luadns', 'nsone', 'ovh', 'rfc2136'],
    description: 'Whose DNS it is; Debian\'s package python3-certbot-dns-NAME knows how to write there.',
  }),
  credentials: map(text(['secret'], { description: 'The value; ${secret.name} for what is secret.' }), {
    description: 'What the plugin wants to know, by its own names.',
    examples: [{ dns_cloudflare_api_token: '${secret.cloudflare}' }],
  }, 'variable'),
},
{
  description: 'Prove domains by records in DNS (dns-01): for wildcards, and for hosts that nobody reaches on port 80.',
});

const acme = object({
  hosts: selector({ description: 'Hosts that get certificates from Let\'s Encrypt by certbot.' }),
  email: Type.String({
    pattern: '^[A-Za-z0-9._+-]+@[A-Za-z0-9.-]+$', rule: 'an address such as ops@example.com',
    description: 'Where the account is written to.',
  }),
  server: orNull<string>(Type.String({
    pattern: '^https://[A-Za-z0-9.-]+(:[0-9]+)?(/[A-Za-z0-9._/-]*)?$', rule: 'an https URL',
    description: 'Directory of another ACME server.',
    examples: ['https://acme-staging-v02.api.letsencrypt.org/directory'],
  })),
  dns: orNull<{ readonly plugin: string; readonly credentials: Readonly<Record<string, Text>> }>(dns),
},
{
  description: 'Certificates that everybody trusts. Domains are proven over port 80 (http-01) unless "dns" is there.',
});

const own = object({
  certificate: certificate('the certificate and its chain'),
  key: ref('secrets', { description: 'Secret with the private key.' }),
}, { description: 'A certificate that you bring along.' });

export const schema = object({
  ca: orNull<{ readonly certificate: string; readonly key: Named; readonly days: number }>(ca),
  acme: orNull<{ readonly hosts: Hosts } & Pick<Static<typeof acme>, 'email' | 'server' | 'dns'>>(acme),
  own: filled(map(own, { description: 'Certificates that you bring along, by name.' }, 'name'), {}),
}, { description: 'Where certificates come from.' });
export type Certs = Static<typeof schema>;
