import { Type, type Static } from 'typebox';
import { entries, filled, object, orNull, selector, word } from '../../schema/kinds.ts';

const user = object({
  hosts: filled(selector({ description: 'Hosts that get the user.' }), 'all'),
  home: orNull<string>(Type.String({
    pattern: '^/[A-Za-z0-9_./-]+$', rule: 'an absolute path', description: 'Home directory; default /home/NAME.',
  })),
  shell: filled(Type.String({
    pattern: '^/[A-Za-z0-9_./-]+$', rule: 'an absolute path', description: 'Login shell.',
  }), '/usr/sbin/nologin'),
  groups: filled(Type.Array(word('name', { description: 'A group that exists.' }), {
    uniqueItems: true, description: 'Further groups.',
  }), []),
  keys: filled(Type.Array(Type.String({
    pattern: '^(ssh-(ed25519|rsa)|ecdsa-sha2-nistp(256|384|521)|sk-(ssh-ed25519|ecdsa-sha2-nistp256)@openssh\\.com) '
      + '[A-Za-z0-9+/]{40,3000}={0,3}( [A-Za-z0-9 ._@:+-]{1,100})?$',
    rule: 'a public key such as "ssh-ed25519 AAAA… ada@laptop", without options', description: 'A public ssh key.',
  }),
  {
    uniqueItems: true, description: 'Public ssh keys that the user logs in with; they are kept where only root writes.',
  }),
  []),
  sudo: filled(Type.Array(Type.String({
    pattern: '^(ALL|/.+)$', rule: 'an absolute command with its words, or ALL',
    description: 'A command with exactly these arguments.', examples: ['/usr/bin/systemctl restart nginx.service'],
  }), { uniqueItems: true, description: 'Commands that the user may run as root without a password: exact commands, '
    + 'or ALL. The user that vgen logs in as needs ALL.' }), []),
}, { description: 'A user of the host; created if absent, never removed.' });

export const schema = entries(user, { description: 'Users of the hosts by name.' });
export type Users = Static<typeof schema>;
