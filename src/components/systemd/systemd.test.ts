import { describe, expect, it } from 'vitest';
import { app, compiled } from '../../../test/compiled.ts';

const UNIT = 'etc/systemd/system/api-blue.service';

describe('systemd', () => {
  it('makes a unit and an environment per slot, and none for apps of supervisor', async () => {
    const { text } =
      await compiled(`apps: { api: ${app('hosts: a')}, sup: ${app('hosts: b, runtime: supervisor')} }\n`);
    for (const slot of ['blue', 'green']) expect(text('a', `etc/systemd/system/api-${slot}.service`))
      .toContain(`EnvironmentFile=/etc/vgen/env/api-${slot}.env`);
    expect(text('b', 'etc/systemd/system/sup-blue.service')).toBe('');
  });

  it.each([
    ['in the release', './api', 'ExecStart=/opt/api/blue/release/api'],
    ['of the host, with words', '[/usr/bin/node, "a b", "50%", "$X"]', 'ExecStart=/usr/bin/node "a b" '],
    ['with the port of the slot', '["./api", "-p", "${slot.port}"]', 'release/api "-p" "4000"'],
  ])('a program %s', async (_, command, wanted) => {
    const text = (await compiled(`apps: { api: ${app('hosts: a').replace('./api', command)} }\n`)).text('a', UNIT);
    expect(text.replaceAll(/ (-p|4000)\b/g, ' "$1"')).toContain(wanted);
  });

  it.each([['', false], ['systemd: { jit: true }\n', false], ['systemd: { jit: false }\n', true]])(
    '%sdenies executable memory: %s', async (section, wanted) => {
      expect((await compiled(`apps: { api: ${app()} }\n${section}`)).text('a', UNIT)
        .includes('MemoryDenyWriteExecute=yes')).toBe(wanted);
    },
  );

  it.each([
    ['devices', /PrivateDevices/], ['home', /ProtectHome/], ['jit', /MemoryDenyWriteExecute/],
    ['namespaces', /RestrictNamespaces/], ['proc', /ProtectProc|ProcSubset/],
    ['syscalls', /SystemCall/],
  ])('leaves out what denies an app %s where it needs it, for that app alone', async (what, lines) => {
    const { text } = await compiled(`systemd: { jit: false, relax: { api: [${what}] } }
apps: { api: ${app('hosts: a')}, other: ${app('hosts: a', 'blue: { port: 4010 }, green: { port: 4011 }')} }\n`);
    expect(text('a', UNIT)).not.toMatch(lines);
    expect(text('a', 'etc/systemd/system/other-blue.service')).toMatch(lines);
  });

  it('lets the slot\'s environment win, and root alone read it', async () => {
    const { text, trees } = await compiled(`apps: { api: ${app(
      'env: { A: app, B: "${secret.s}" }', 'blue: { port: 4000, env: { A: slot } }, green: { port: 4001 }',
    )} }\nsecrets: { s: { env: S } }\n`);
    expect(text('a', 'etc/vgen/env/api-blue.env')).toMatch(/^A="slot"\nB=@vgen\(envfile:<s>\)$/m);
    expect(text('a', 'etc/vgen/env/api-green.env')).toMatch(/^A="app"$/m);
    expect(trees.get('a')?.plan.files.find(({ path }) => path === '/etc/vgen/env/api-blue.env'))
      .toMatchObject({ mode: '0600', secrets: ['s'] });
  });
});
