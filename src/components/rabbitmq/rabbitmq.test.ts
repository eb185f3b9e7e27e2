import { describe, expect, it } from 'vitest';
import { app, signed, offered } from '../../../test/compiled.ts';

describe('rabbitmq', () => {
  it('serves TLS alone, on loopback and where apps come from, and Erlang on loopback', async () => {
    const made =
      await signed(`rabbitmq: { queue: { hosts: a, vhosts: { shop: { password: one }, mail: { password: two } } } }
apps: { shop: ${app('hosts: all, uses: [queue]')} }\nsecrets: { one: { env: ONE }, two: { env: TWO } }\n`);
    const { text, found, trees } = made;
    expect(found).toEqual([]);
    const conf = text('a', 'etc/rabbitmq/rabbitmq.conf');
    expect(conf.split('\n').filter(line => line.startsWith('listeners.'))).toEqual([
      'listeners.tcp = none', 'listeners.ssl.loopback = 127.0.0.1:5671', 'listeners.ssl.private = 10.0.0.1:5671',
    ]);
    expect(text('a', 'etc/systemd/system/epmd.socket.d/vgen.conf'))
      .toContain('ListenStream=\nListenStream=127.0.0.1:4369\n');
    for (const [host, place] of [['a', '127.0.0.1'], ['b', '10.0.0.1']] as const) {
      expect(text(host, 'etc/vgen/env/shop-blue.env'))
        .toContain(
          `QUEUE_CA="/etc/vgen/tls/ca.pem"\nQUEUE_URL=@vgen(envfile:amqps://shop:<one:url>@${place}:5671/shop)\n`,
        );
    }
    expect(offered(made, 'a', 'port').filter(({ by }) => by === 'rabbitmq')
      .map(({ port, address }) => `${address}:${port}`))
      .toEqual(['127.0.0.1:5671', '10.0.0.1:5671', '127.0.0.1:4369', '127.0.0.1:25672']);
    expect(trees.get('a')?.plan.files.find(({ path }) => path === '/etc/rabbitmq/definitions.json')).toMatchObject({
      mode: '0640', owner: 'root:rabbitmq', secrets: ['one', 'two'],
      onChange: [{ do: 'restart', unit: 'vgen-rabbitmq.service' }],
    });
  });

  it('writes definitions that are JSON once the host has put the secrets in', async () => {
    const { text } = await signed('rabbitmq: { queue: { hosts: a, management: true, vhosts: { shop: { password: one '
      + '}, mail: { password: one } } } }\nsecrets: { one: { env: ONE } }\n');
    expect(JSON.parse(text('a', 'etc/rabbitmq/definitions.json')
      .replaceAll('@vgen(yaml:<one>)', '"pw"'))).toMatchObject({
      vhosts: [{ name: 'mail' }, { name: 'shop' }],
      users: [{ name: 'mail', password: 'pw', tags: [] }, { name: 'shop', password: 'pw', tags: [] }],
      permissions: [{ user: 'mail', vhost: 'mail' }, { user: 'shop', vhost: 'shop' }],
    });
    expect(text('a', 'etc/rabbitmq/enabled_plugins')).toContain('[rabbitmq_management].');
    expect(text('a', 'etc/rabbitmq/rabbitmq.conf')).toContain('management.tcp.ip = 127.0.0.1\n');
  });
});
