import { Script } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { app, signed, offered } from '../../../test/compiled.ts';

const secrets = 'secrets: { key: { env: K }, root: { env: R }, one: { env: ONE } }\n';
const three = 'hosts: { a: { address: 192.0.2.1, private: 10.0.0.1 }, b: { address: 192.0.2.2, private: 10.0.0.2 }, '
  + 'c: { address: 192.0.2.3, private: 10.0.0.3 }, d: { address: 192.0.2.4, private: 10.0.0.4 } }\n';
const set = (hosts: string): string =>
  `mongodb: { docs: { hosts: ${hosts}, keyFile: key, admin: root, databases: { shop: { password: one } } } }\n`;

/** Settings of mongod 5 to 8, of those that the manual has under "Self-Managed Configuration File Options". */
const KNOWN: Readonly<Record<string, (value: unknown) => boolean>> = {
  'storage.dbPath': value => typeof value === 'string' && value.startsWith('/'),
  'systemLog.destination': value => ['file', 'syslog'].includes(value as string),
  'systemLog.path': value => typeof value === 'string' && value.startsWith('/'),
  'systemLog.logAppend': value => typeof value === 'boolean',
  'systemLog.logRotate': value => ['rename', 'reopen'].includes(value as string),
  'net.port': value => Number.isInteger(value),
  'net.bindIp': value => typeof value === 'string' && value.split(',').every(one => /^[\d.]+$/.test(one)),
  'net.tls.mode': value => ['disabled', 'allowTLS', 'preferTLS', 'requireTLS'].includes(value as string),
  'net.tls.certificateKeyFile': value => typeof value === 'string',
  'net.tls.CAFile': value => typeof value === 'string',
  'net.tls.allowConnectionsWithoutCertificates': value => typeof value === 'boolean',
  'net.tls.disabledProtocols': value =>
    typeof value === 'string' && value.split(',').every(one => /^TLS1_[0-3]$/.test(one)),
  'replication.replSetName': value => typeof value === 'string',
  'security.authorization': value => ['enabled', 'disabled'].includes(value as string),
  'security.keyFile': value => typeof value === 'string' && value.startsWith('/'),
};

const flat = (value: object, at = ''): [string, unknown][] =>
  Object.entries(value).flatMap(([key, one]: [string, unknown]) =>
    (typeof one === 'object' && one !== null ? flat(one, `${at}${key}.`)
      : [[`${at}${key}`, one] as [string, unknown]]));

describe('mongodb', () => {
  it('writes settings that the manual knows, with values of their kinds, in YAML 1.1 too', async () => {
    const { text, found } = await signed(`${set('a')}${secrets}`);
    expect(found).toEqual([]);
    const settings = flat(parse(text('a', 'etc/mongod.conf'), { version: '1.1' }) as object);
    for (const [key, value] of settings) expect(KNOWN[key]?.(value), `${key}: ${String(value)}`).toBe(true);
    expect(Object.fromEntries(settings)).toMatchObject({
      'net.bindIp': '127.0.0.1', 'net.tls.mode': 'requireTLS', 'security.authorization': 'enabled',
      'replication.replSetName': 'docs',
    });
  });

  it('makes a replica set whose members and clients meet at the private addresses', async () => {
    const made =
      await signed(`${three}${set('[a, b, c]')}apps: { shop: ${app('hosts: d, uses: [docs]')} }\n${secrets}`);
    const { text, found } = made;
    expect(found).toEqual([]);
    expect(text('d', 'etc/vgen/env/shop-blue.env')).toContain(
      'DOCS_URL=@vgen(envfile:mongodb://shop:<one:url>@10.0.0.1:27017,10.0.0.2:27017,10.0.0.3:27017/shop'
        + '?replicaSet=docs&tls=true&tlsCAFile=/etc/vgen/tls/ca.pem)\n');
    for (const host of ['a', 'b', 'c']) {
      const users = text(host, 'etc/vgen/mongodb/users.js');
      expect(users).toContain('const members = ["10.0.0.1:27017", "10.0.0.2:27017", "10.0.0.3:27017"];');
      expect(users).toContain(`const begins = "${host === 'a' ? 'yes' : 'no'}"`);
      expect(offered(made, host, 'port').flatMap(({ from }) => [...from.hosts].map(({ name }) => name)))
        .toEqual(['a', 'b', 'c', 'd'].filter(one => one !== host));
    }
  });

  it('writes a script for its shell that is JavaScript whatever the passwords are', async () => {
    const { text } = await signed(`${set('a')}${secrets}`);
    const script = text('a', 'etc/vgen/mongodb/users.js').replaceAll(/@vgen\(yaml:<\w+>\)/g, '"\\u2028 \\" `x`"');
    expect(script).not.toContain('@vgen');
    expect(() => new Script(script)).not.toThrow();
  });

  it('keeps its secrets from all but mongod, and starts nothing that is not there', async () => {
    const { text, trees } = await signed(`${set('a')}${secrets}`);
    for (const path of ['/etc/vgen/mongodb/keyfile', '/etc/vgen/mongodb/users.js']) {
      expect(trees.get('a')?.plan.files.find(one => one.path === path))
        .toMatchObject({ mode: '0400', owner: 'mongodb:mongodb' });
    }
    expect(trees.get('a')?.plan.programs.map(({ path }) => path)).toEqual(['/usr/bin/mongod', '/usr/bin/mongosh']);
    expect(text('a', 'etc/systemd/system/mongod.service')).toContain('ConditionFileIsExecutable=/usr/bin/mongod\n');
    expect(text('a', 'etc/systemd/system/vgen-mongodb.service'))
      .toContain('ConditionFileIsExecutable=/usr/bin/mongosh\n');
  });
});
