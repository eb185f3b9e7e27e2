import { describe, expect, it } from 'vitest';
import { app, compiled } from '../../../test/compiled.ts';
import { seconds } from '../../kit/duration.ts';

describe('seconds', () => {
  it.each([['30s', 30], ['2m', 120], ['1h', 3600], ['500ms', 1], ['1499ms', 1], ['1500ms', 2], ['1ms', 1], ['0s', 1]])(
    '%s: %i', (text, wanted) => expect(seconds(text)).toBe(wanted),
  );
});

describe('slots', () => {
  it('makes two slots, the links live and next, and a link to the binary in each', async () => {
    const { text, trees } = await compiled(`apps: { api: ${app('binary: api, hosts: a')} }\n`);
    expect([text('a', 'opt/api/live'), text('a', 'opt/api/next'), text('a', 'opt/api/blue/api')])
      .toEqual(['-> blue', '-> green', '-> release/api']);
    expect(trees.get('a')?.plan.files.filter(({ kind, component }) => kind === 'directory' && component === 'slots')
      .map(({ path }) => path)).toEqual(['/opt/api', '/opt/api/blue', '/opt/api/green', '/opt/api/releases']);
    expect(trees.get('b')?.plan.users).toEqual([]);
  });

  it('makes no link where a release is a directory', async () => {
    const { trees } = await compiled(`apps: { api: ${app()} }\n`);
    const links = trees.get('a')?.plan.files.filter(({ kind, path }) => kind === 'link' && path.startsWith('/opt/'));
    expect(links).toEqual([]);
  });

  it.each([['127.0.0.1', '127.0.0.1:80'], ['0.0.0.0', '127.0.0.1:80'], ['192.0.2.1', '192.0.2.1:80']])(
    'listening on %s, the host asks %s', async (address, wanted) => {
      expect((await compiled(`apps: { api: ${app(`hosts: a, listen: { address: ${address}, live: 80 }`)} }\n`))
        .text('a', 'opt/vgen/apps/api.sh')).toContain(wanted);
    },
  );

  it.each([
    [
      'one port in both slots', app('', 'blue: { port: 4000 }, green: { port: 4000 }'),
      'ports/clash apps.api.slots.green.port',
    ],
    [
      'a further port and a link',
      app('listen: { live: 9000 }', 'blue: { port: 4000, ports: { x: 9000 } }, green: { port: 4001 }'),
      'ports/clash apps.api.listen.live',
    ],
    ['a bare program', app().replace('./api', 'api'), 'apps/program apps.api.command'],
    ['a directory elsewhere', app('dir: /srv/api'), 'apps/dir apps.api.dir'],
    ['vgen\'s own directory', app('dir: /opt/vgen/api'), 'apps/dir apps.api.dir'],
    ['a directory as long as a socket allows', app(`dir: /opt/${'a'.repeat(85)}`), null],
    ['a longer one', app(`dir: /opt/${'a'.repeat(86)}`), 'apps/dir-length apps.api.dir'],
    [
      'a further port that one slot has',
      app('env: { A: "${slot.ports.x}" }', 'blue: { port: 4000, ports: { x: 9000 } }, green: { port: 4001 }'),
      'apps/unknown-port apps.api.env.A',
    ],
  ])('%s', async (_, written, wanted) => {
    const { found } = await compiled(`apps: { api: ${written.replace('"${', "'${").replace('}"', "}'")} }\n`);
    expect([...new Set(found)]).toEqual(wanted === null ? [] : [wanted]);
  });

  it('lets apps share directory and unit names on different hosts', async () => {
    const one = app('dir: /opt/api, unit: u, hosts: a');
    expect((await compiled(`apps: { one: ${one}, two: ${one.replace('hosts: a', 'hosts: b')} }\n`)).found).toEqual([]);
    expect((await compiled(`apps: { one: ${one}, two: ${one} }\n`)).found)
      .toEqual(expect.arrayContaining(['apps/shared-dir apps.two.dir', 'apps/shared-unit apps.two.unit']));
  });
});
