import { describe, expect, it } from 'vitest';
import { compiled } from '../../../test/compiled.ts';

const hosts = 'hosts: { a: { address: 192.0.2.1, private: 10.0.0.1 }, b: { address: 192.0.2.2, private: 10.0.0.2 } }';
const site = (certificate: string, more = 'hosts: a'): string => `sites: { shop: `
  + `{ ${more}, domains: [shop.example, "www.shop.example"], `
  + `certificate: ${certificate}, paths: { /: { dir: /srv/shop } } } }`;
const files = { 'ca.crt': 'the CA', 'shop.crt': 'a chain' };

describe('certs', () => {
  it('puts the bundle of the CA on every host, and its key on none', async () => {
    const { text, trees, found } = await compiled(`${hosts}\ncerts: { ca: { certificate: ca.crt, key: caKey } `
      + `}\nsecrets: { caKey: { env: CA } }\n${site('internal')}\n`, files);
    expect(found).toEqual([]);
    for (const host of ['a', 'b']) expect(text(host, 'etc/vgen/tls/ca.pem')).toBe('the CA');
    expect([...trees.values()].flatMap(({ plan }) => plan.secrets)).toEqual([]);
    expect(trees.get('a')?.plan.certificates.map(({ name, names, group }) => [name, names, group]))
      .toEqual([['site-shop', ['shop.example', 'www.shop.example'], 'www-data']]);
    expect(trees.get('a')?.plan.packages.map(({ name }) => name)).toEqual(['nginx-light', 'openssl']);
    expect(trees.get('b')?.plan.packages.map(({ name }) => name)).toEqual([]);
    expect(text('a', 'manifest.tsv')).toContain(
      'certificate\tsite-shop\twww-data\tshop.example,www.shop.example\tinternal\tsystemctl try-reload-or-restart '
        + 'nginx.service\t',
    );
    expect(trees.get('a')?.plan.files.find(({ path }) => path.endsWith('ca.pem')))
      .toMatchObject({ onChange: [{ do: 'reload', unit: 'nginx.service' }] });
    expect(trees.get('b')?.plan.files.find(({ path }) => path.endsWith('ca.pem'))).toMatchObject({ onChange: [] });
  });

  it('brings one along: its key is a secret of the hosts that use it', async () => {
    const { text, trees, found } = await compiled(`${hosts}\ncerts: { own: { main: { certificate: shop.crt, key: `
      + `shopKey } } }\nsecrets: { shopKey: { env: KEY } }\n${site('main')}\n`, files);
    expect(found).toEqual([]);
    expect(text('a', 'etc/vgen/tls/own-main/cert.pem')).toBe('a chain');
    expect(text('a', 'etc/vgen/tls/own-main/key.pem')).toBe('@vgen(pem:<shopKey>)\n');
    expect(trees.get('a')?.plan.files.find(({ path }) => path.endsWith('key.pem')))
      .toMatchObject({ mode: '0640', owner: 'root:www-data', onChange: [{ do: 'reload', unit: 'nginx.service' }] });
    expect(trees.get('a')?.plan.certificates).toEqual([]);
    expect(text('b', 'etc/vgen/tls/own-main/cert.pem')).toBe('');
  });

  it.each([
    ['over port 80', '', ['certbot'], '--authenticator webroot --webroot-path "$webroot"'],
    [
      'by DNS',
      ', dns: { plugin: ovh, credentials: { dns_ovh_endpoint: ovh-eu, dns_ovh_application_key: "${secret.key}" } }',
      ['certbot', 'python3-certbot-dns-ovh'],
      '--authenticator dns-ovh --dns-ovh-credentials /etc/vgen/acme-dns.ini',
    ],
  ])('gets them from Let\'s Encrypt %s', async (_, more, packages, words) => {
    const secrets = more ? 'secrets: { key: { env: KEY } }\n' : '';
    const { text, trees, found } =
      await compiled(
        `${hosts}\ncerts: { acme: { hosts: a, email: ops@example.com${more} } }\n${secrets}${site('acme')}\n`,
      );
    expect(found).toEqual([]);
    expect(trees.get('a')?.plan.packages.map(({ name }) => name)).toEqual(expect.arrayContaining(packages));
    expect(trees.get('a')?.plan.units.map(({ name }) => name))
      .toEqual(['certbot.timer', 'nginx.service', 'vgen-acme.timer']);
    expect(text('a', 'opt/vgen/acme.sh')).toContain(words);
    expect(text('a', 'opt/vgen/acme.sh')).toContain('\ncertificate site-shop www-data shop.example,www.shop.example '
      + 'systemctl try-reload-or-restart nginx.service\n');
    expect(text('a', 'etc/letsencrypt/renewal-hooks/deploy/vgen')).toBe('-> /opt/vgen/acme.sh');
    expect(text('a', 'etc/vgen/acme-dns.ini')).toBe(more ? '# Made by vgen from certs.acme.dns; do not '
      + 'edit.\ndns_ovh_application_key = @vgen(configobj:<key>)\ndns_ovh_endpoint = "ovh-eu"\n' : '');
    expect(trees.get('b')?.plan.units).toEqual([]);
  });
});
