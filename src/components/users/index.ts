// Users that a team wants on its hosts, how they log in and what they may do as root; those that apps and services run as
// are made by their components.
import { component, entriesOn, type FileSpec, type OnChange } from '../../contract/component.ts';
import { error, type Diagnostic } from '../../contract/diagnostic.ts';
import type { Host } from '../../contract/model.ts';
import type { Users } from './schema.ts';

type User = Users[string];

const NO_LOGIN = /\/(nologin|false)$/;
const confirm = [{ do: 'confirm' }] as const;

const on = (section: Users | null, host: Host): User[] => entriesOn(section, host);

function check(section: Users): Diagnostic[] {
  return Object.values(section).flatMap(user => (user.keys.length > 0 && NO_LOGIN.test(user.shell)
    ? [error('users/no-shell', [...user.at, 'keys'], `user "${user.name}" has keys but cannot log in: its shell is "${user.shell}"`, {
      hint: 'set "shell", such as /bin/bash',
    })] : []));
}

function files(users: readonly User[]): FileSpec[] {
  const common = { kind: 'file', owner: 'root:root', secrets: [] } as const;
  const withKeys = users.filter(({ keys }) => keys.length > 0);
  return [
    ...withKeys.length === 0 ? [] : [{
      ...common, path: '/etc/ssh/sshd_config.d/00-vgen-keys.conf', mode: '0644', at: ['users'], check: 'sshd', onChange: [{ do: 'reload', unit: 'ssh.service' }, ...confirm] as OnChange[],
      from: { template: 'users/etc/ssh/sshd_config.d/00-vgen-keys.conf.njk', view: { at: ['users'] } },
    } as const],
    ...withKeys.map(({ name, keys, at }): FileSpec => ({
      ...common, path: `/etc/ssh/authorized_keys.d/${name}`, mode: '0644', at: [...at, 'keys'], check: null, onChange: confirm,
      from: { template: 'users/etc/ssh/authorized_keys.d/{user}.njk', view: { at, name, keys } },
    })),
    ...users.filter(({ sudo }) => sudo.length > 0).map(({ name, sudo, at }): FileSpec => ({
      ...common, path: `/etc/sudoers.d/vgen-${name}`, mode: '0440', at: [...at, 'sudo'], check: 'sudoers', onChange: confirm,
      from: { template: 'users/etc/sudoers.d/vgen-{user}.njk', view: { at, name, sudo: sudo.map((command, i) => ({ at: [...at, 'sudo', i], command })) } },
    })),
  ];
}

// a constant of its own: tsc does not rewrite an import() inside "export default"
const schema = () => import('./schema.ts');

export default component<Users | null>({
  name: 'users',
  summary: 'Users of the hosts, their keys and their rights.',
  key: 'users',
  schema,
  check: ({ section }) => (section ? check(section) : []),
  offer: ({ host, section }) => on(section, host).flatMap(({ name, home, shell, groups, keys, sudo, at }) => [
    {
      kind: 'user', name, home: home ?? `/home/${name}`, shell, groups, why: 'asked for under users', at,
      ...keys.length > 0 && sudo.includes('ALL') ? { admin: true } : {},
    },
    ...sudo.length > 0 ? [{ kind: 'package', name: 'sudo', why: `user "${name}" may do things as root`, at } as const] : [],
  ]),
  plan: ({ host, section }) => files(on(section, host)),
});
