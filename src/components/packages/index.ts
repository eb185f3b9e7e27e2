// Further Debian packages that a team wants on its hosts.
import { component, entriesOn } from '../../contract/component.ts';
import type { Packages } from './schema.ts';

export const packages = component<Packages | null>({
  name: 'packages',
  summary: 'Debian packages beside those that the components need.',
  key: 'packages',
  schema: () => import('./schema.ts'),
  offer: ({ host, section }) => entriesOn(section, host)
    .map(({ name, at }) => ({ kind: 'package', name, why: 'asked for under packages', at })),
});
