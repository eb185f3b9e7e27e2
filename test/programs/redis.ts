// redis-server runs with every tree that has it, as Debian's user and with its files as they are.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { have } from '../programs.ts';
import { inside, until, type Inside, type Ran } from './namespace.ts';
import { secretValues, treeNamed, treesWith } from './trees.ts';

/** What the inventories say: the port, the password's secret, and the primary of a replica. */
const said: Record<string, { port?: number; password?: string; primary?: string; appendonly: 'yes' | 'no';
    save: string }> = {
  'example/eu1': { password: 'redisPassword', appendonly: 'yes', save: '3600 1 300 100 60 10000' },
  'example/us1': { password: 'redisPassword', primary: '10.8.0.1', appendonly: 'yes', save: '3600 1 300 100 60 10000' },
  'ngrok-v3/us1': { appendonly: 'yes', save: '3600 1 300 100 60 10000' },
  'redis-acl/cache1': { port: 6380, appendonly: 'no', save: '' },
  'redis-acl/data1': { password: 'sessions', appendonly: 'yes', save: '3600 1 300 100 60 10000' },
  'redis-acl/data2': { password: 'sessions', primary: '10.1.0.2', appendonly: 'no', save: '3600 1 300 100 60 10000' },
  'redis-acl/data3': { password: 'sessions', primary: '10.1.0.2', appendonly: 'no', save: '3600 1 300 100 60 10000' },
  'systemd/web2': { password: 'dbPassword', appendonly: 'yes', save: '3600 1 300 100 60 10000' },
};

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

export function redisTests(able: boolean): void {
  const skipped = describe.skipIf(!able || !have('redis-server'));
  skipped.concurrent('redis-server (needs: root; apt-get install redis-server)', () => {
    it('has expectations for every tree', () => {
      // with TLS it wants certificates: test/host/datastores.test.ts runs it on a host that has some
      const tls = ['datastores/data1', 'three-tiers/data', 'three-tiers-staging/data'];
      expect(treesWith('etc/redis/redis.conf').map(({ name }) => name).filter(name => !tls.includes(name)).sort())
        .toEqual(Object.keys(said).sort());
    });

    it.each(Object.entries(said))('runs on %s, to whom knows the password, without the private address',
      (name, expected) =>
      inside(treeNamed(name), async host => {
        const port = expected.port ?? 6379;
        const ask = await start(host, port, expected.password);
        if (expected.password !== undefined) {
          expect((await asks(host, port)(['PING'])).stdout).toMatch(/^NOAUTH /);
          expect((await asks(host, port, `${secretValues[expected.password]}x`)(['PING'])).stdout).toContain('NOAUTH');
        }
        const setting = async (key: string): Promise<string> =>
          (await ask(['CONFIG', 'GET', key])).stdout.split('\n')[1] ?? '';
        expect(await setting('appendonly')).toBe(expected.appendonly);
        expect(await setting('save')).toBe(expected.save);
        const role = expected.primary === undefined ? 'role:master' : `master_host:${expected.primary}\r`;
        expect((await ask(['INFO', 'replication'])).stdout).toContain(role);
        expect((await ask(['SET', 'a', 'b'])).stdout).toMatch(expected.primary === undefined ? /^OK/ : /^READONLY/);
      }));

    it('lets the users of redis-acl/data1 do what the inventory says, and no more', () =>
        inside(treeNamed('redis-acl/data1'), async host => {
      const ask = await start(host, 6379, 'sessions');
      const users = (await ask(['ACL', 'LIST'])).stdout.split('\n');
      expect(users.find(line => line.startsWith('user web '))).toBe(
        `user web on #${sha256(secretValues['web']!)} ~session:* ~rate:* &* +@all -@dangerous`, // which has -keys in it
      );
      expect(users.find(line => line.startsWith('user report '))).toMatch(
        new RegExp(`^user report on #${sha256(secretValues['report']!)} .*&\\* -@all \\+@read$`));
      expect((await ask(['CONFIG', 'GET', 'maxmemory'])).stdout).toBe(`maxmemory\n${512 * 2 ** 20}\n`);
      expect((await ask(['CONFIG', 'GET', 'maxmemory-policy'])).stdout).toContain('allkeys-lru');
      const web = asks(host, 6379, secretValues['web'], 'web');
      expect((await web(['SET', 'session:1', 'x'])).stdout).toBe('OK\n');
      for (const denied of [['SET', 'other', 'x'], ['KEYS', '*'], ['FLUSHALL'], ['CONFIG', 'GET', '*']]) {
        expect((await web(denied)).stdout, denied.join(' ')).toMatch(/^NOPERM /);
      }
      const report = asks(host, 6379, secretValues['report'], 'report');
      expect((await report(['GET', 'session:1'])).stdout).toBe('x\n');
      expect((await report(['SET', 'session:1', 'y'])).stdout).toMatch(/^NOPERM /);
      expect((await asks(host, 6379, 'wrong', 'web')(['PING'])).stdout).toContain('NOAUTH');
    }));

    it('copies from eu1 to us1 of the example, over their private network', () =>
      inside(treeNamed('example/eu1'), eu1 =>
      inside(treeNamed('example/us1'), async us1 => {
        cable(eu1, '10.8.0.1/24', us1, '10.8.0.2/24');
        const primary = await start(eu1, 6379, 'redisPassword');
        const replica = await start(us1, 6379, 'redisPassword');
        expect((await primary(['SET', 'greeting', 'hello'])).stdout).toBe('OK\n');
        await until(() => replica(['GET', 'greeting']), ({ stdout }) => stdout === 'hello\n');
        expect((await replica(['INFO', 'replication'])).stdout).toContain('master_link_status:up');
        await expect(us1.connect(6379, '10.8.0.1'), 'eu1 is reached by its private address').resolves.toBeDefined();
        await expect(eu1.connect(6379, '10.8.0.2'), 'us1 is not').rejects.toThrow('ECONNREFUSED');
      })));
  });
}

type Ask = (words: readonly string[]) => Promise<Ran>;

/** The password goes through the environment: in argv it would be seen, and "-a" warns. */
const asks = (host: Inside, port: number, password?: string, user?: string): Ask => words =>
  host.run('redis-cli', ['-p', `${port}`, ...(user === undefined ? [] : ['--user', user]), ...words],
    password === undefined ? {} : { env: { REDISCLI_AUTH: password } });

async function start(host: Inside, port: number, password?: string): Promise<Ask> {
  const server = host.start('redis-server', ['/etc/redis/redis.conf', '--supervised', 'systemd', '--daemonize', 'no'],
    { user: 'redis' });
  const ask = asks(host, port, password === undefined ? undefined : secretValues[password]);
  try {
    await until(() => ask(['PING']), ({ stdout }) => stdout === 'PONG\n');
  } catch (cause) {
    throw new Error(`${server.said()}${readFileSync(join(host.root, 'var/log/redis/redis-server.log'), 'utf8')}`,
      { cause });
  }
  return ask;
}

/** A cable between two namespaces. */
function cable(one: Inside, address: string, other: Inside, otherAddress: string): void {
  const ip = (host: Inside, words: string[]): void => {
    execFileSync('nsenter', [`--net=/proc/${host.pid}/ns/net`, '--', 'ip', ...words]);
  };
  ip(one, ['link', 'add', 'private', 'type', 'veth', 'peer', 'name', 'private', 'netns', `${other.pid}`]);
  for (const [host, at] of [[one, address], [other, otherAddress]] as const) {
    ip(host, ['address', 'add', at, 'dev', 'private']);
    ip(host, ['link', 'set', 'private', 'up']);
  }
}
