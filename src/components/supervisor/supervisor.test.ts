import { describe, expect, it } from 'vitest';
import { app, compiled } from '../../../test/compiled.ts';

const on = (more: string, rest = ''): ReturnType<typeof compiled> =>
  compiled(`apps: { api: ${app(`runtime: supervisor, hosts: a, ${more}`)} }\n${rest}`);
const BLUE = 'etc/supervisor/conf.d/api-blue.conf';

describe('supervisor', () => {
  it('is not there for apps of systemd', async () => {
    const { text, trees } = await compiled(`apps: { api: ${app()} }\n`);
    expect(text('a', 'etc/supervisor/supervisord.conf')).toBe('');
    expect(trees.get('a')?.plan.units.map(({ name }) => name)).not.toContain('supervisor.service');
  });

  it('gives HOME and USER, which it does not set itself, unless the app does', async () => {
    expect((await on('user: www')).text('a', BLUE)).toMatch(/HOME="?\/opt\/api"?,USER="?www"?/);
    const own = (await on('env: { HOME: /tmp }')).text('a', BLUE);
    expect(own).toMatch(/HOME="?\/tmp"?,USER="?api"?/);
    expect(own.match(/HOME=/g)?.length).toBe(1);
  });

  it('runs "./x" from the release', async () =>
    expect((await on('')).text('a', BLUE)).toMatch(/^command="?\/opt\/api\/blue\/release\/api"?$/m));

  it('keeps an environment with a secret whole in the file that root alone reads', async () => {
    const { text, trees } = await on('env: { A: plain, B: "${secret.s}" }', 'secrets: { s: { env: S } }\n');
    expect(text('a', BLUE)).not.toContain('environment=');
    expect(text('a', 'etc/supervisor/secrets/api-blue.conf')).toMatch(/A="?plain"?[^]*B=@vgen\(supervisorenv:<s>\)/);
    const secret = trees.get('a')?.plan.files.find(({ path }) => path === '/etc/supervisor/secrets/api-blue.conf');
    expect(secret).toMatchObject({
      mode: '0600', secrets: ['s'],
      onChange: [{ do: 'slot', app: 'api', slot: 'blue' }], slot: 'api/blue',
    });
  });

  it('has no file of secrets without a secret; its settings go to each program', async () => {
    const { text } = await on('', 'supervisor: { stop: 7, log: { size: 3, keep: 2 } }\n');
    expect(text('a', 'etc/supervisor/secrets/api-blue.conf')).toBe('');
    expect(text('a', BLUE)).toMatch(/stopwaitsecs=7\n[^]*maxbytes=3MB\n[^]*backups=2\n/);
  });
});
