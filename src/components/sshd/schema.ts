import { Type, type Static } from 'typebox';
import { filled, object, selector, word } from '../../schema/kinds.ts';

export const schema = object({
  hosts: filled(selector({ description: 'Hosts whose sshd is hardened.' }), 'all'),
  root: filled(Type.Unsafe<'key' | 'no'>({
    type: 'string', enum: ['key', 'no'],
    description: 'Login of root: key (only with a key) or no (not at all, once a user with keys and "sudo: [ALL]" is '
      + 'on the host).',
  }), 'key'),
  allowUsers: filled(Type.Array(word('name', { description: 'A user.' }), {
    uniqueItems: true, description: 'Users that may log in; default every user with a key.',
  }), []),
},
{
  description: 'sshd without passwords and with modern algorithms only. Without this section vgen leaves it as it is.',
});
export type Sshd = Static<typeof schema>;
