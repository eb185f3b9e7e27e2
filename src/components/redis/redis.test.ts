import { describe, expect, it } from 'vitest';
import { compiled, offered, signed } from '../../../test/compiled.ts';

const secrets = 'secrets: { one: { env: ONE }, two: { env: TWO } }\n';

describe('redis', () => {
  it('alone listens on loopback, and has no file of secrets', async () => {
    const { text, found } = await compiled('redis: { main: { hosts: a } }\n');
    expect(found).toEqual([]);
    expect(text('a', 'etc/redis/redis.conf')).toMatch(/^bind 127\.0\.0\.1 -::1\nport 6379\n/m);
    expect(text('a', 'etc/redis/secrets.conf')).toBe('');
    expect(text('b', 'etc/redis/redis.conf')).toBe('');
  });

  it.each([
    ['inherits the password of what it copies', '', 'one'], ['has its own', ', password: two', 'two'],
  ])('a replica %s', async (_, more, wanted) => {
    const { text, found } = await compiled(
      `redis: { main: { hosts: a, password: one, port: 7000 }, copy: { hosts: b, replicaOf: `
        + `main${more} } }\n${secrets}`,
    );
    expect(found.filter(code => !code.startsWith('secrets/unused'))).toEqual([]);
    expect(text('a', 'etc/redis/redis.conf')).toContain('bind 127.0.0.1 -::1 -10.0.0.1\n');
    expect(text('b', 'etc/redis/redis.conf')).toMatch(/^replicaof 10\.0\.0\.1 7000$/m);
    expect(text('b', 'etc/redis/secrets.conf')).toContain(`masterauth @vgen(redis:<${wanted}>)\n`);
  });

  it.each([
    ['aof', ['appendonly yes'], ['save ""']], ['rdb', ['appendonly no', 'save 3600'], ['save ""']],
    ['none', ['appendonly no', 'save ""'], ['save 3600']],
  ])('persistence %s', async (persistence, wanted, unwanted) => {
    const conf = (await compiled(`redis: { main: { hosts: a, persistence: ${persistence} } }\n`))
      .text('a', 'etc/redis/redis.conf');
    for (const one of wanted) expect(conf).toContain(one);
    for (const one of unwanted) expect(conf).not.toContain(one);
  });

  it.each([['64m', '64mb'], ['2g', '2gb'], ['1024', '1024']])(
    'maxMemory %s is %s in Redis, where "m" is 1000', async (written, wanted) => {
      expect((await compiled(`redis: { main: { hosts: a, maxMemory: "${written}" } }\n`))
        .text('a', 'etc/redis/redis.conf')).toContain(`\nmaxmemory ${wanted}\n`);
    },
  );

  it('gives its address to the apps that use it, from elsewhere too, with the password for a URL', async () => {
    const app = (name: string, hosts: string, blue: number, env = ''): string =>
      `  ${name}: { hosts: ${hosts}, command: ./x, uses: [main-db], slots: { blue: { port: ${blue} }, green: { `
        + `port: ${blue + 1} } }${env} }\n`;
    const { text, found } =
      await compiled(`redis: { main-db: { hosts: a, password: one } }\nsecrets: { one: { env: ONE } }\napps:\n`
        + app('near', 'a', 4000) + app('far', 'b', 4010) + app('own', 'b', 4020, ', env: { MAIN_DB_URL: mine }'));
    expect(found).toEqual([]);
    expect(text('a', 'etc/redis/redis.conf')).toContain('bind 127.0.0.1 -::1 -10.0.0.1\n');
    expect(text('a', 'etc/vgen/env/near-blue.env'))
      .toContain('MAIN_DB_URL=@vgen(envfile:redis://:<one:url>@127.0.0.1:6379)\n');
    expect(text('b', 'etc/vgen/env/far-green.env'))
      .toContain('MAIN_DB_URL=@vgen(envfile:redis://:<one:url>@10.0.0.1:6379)\n');
    expect(text('b', 'etc/vgen/env/own-blue.env')).toContain('MAIN_DB_URL="mine"\n');
  });

  it('serves TLS alone where it is asked to, also to replicas and to apps on its own host', async () => {
    const made =
      await signed(
        `redis: { main: { hosts: a, password: one, tls: true }, copy: { hosts: b, replicaOf: main, tls: true } }
apps: { api: { hosts: all, command: ./x, uses: [main], slots: { blue: { port: 4000 }, green: { port: 4001 } } } }
secrets: { one: { env: ONE } }\n`,
      );
    const { text, found } = made;
    expect(found).toEqual([]);
    for (const host of ['a', 'b']) {
      expect(text(host, 'etc/redis/redis.conf'))
        .toMatch(/^port 0\ntls-port 6379\ntls-cert-file \/etc\/vgen\/tls\/redis\/cert.pem\n[^]*^tls-replication yes$/m);
    }
    expect(text('a', 'etc/vgen/env/api-blue.env'))
      .toContain('MAIN_CA="/etc/vgen/tls/ca.pem"\nMAIN_URL=@vgen(envfile:rediss://:<one:url>@127.0.0.1:6379)\n');
    expect(text('b', 'etc/vgen/env/api-blue.env'))
      .toContain('MAIN_URL=@vgen(envfile:rediss://:<one:url>@10.0.0.1:6379)\n');
    expect(offered(made, 'a', 'certificate')[0])
      .toMatchObject({ name: 'redis', group: 'redis', names: ['a', '10.0.0.1', 'localhost', '127.0.0.1'] });
  });

  it('wants a primary and its replicas to agree on TLS', async () => {
    const { found } =
      await signed(
        `redis: { main: { hosts: a, password: one, tls: true }, copy: { hosts: b, replicaOf: main } }\n${secrets}`,
      );
    expect(found).toContain('redis/replica-tls redis.copy.tls');
  });

  it('offers loopback always and the private address where others connect', async () => {
    const alone = await compiled('redis: { main: { hosts: a } }\nngrok: { authtoken: one, tunnels: { t: { hosts: a, '
      + 'port: 6379 } } }\nsecrets: { one: { env: ONE } }\n');
    expect(alone.found).toEqual([]);
    const clash = await compiled(`redis: { main: { hosts: a, peers: b, password: one } }\napps: { api: { hosts: a, `
      + `command: ./api, slots: { blue: { port: 4000, ports: { x: 6379 } }, green: { port: 4001 } } } }\nsecrets: { `
      + `one: { env: ONE } }\n`);
    expect(clash.found[0]).toMatch(/^ports\/clash /);
  });
});
