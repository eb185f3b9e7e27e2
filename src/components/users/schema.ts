import { Type, type Static } from 'typebox';
import { entries, filled, object, orNull, selector, word } from '../../schema/kinds.ts';

const user = object({
  hosts: filled(selector({ description: 'Hosts that get the user.' }), 'all'),
  home: orNull<string>(Type.String({ pattern: '^/[A-Za-z0-9_./-]+$', rule: 'an absolute path', description: 'Home directory; default /home/NAME.' })),
  shell: filled(Type.String({ pattern: '^/[A-Za-z0-9_./-]+$', rule: 'an absolute path', description: 'Login shell.' }), '/usr/sbin/nologin'),
  groups: filled(Type.Array(word('name', { description: 'A group that exists.' }), { uniqueItems: true, description: 'Further groups.' }), []),
}, { description: 'A user of the host; made if absent, never removed.' });

export const schema = entries(user, { description: 'Users of the hosts by name.' });
export type Users = Static<typeof schema>;
