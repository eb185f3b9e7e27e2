// sshd: no passwords, no old algorithms, and never a host that nobody gets into any more.
import { component, type Offers } from '../../contract/component.ts';
import { CONFIRM, filesOf, reload } from '../../kit/files.ts';
import { error, type Diagnostic } from '../../contract/diagnostic.ts';
import type { Host } from '../../contract/model.ts';
import type { Sshd } from './schema.ts';

const { template } = filesOf('sshd');

/** Who can log in to a host and become root. */
function adminsOf(section: Sshd, host: Host, offers: Offers): string[] {
  const users = offers.on(host, 'user').filter(user => user.admin).map(({ name }) => name);
  return [...section.root === 'key' ? ['root'] : [], ...users]
    .filter(name => section.allowUsers.length === 0 || section.allowUsers.includes(name));
}

function check(section: Sshd, offers: Offers): Diagnostic[] {
  for (const host of section.hosts) {
    const admins = adminsOf(section, host, offers);
    if (admins.length === 0) {
      const at = section.root === 'no' ? ['sshd', 'root'] : ['sshd', 'allowUsers'];
      return [error('sshd/no-management-access', at, `no user could log in to host "${host.name}" and become root`, {
        hint: 'declare a user with "keys", a "shell" and "sudo: [ALL]", and list it in "allowUsers" if that is set',
      })];
    }
    const login = host.ssh.user ?? 'root';
    if (admins.includes(login)) continue;
    return [error(
      'sshd/vgen-locked-out', ['sshd'], `vgen logs in to host "${host.name}" as "${login}", which sshd would refuse`, {
        onKey: true, hint: `set "ssh: {user: ${admins.find(name => name !== 'root') ?? 'root'}}" of the host`,
        see: { message: `host "${host.name}"`, at: host.at },
      },
    )];
  }
  return [];
}

export const sshd = component<Sshd | null>({
  name: 'sshd',
  summary: 'sshd without passwords and old algorithms.',
  key: 'sshd',
  schema: () => import('./schema.ts'),
  check: ({ section, offers }) => (section ? check(section, offers) : []),
  plan: ({ host, section }) => ({
    files: section?.hosts.has(host) ? [template('/etc/ssh/sshd_config.d/00-vgen.conf', ['sshd'], {
      root: section.root, allowUsers: section.allowUsers.join(' '),
      // a host key that clients pinned has to stay on offer
      ecdsa: host.ssh.hostKey?.startsWith('ecdsa-') ?? false,
    }, { check: 'sshd', onChange: [reload('ssh.service'), CONFIRM] })] : [],
  }),
});
