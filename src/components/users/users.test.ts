import { expect, it } from 'vitest';
import { compiled } from '../../../test/compiled.ts';

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJf8b1o2mYx0r3n0Yc7q9u0o7l1yXyq5m7n1p3xQk2aZ';

it('have a home and no login, unless it is said', async () => {
  const { trees, text } =
    await compiled('users: { ada: {}, bob: { hosts: b, home: /srv/bob, shell: /bin/bash, groups: [adm, sudo] } }\n');
  expect(trees.get('a')?.plan.users.map(({ name }) => name)).toEqual(['ada']);
  expect(text('b', 'manifest.tsv')).toContain('\nuser\tada\t/home/ada\t/usr/sbin/nologin\t-\tasked for under users\n'
    + 'user\tbob\t/srv/bob\t/bin/bash\tadm,sudo\t');
});

it('log in with keys that only root writes, and do just what they may as root', async () => {
  const { text, trees, found } = await compiled(
    `users: { ada: { hosts: a, shell: /bin/sh, keys: ["${KEY} ada@x"], sudo: [/bin/true, "/bin/dd if=/a,b"] } }\n`,
  );
  expect(found).toEqual([]);
  expect(text('a', 'etc/ssh/authorized_keys.d/ada'))
    .toBe(`# Made by vgen from users.ada; do not edit.\n${KEY} ada@x\n`);
  expect(text('a', 'etc/sudoers.d/vgen-ada').split('\n').slice(1))
    .toEqual(['ada ALL=(root) NOPASSWD: /bin/true ""', 'ada ALL=(root) NOPASSWD: /bin/dd if\\=/a\\,b', '']);
  const files = trees.get('a')?.plan.files ?? [];
  expect(files.find(({ path }) => path.startsWith('/etc/sudoers.d/')))
    .toMatchObject({ mode: '0440', check: 'sudoers', onChange: [{ do: 'confirm' }] });
  expect(files.find(({ path }) => path.endsWith('00-vgen-keys.conf')))
    .toMatchObject({ check: 'sshd', onChange: [{ do: 'reload', unit: 'ssh.service' }, { do: 'confirm' }] });
  expect(text('b', 'etc/ssh/sshd_config.d/00-vgen-keys.conf')).toBe('');
});

it.each([
  ['{}', []], ['{ keys: [KEY] }', ['users/no-shell users.ada.keys']],
  ['{ keys: [KEY], shell: /bin/false }', ['users/no-shell users.ada.keys']],
  ['{ keys: [KEY], shell: /bin/sh }', []],
  ['{ sudo: [reboot] }', ['schema/form users.ada.sudo[0]']],
  ['{ sudo: [/bin/rm /*] }', ['render/inexpressible users.ada.sudo[0].command']],

  ['{ keys: ["command=x ssh-ed25519 AAAA"] }', ['schema/form users.ada.keys[0]']],
])('%s', async (written, wanted) => expect((await compiled(
  `users: { ada: ${written.replace('KEY', `"${KEY}"`)} }\n`,
)).found.filter((one, i, all) => all.indexOf(one) === i)).toEqual(wanted));
