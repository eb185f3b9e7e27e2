// nginx reads every tree as it is, and serves two of them.
import { lstatSync, readFileSync, readlinkSync, renameSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { have } from '../programs.ts';
import { enter, inside, until, type Inside } from './namespace.ts';
import { treeNamed, treesWith } from './trees.ts';
import { ask, serveSlot, upgrade } from './web.ts';

const NGINX = ['-g', 'daemon on; master_process on;'];

/** The master by its pid file, and its workers. */
const KILL = `
master=$(</run/nginx.pid)
read -ra workers <"/proc/$master/task/$master/children"
kill -9 "$master" "\${workers[@]}"`;

export function nginxTests(able: boolean): void {
  describe.skipIf(!able || !have('nginx'))('nginx (needs: root; apt-get install nginx-light)', () => {
    it.each(treesWith('etc/nginx/nginx.conf'))('accepts $name without a warning', tree => inside(tree, async host => {
      for (const address of [tree.host.address, tree.host.private ?? tree.host.address]) {
        await host.run('ip', ['address', 'add', `${address}/32`, 'dev', 'lo']);
      }
      const { code, stderr } = await host.run('nginx', ['-t']);
      // nothing is stapled to a placeholder, and nginx says so
      expect(stderr.replaceAll(/^.*"ssl_stapling" ignored.*\n/gm, ''))
        .toBe('nginx: the configuration file /etc/nginx/nginx.conf syntax is ok\n'
          + 'nginx: configuration file /etc/nginx/nginx.conf test is successful\n');
      expect(code).toBe(0);
    }));

    describe('serving example/eu1, on loopback behind a tunnel', () => {
      const host = served('example/eu1');

      it('answers live from blue and next from green, and flips both with two renames', async () => {
        const answers = async (): Promise<string[]> => [(await ask(host(), 8000, '/a?b=%20c')).seen().slot,
          (await ask(host(), 8001, '/')).seen().slot];
        expect((await ask(host(), 8000, '/a?b=%20c')).seen()).toMatchObject({ slot: 'blue', method: 'GET',
          url: '/a?b=%20c' });
        expect(await answers()).toEqual(['blue', 'green']);
        expect((await ask(host(), 8000, '/.vgen/slot')).text).toBe('blue\n');
        expect((await ask(host(), 8001, '/.vgen/slot')).text).toBe('green\n');
        const before = await workers(host());
        flip(host(), '/opt/peerbook');
        expect(await answers()).toEqual(['green', 'blue']);
        expect((await ask(host(), 8000, '/.vgen/slot')).text).toBe('green\n');
        expect(await workers(host()), 'nothing was reloaded').toBe(before);
        flip(host(), '/opt/peerbook');
        expect(await answers()).toEqual(['blue', 'green']);
      });

      it('on loopback appends to what the tunnel forwards', async () => {
        const plain = (await ask(host(), 8000, '/')).seen().headers;
        expect(plain).toMatchObject({
          host: ['app.example:8443'], 'x-forwarded-for': ['127.0.0.1'], 'x-forwarded-proto': ['http'],
            'x-forwarded-host': ['app.example:8443'],
        });
        const { headers } = (await ask(host(), 8000, '/', { headers: { 'X-Forwarded-For': '198.51.100.7',
          'X-Forwarded-Proto': 'https', 'X-Forwarded-Host': 'evil' } })).seen();
        expect(headers).toMatchObject({
          host: ['app.example:8443'], 'x-forwarded-for': ['198.51.100.7, 127.0.0.1'], 'x-forwarded-proto': ['https'],
            'x-forwarded-host': ['app.example:8443'],
        });
        expect(headers, 'no upgrade that nobody asked for').not.toHaveProperty('upgrade');
      });

      it('does not tell a tunnel which slot is live', async () => {
        const { status, text } = await ask(host(), 8000, '/.vgen/slot',
          { headers: { 'X-Forwarded-For': '198.51.100.7' } });
        expect(status).toBe(404);
        expect(text).not.toMatch(/blue|green/);
      });

      it('carries a websocket through both hops and across a switch', async () => {
        const socket = await upgrade(host(), 8000);
        expect(socket.accept).toBe('for-k');
        expect(await socket.say('one')).toBe('blue:one');
        flip(host(), '/opt/peerbook');
        expect(await socket.say('two'), 'the old slot keeps it').toBe('blue:two');
        const later = await upgrade(host(), 8000);
        expect(await later.say('three')).toBe('green:three');
        flip(host(), '/opt/peerbook');
        expect(await later.say('four')).toBe('green:four');
        socket.close();
        later.close();
      });

      it('starts over the sockets of one that was killed, by the lines of the drop-in', async () => {
        expect((await host().run('nginx', ['-t'])).code, 'a check beside the running nginx').toBe(0);
        expect((await ask(host(), 8000, '/')).status, 'the check leaves the sockets alone').toBe(200);
        await host().run('bash', ['-c', KILL]);
        await until(() => workers(host()), left => left === '');
        const sockets = ['blue', 'green'].map(slot => join(host().root, 'opt/peerbook', slot, 'nginx.sock'));
        for (const socket of sockets) expect(lstatSync(socket).isSocket()).toBe(true);
        expect((await host().run('nginx', ['-t', '-q', ...NGINX])).code, "the unit's own check comes first").toBe(0);
        expect((await host().run('nginx', NGINX)).stderr,
          'without the drop-in').toMatch(/bind\(\) to unix:.* failed \(98/);
        const dropIn = readFileSync(join(host().root, 'etc/systemd/system/nginx.service.d/vgen.conf'), 'utf8');
        const lines = [...dropIn.matchAll(/^ExecStartPre=(.*)$/gm)].map(([, line = '']) => line.split(' '));
        expect(lines).toHaveLength(2);
        for (const [program = '', ...words] of lines) {
          expect(await host().run(program, words)).toMatchObject({ code: 0, stderr: '' });
        }
        expect(await host().run('nginx', NGINX)).toMatchObject({ code: 0, stderr: '' });
        expect((await ask(host(), 8000, '/')).seen().slot).toBe('blue');
      });
    });

    describe('serving systemd/web1, on a public address', () => {
      const host = served('systemd/web1');

      it('on a public address believes nobody', async () => {
        const lies = { 'X-Forwarded-For': '127.0.0.1', 'X-Forwarded-Proto': 'https', 'X-Real-IP': '127.0.0.1',
          'X-Forwarded-Host': 'evil' };
        expect((await ask(host(), 80, '/', { address: '192.0.2.10', headers: lies })).seen().headers).toMatchObject({
          host: ['app.example:8443'], 'x-forwarded-for': ['192.0.2.10'], 'x-real-ip': ['192.0.2.10'],
            'x-forwarded-proto': ['http'],
          'x-forwarded-host': ['app.example:8443'],
        });
      });

      it('tells on loopback only which slot is live', async () => {
        expect(await ask(host(), 80, '/.vgen/slot')).toMatchObject({ status: 200, text: 'blue\n' });
        expect((await ask(host(), 80, '/.vgen/slot', { address: '192.0.2.10' })).status).toBe(403);
      });

      it('takes a body sent in chunks, and refuses one over the limit', async () => {
        const body = [1, 2, 3].map(value => Buffer.alloc(100_000, value));
        const passed = (await ask(host(), 80, '/upload', { method: 'POST', body,
          headers: { 'Transfer-Encoding': 'chunked' } })).seen();
        expect(passed).toMatchObject({ slot: 'blue', method: 'POST', bytes: 300_000 });
        expect((await ask(host(), 80, '/upload', { method: 'POST',
          headers: { 'Content-Length': String(20 * 2 ** 20 + 1) } })).status).toBe(413);
      });

      it('takes a body where the disk is full', async () => {
        const place = '/var/lib/nginx/body';
        expect(await host().run('bash', ['-c', `mount -t tmpfs -o size=16k,mode=777 tmpfs ${place}
          cat /dev/zero 2>/dev/null >${place}/filler; [[ $(df --output=avail ${place} | tail -n 1) == *0 ]]`]))
          .toMatchObject({ code: 0 });
        const body = [Buffer.alloc(15_000, 1), Buffer.alloc(500_000, 2)];
        for (const headers of [{ 'Transfer-Encoding': 'chunked' }, { 'Content-Length': '515000' }]) {
          const answer = await ask(host(), 80, '/upload', { method: 'POST', body, headers });
          expect(answer.status).toBe(200);
          expect(answer.seen()).toMatchObject({ slot: 'blue', bytes: 515_000 });
        }
        expect((await host().run('umount', [place])).code).toBe(0);
      });
    });
  });
}

/** Runs nginx on a tree for a group of tests, with something that answers on the ports of all its slots. */
function served(name: string): () => Inside {
  let host: Awaited<ReturnType<typeof enter>>;
  let slots: { close(): void }[] = [];
  beforeAll(async () => {
    const tree = treeNamed(name);
    host = await enter(tree);
    await host.run('ip', ['address', 'add', `${tree.host.address}/32`, 'dev', 'lo']);
    slots = await Promise.all(tree.plan.apps.flatMap(app => app.slots.map(slot =>
      serveSlot(host, slot.name, slot.port))));
    expect(await host.run('nginx', NGINX)).toMatchObject({ code: 0, stderr: '' });
  });
  afterAll(async () => {
    const found = complaints(host);
    for (const slot of slots) slot.close();
    await host.leave();
    expect(found, 'in the log of nginx').toEqual([]);
  });
  return () => host;
}

/** What the log holds beyond errors of requests, the test's own stale sockets, and what a container forbids. */
const complaints = (host: Inside): string[] => readFileSync(join(host.root, 'var/log/nginx/error.log'),
  'utf8').split('\n')
  .filter(line => /\[(warn|alert|crit|emerg)\]/.test(line)
    && !/bind\(\) to|still could not bind|setrlimit\(RLIMIT_NOFILE/.test(line));

/** What a switch does, in two steps. */
function flip(host: Inside, dir: string): void {
  const links = ['live', 'next'].map(link => join(host.root, dir, link));
  const [live = '', next = ''] = links.map(path => readlinkSync(path));
  for (const [i, slot] of [next, live].entries()) {
    symlinkSync(slot, `${links[i]}.new`);
    renameSync(`${links[i]}.new`, `${links[i]}`);
  }
}

const workers = async (host: Inside): Promise<string> => (await host.run('pgrep', ['-x', 'nginx'])).stdout;
