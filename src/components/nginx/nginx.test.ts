import { describe, expect, it } from 'vitest';
import { app, compiled } from '../../../test/compiled.ts';

const conf = async (apps: string, more = ''): Promise<string> => (await compiled(`apps: ${apps}\n${more}`))
  .text('a', 'etc/nginx/nginx.conf');

describe('nginx', () => {
  it('is not there for apps that listen nowhere', async () => {
    const { text, trees } = await compiled(`apps: { worker: ${app()} }\n`);
    expect(text('a', 'etc/nginx/nginx.conf')).toBe('');
    expect(text('a', 'opt/worker/blue/nginx.conf')).toBe('');
    expect(trees.get('a')?.plan.packages.map(({ name }) => name)).not.toContain('nginx-light');
  });

  it.each([
    ['a port for live alone', 'listen: { live: 80 }', ['127.0.0.1:80'], ['next/nginx.sock']],
    [
      'both links', 'listen: { live: 80, next: 81 }',
      ['127.0.0.1:80', '127.0.0.1:81', 'live/nginx.sock', 'next/nginx.sock'], [],
    ],
    [
      'all addresses: nobody is believed', 'listen: { address: 0.0.0.0, live: 80 }',
      ['0.0.0.0:80', 'X-Real-IP $remote_addr'], ['$proxy_add_x_forwarded_for'],
    ],
    ['loopback: the tunnel is believed', 'listen: { live: 80 }', ['$proxy_add_x_forwarded_for'], ['X-Real-IP']],
    [
      'an address of its own: the proof comes from there', 'listen: { address: 192.0.2.1, live: 80 }',
      ['192.0.2.1:80', '            allow 192.0.2.1;'], [],
    ],
    [
      'all addresses: the proof comes from loopback', 'listen: { address: 0.0.0.0, live: 80 }',
      ['            allow 127.0.0.1;'], ['allow 0.0.0.0'],
    ],
    ['no idle connections', 'listen: { live: 80 }', [], ['    keepalive ']],
    ['idle connections', 'listen: { live: 80 }, keepalive: 8', ['        keepalive 8;'], []],
    [
      'limits', 'listen: { live: 80 }, timeout: 2m, bodySize: 9m',
      ['proxy_read_timeout 2m;', 'client_max_body_size 9m;'], [],
    ],
  ])('%s', async (_, more, wanted, unwanted) => {
    const text = await conf(`{ api: ${app(more)} }`);
    for (const one of wanted) expect(text).toContain(one);
    for (const one of unwanted) expect(text).not.toContain(one);
  });

  it('serves each slot on a socket in its own directory, from a file of its own', async () => {
    const { text } = await compiled(`apps: { api: ${app('dir: /opt/deep/api, listen: { live: 80 }')} }\n`);
    expect(text('a', 'etc/nginx/nginx.conf')).toContain('listen unix:/opt/deep/api/green/nginx.sock;');
    expect(text('a', 'opt/deep/api/green/nginx.conf')).toContain('127.0.0.1:4001');
    expect(text('a', 'etc/systemd/system/nginx.service.d/vgen.conf')).toContain('/opt/deep/api/green/nginx.sock');
  });

  it('leaves out the app that listens nowhere beside one that does', async () => {
    const text =
      await conf(
        `{ api: ${app('listen: { live: 80 }')}, worker: ${app('', 'blue: { port: 5000 }, green: { port: 5001 }')} }`,
      );
    expect(text).toContain('api_blue');
    expect(text).not.toContain('worker_blue');
  });
});
