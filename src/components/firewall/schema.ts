import { Type, type Static } from 'typebox';
import type { Peers } from '../../contract/model.ts';
import { entries, filled, object, orNull, peers, port, selector } from '../../schema/kinds.ts';

const opening = object({
  hosts: filled(selector({ description: 'Hosts on which the port is opened.' }), 'all'),
  port: port('Port number; of a container, the one that is published on the host.'),
  protocol: filled(
    Type.Unsafe<'tcp' | 'udp'>({ type: 'string', enum: ['tcp', 'udp'], description: 'Protocol: tcp or udp.' }), 'tcp',
  ),
  from: peers({
    description: 'Peers that may connect: anyone, or hosts and networks.', examples: [['tag:edge', '192.0.2.0/24']],
  }),
  why: Type.String({
    pattern: '^[A-Za-z0-9][A-Za-z0-9 .,:;()/_+@-]{3,99}$',
    rule: '4 to 100 letters, digits, blanks and the marks . , : ; ( ) / _ + @ -',
    description: 'Purpose, shown beside the rule and in the exposure report.',
  }),
}, { description: 'A port of something that vgen does not manage.' });

export const schema = object({
  hosts: filled(selector({ description: 'Hosts that get the firewall.' }), 'all'),
  ssh: orNull<Peers>(peers({
    description: 'Peers that may connect to sshd; default anyone. The port is that of "ssh" of the host, or 22.',
  })),
  open: filled(entries(opening, { description: 'Further ports by name.' }), {}),
}, {
  description: 'Firewall that drops incoming connections except those that the inventory declares, from the peers '
    + 'that need them. Not for hosts that route for machines other than their containers. Without this section vgen '
    + 'manages no firewall.',
});
export type Firewall = Static<typeof schema>;
