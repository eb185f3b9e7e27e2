import { expect, it } from 'vitest';
import { compiled } from '../../../test/compiled.ts';

const users = 'users: { ada: { shell: /bin/bash, keys: ["ssh-ed25519 '
  + 'AAAAC3NzaC1lZDI1NTE5AAAAIJf8b1o2mYx0r3n0Yc7q9u0o7l1yXyq5m7n1p3xQk2aZ"], sudo: [ALL] }, eve: { shell: /bin/bash, '
  + 'keys: ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJf8b1o2mYx0r3n0Yc7q9u0o7l1yXyq5m7n1p3xQk2aZ"], sudo: [/bin/true] } '
  + '}\n';
const hosts = (ssh: string): string => `hosts: { a: { address: 192.0.2.1, ssh: ${ssh} } }\n`;

it('takes no passwords, and is confirmed', async () => {
  const { text, trees, found } = await compiled('sshd: { hosts: a }\n');
  expect(found).toEqual([]);
  expect(text('a', 'etc/ssh/sshd_config.d/00-vgen.conf'))
    .toMatch(/^PermitRootLogin prohibit-password\n\nPasswordAuthentication no$/m);
  expect(text('a', 'etc/ssh/sshd_config.d/00-vgen.conf')).not.toMatch(/AllowUsers|nistp/);
  expect(trees.get('a')?.plan.files.find(({ path }) => path.endsWith('00-vgen.conf')))
    .toMatchObject({ check: 'sshd', onChange: [{ do: 'reload', unit: 'ssh.service' }, { do: 'confirm' }] });
  expect(text('b', 'etc/ssh/sshd_config.d/00-vgen.conf')).toBe('');
});

it('goes on to offer a host key of a kind that is pinned', async () => {
  const { text } = await compiled(
    `${hosts('{ hostKey: ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBA }')}sshd: {}\n`,
  );
  expect(text('a', 'etc/ssh/sshd_config.d/00-vgen.conf'))
    .toMatch(/^HostKeyAlgorithms .*rsa-sha2-256,ecdsa-sha2-nistp256,/m);
});

it.each([
  ['{}', 'root: key', []], ['{}', 'root: "no"', ['sshd/vgen-locked-out sshd']], ['{ user: ada }', 'root: "no"', []],
  ['{ user: eve }', 'root: "no"', ['sshd/vgen-locked-out sshd']],
  ['{ user: ada }', 'allowUsers: [ada]', []], [
    '{ user: ada }', 'allowUsers: [eve]', ['sshd/no-management-access sshd.allowUsers'],
  ], ['{}', 'allowUsers: [ada]', ['sshd/vgen-locked-out sshd']],
  ['{}', 'allowUsers: [root, ada]', []],
  ['{ user: ada }', 'root: "no", allowUsers: [root]', ['sshd/no-management-access sshd.root']],
])('ssh %s, %s', async (ssh, written, wanted) =>
  expect((await compiled(`${hosts(ssh)}${users}sshd: { ${written} }\n`)).found).toEqual(wanted));
