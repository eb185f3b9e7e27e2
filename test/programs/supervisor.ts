// supervisord reads every tree that has it and starts the programs; /proc tells what they were really given.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { have } from '../programs.ts';
import { inside, until, type Inside } from './namespace.ts';
import { secretValues, treeNamed, treesWith } from './trees.ts';

interface Program {
  readonly argv: string[];
  readonly cwd: string;
  readonly user: string;
  readonly env: Record<string, string>;
}

const peerbook = (publicIp: string, slot: string, port: number): Program => ({
  argv: ['/usr/bin/perl', `/opt/peerbook/${slot}/release/peerbook`, '--addr', `127.0.0.1:${port}`],
  cwd: '/opt/peerbook/releases/first', user: 'peerbook',
  env: {
    HOME: '/opt/peerbook', USER: 'peerbook', PUBLIC_IP: publicIp, REDIS_HOST: '127.0.0.1:6379',
      REDIS_PASSWORD: secretValues['redisPassword']!,
    PB_SMTP_HOST: 'email-smtp.eu-central-1.amazonaws.com', PB_SMTP_USER: secretValues['smtpUser']!,
      PB_SMTP_PASS: secretValues['smtpPass']!,
    TURN_SECRET_KEY: secretValues['turnKey']!,
  },
});
const site = (port: number): Program => ({
  argv: ['/usr/bin/python3', '-m', 'http.server', `${port}`], cwd: '/opt/site/releases/first', user: 'site',
  env: { HOME: '/opt/site', USER: 'site', DEMO_TOKEN: 'not-a-secret-at-all' },
});
const api = (slot: string, port: number): Program => ({
  argv: ['/usr/bin/perl', `/opt/api/${slot}/release/api`, '--listen', `127.0.0.1:${port}`],
    cwd: '/opt/api/releases/first', user: 'api',
  env: { HOME: '/opt/api', USER: 'api' },
});

/** What the inventories say, by tree and program. */
const said: Record<string, Record<string, Program>> = {
  'example/eu1': { 'pb-blue': peerbook('203.0.113.10', 'blue', 20000),
    'pb-green': peerbook('203.0.113.10', 'green', 20001) },
  'example/us1': { 'pb-blue': peerbook('198.51.100.20', 'blue', 20000),
    'pb-green': peerbook('198.51.100.20', 'green', 20001) },
  'own-files/eu1': { 'site-blue': site(5000), 'site-green': site(5001) },
  'two-apps/app1': { 'api-blue': api('blue', 7000), 'api-green': api('green', 7001) },
};

const CHECK = 'import sys; from supervisor.options import ServerOptions as S; o=S(); o.realize(["-c",sys.argv[1]])';
const FILE = '/etc/supervisor/supervisord.conf';

export function supervisorTests(able: boolean): void {
  const skipped = describe.skipIf(!able || !have('supervisord'));
  skipped.concurrent('supervisord (needs: root; apt-get install supervisor)', () => {
    it('has expectations for every tree', () => {
      expect(treesWith(FILE.slice(1)).map(({ name }) => name).sort()).toEqual(Object.keys(said).sort());
    });

    it.each(Object.keys(said))('reads %s and starts its programs with exactly the words and values of the inventory',
      name =>
      inside(treeNamed(name), async host => {
        expect(await host.run('/usr/bin/python3', ['-c', CHECK, FILE])).toEqual({ code: 0, stdout: '', stderr: '' });
        host.start('/usr/bin/supervisord', ['-n', '-c', FILE]);
        const programs = said[name]!;
        const status = (): Promise<string> => host.run('supervisorctl', ['-c', FILE, 'status']).then(({ stdout }) =>
          stdout);
        await new Promise(resolve => setTimeout(resolve, 2500)); // "startsecs" is 2, and every question starts a Python
        const running =
          await until(status, text => (text.match(/ RUNNING /g) ?? []).length === Object.keys(programs).length
          || /FATAL|BACKOFF|EXITED/.test(text));
        expect(running.split('\n').filter(Boolean).map(line => line.split(/\s+/).slice(0, 2))).toEqual(
          Object.keys(programs).sort().map(program => [program, 'RUNNING']));
        for (const [program, expected] of Object.entries(programs)) {
          const pid = new RegExp(`^${program} .* pid (\\d+),`, 'm').exec(running)?.[1] ?? '';
          expect(await given(host, pid), program).toEqual(expected);
        }
        expect(await host.run('supervisorctl', ['-c', FILE, 'reread'])).toMatchObject({ code: 0,
          stdout: 'No config updates to processes\n' });
      }));
  });
}

async function given(host: Inside, pid: string): Promise<Program> {
  const list = async (name: string): Promise<string[]> =>
    (await host.run('cat', [`/proc/${pid}/${name}`])).stdout.replace(/\0$/, '').split('\0');
  const status = (await host.run('cat', [`/proc/${pid}/status`])).stdout;
  expect(/^Umask:\s*(\d+)$/m.exec(status)?.[1]).toBe('0027');
  const id = /^Uid:\s*(\d+)/m.exec(status)?.[1];
  const users = readFileSync(join(host.root, 'etc/passwd'), 'utf8').split('\n').map(line => line.split(':'));
  const env = Object.fromEntries((await list('environ')).map(one =>
    [one.slice(0, one.indexOf('=')), one.slice(one.indexOf('=') + 1)]));
  for (const name of ['PATH', 'LC_ALL']) delete env[name];
  for (const name of Object.keys(env)) if (name.startsWith('SUPERVISOR_')) delete env[name];
  return {
    argv: await list('cmdline'), cwd: (await host.run('readlink', [`/proc/${pid}/cwd`])).stdout.trim(),
    user: users.find(([, , uid]) => uid === id)?.[0] ?? `${id}`, env,
  };
}
