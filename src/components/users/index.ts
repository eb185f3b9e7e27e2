// Users that a team wants on its hosts, how they log in and what they may do as root; those that apps and
// services run as are made by their components.
import { component, entriesOn, type FileSpec } from '../../contract/component.ts';
import { CONFIRM, filesOf, reload } from '../../kit/files.ts';
import { error, type Diagnostic } from '../../contract/diagnostic.ts';
import type { Host } from '../../contract/model.ts';
import type { Users } from './schema.ts';

type User = Users[string];

const NO_LOGIN = /\/(nologin|false)$/;
const { template } = filesOf('users');

const on = (section: Users | null, host: Host): User[] => entriesOn(section, host);

function check(section: Users): Diagnostic[] {
  return Object.values(section).flatMap(user => (user.keys.length > 0 && NO_LOGIN.test(user.shell)
    ? [error(
      'users/no-shell', [...user.at, 'keys'],
      `user "${user.name}" has keys but cannot log in: its shell is "${user.shell}"`, {
        hint: 'set "shell", such as /bin/bash',
      },
    )] : []));
}

function files(users: readonly User[]): FileSpec[] {
  const withKeys = users.filter(({ keys }) => keys.length > 0);
  return [
    ...withKeys.length === 0 ? [] : [
      template('/etc/ssh/sshd_config.d/00-vgen-keys.conf', ['users'], {}, {
        check: 'sshd', onChange: [reload('ssh.service'), CONFIRM],
      }),
    ],
    ...withKeys.map(({ name, keys, at }) =>
      template(`/etc/ssh/authorized_keys.d/${name}`, [...at, 'keys'], { at, name, keys },
        { as: '/etc/ssh/authorized_keys.d/{user}', onChange: [CONFIRM] })),
    ...users.filter(({ sudo }) => sudo.length > 0)
      .map(({ name, sudo, at }) => template(`/etc/sudoers.d/vgen-${name}`, [...at, 'sudo'],
        { at, name, sudo: sudo.map((command, i) => ({ at: [...at, 'sudo', i], command })) },
        { as: '/etc/sudoers.d/vgen-{user}', mode: '0440', check: 'sudoers', onChange: [CONFIRM] })),
  ];
}

export const users = component<Users | null>({
  name: 'users',
  summary: 'Users of the hosts, their keys and their rights.',
  key: 'users',
  schema: () => import('./schema.ts'),
  check: ({ section }) => (section ? check(section) : []),
  offer: ({ host, section }) => on(section, host).flatMap(({ name, home, shell, groups, keys, sudo, at }) => [
    {
      kind: 'user', name, home: home ?? `/home/${name}`, shell, groups, why: 'asked for under users', at,
      ...keys.length > 0 && sudo.includes('ALL') ? { admin: true } : {},
    },
    ...sudo.length > 0 ? [{ kind: 'package', name: 'sudo', why: `user "${name}" may do things as root`, at } as const]
      : [],
  ]),
  plan: ({ host, section }) => ({ files: files(on(section, host)) }),
});
