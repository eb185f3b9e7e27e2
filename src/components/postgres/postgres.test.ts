import { describe, expect, it } from 'vitest';
import { app, signed, offered } from '../../../test/compiled.ts';
import { tuning } from './memory.ts';

const secrets = 'secrets: { one: { env: ONE }, two: { env: TWO } }\n';
const main = 'etc/postgresql/15/main';

describe('tuning', () => {
  it.each([
    ['4g', 100, [1024], [3072, 256, 10]], ['512m', 100, [128], [384, 32, 4]], ['64g', 200, [16384], [49152, 2048, 81]],
    ['1048576k', 10, [256], [768, 64, 25]],
  ])('%s for %i connections', (memory, connections, start, running) => {
    const made = tuning(memory, connections);
    expect([made.start.map(({ mb }) => mb), made.running.map(({ mb }) => mb)]).toEqual([start, running]);
  });

  it('is PostgreSQL\'s own where the memory is not known', () =>
    expect(tuning(null, 100)).toEqual({ start: [], running: [] }));
});

describe('postgres', () => {
  it('lets in each app from its own hosts, into its own database, and nobody else', async () => {
    const made = await signed(
      `postgres: { db: { hosts: a, databases: { shop: { password: one }, stats: { password: two, owner: reader } } } }
apps: { shop: ${app('hosts: all, uses: [db]')}, stats: ${app(
  'hosts: b, uses: [db]', 'blue: { port: 4010 }, green: { port: 4011 }',
)} }\n${secrets}`,
    );
    const { text, found } = made;
    expect(found).toEqual([]);
    expect(text('a', `${main}/pg_hba.conf`).split('\n').filter(line => /^[a-z]/.test(line))).toEqual([
      'local all postgres peer', 'hostssl "shop" "shop" 127.0.0.1/32 scram-sha-256',
      'hostssl "shop" "shop" 10.0.0.2/32 scram-sha-256',
      'hostssl "stats" "reader" 10.0.0.2/32 scram-sha-256', 'local all all reject', 'host all all all reject',
    ]);
    expect(text('a', `${main}/conf.d/vgen-start.conf`)).toContain('listen_addresses = \'127.0.0.1, 10.0.0.1\'\n');
    const url = (place: string, role: string, secret: string, name: string): string =>
      `DB_URL=@vgen(envfile:postgresql://${role}:<${secret}:url>@${place}:5432/${name}`
        + '?sslmode=verify-full&sslrootcert=/etc/vgen/tls/ca.pem)\n';
    expect(text('a', 'etc/vgen/env/shop-blue.env')).toContain(url('127.0.0.1', 'shop', 'one', 'shop'));
    expect(text('b', 'etc/vgen/env/shop-blue.env')).toContain(url('10.0.0.1', 'shop', 'one', 'shop'));
    expect(text('b', 'etc/vgen/env/stats-blue.env')).toContain(url('10.0.0.1', 'reader', 'two', 'stats'));
    expect(offered(made, 'a', 'port').filter(({ port }) => port === 5432)
      .map(({ address, from }) => [address, from.anyone ? 'anyone' : [...from.hosts].map(({ name }) => name)]))
      .toEqual([['127.0.0.1', []], ['10.0.0.1', ['b']]]);
    expect(offered(made, 'a', 'dataset').map(({ name, dump }) => [name, dump?.at(-1)]))
      .toEqual([['db-shop', 'shop'], ['db-stats', 'stats']]);
  });

  it('listens on loopback alone where only its own host uses it', async () => {
    const { text, found } = await signed(`postgres: { db: { hosts: a, databases: { only: { password: one } } } `
      + `}\napps: { shop: ${app('hosts: a, uses: [db]')} }\nsecrets: { one: { env: ONE } }\n`);
    expect(found).toEqual([]);
    expect(text('a', `${main}/conf.d/vgen-start.conf`)).toContain('listen_addresses = \'127.0.0.1\'\n');
    expect(text('a', 'etc/vgen/env/shop-blue.env')).toContain('@127.0.0.1:5432/only?');
  });

  it('restarts for what a running server does not take up, and reloads for the rest', async () => {
    const { trees } = await signed(`hosts: { a: { address: 192.0.2.1, memory: 2g } }\npostgres: { db: { hosts: a, `
      + `version: 16, databases: { x: { password: one, extensions: [citext] } } } }\nsecrets: { one: { env: ONE } }\n`);
    const changes =
      new Map(trees.get('a')?.plan.files.map(file => [file.path, file.kind === 'file' ? file.onChange : []]));
    const unit = 'postgresql@16-main.service';
    expect(changes.get('/etc/postgresql/16/main/conf.d/vgen-start.conf')).toEqual([{ do: 'restart', unit }]);
    for (const name of ['pg_hba.conf', 'conf.d/vgen.conf']) {
      expect(changes.get(`/etc/postgresql/16/main/${name}`)).toEqual([{ do: 'reload', unit }]);
    }
    expect(changes.get('/etc/vgen/postgres/roles.sql')).toEqual([{ do: 'restart', unit: 'vgen-postgres.service' }]);
    expect(trees.get('a')?.plan.files.find(({ path }) => path.endsWith('roles.sql')))
      .toMatchObject({ mode: '0600', owner: 'postgres:postgres', secrets: ['one'] });
  });
});
