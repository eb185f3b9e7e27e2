// Users that a team wants on its hosts; those that apps and services run as are made by their components.
import { component } from '../../component.ts';
import type { Users } from './schema.ts';

// a constant of its own: tsc does not rewrite an import() inside "export default"
const schema = () => import('./schema.ts');

export default component<Users | null>({
  name: 'users',
  summary: 'Users of the hosts.',
  key: 'users',
  schema,
  offer: ({ host, section }) => Object.values(section ?? {}).filter(user => user.hosts.has(host))
    .map(({ name, home, shell, groups, at }) => ({ kind: 'user', name, home: home ?? `/home/${name}`, shell, groups, why: 'asked for under users', at })),
});
