import { Type, type Static } from 'typebox';
import type { Peers } from '../../contract/model.ts';
import { entries, filled, object, orNull, peers, port, selector } from '../../schema/kinds.ts';

const opening = object({
  hosts: filled(selector({ description: 'Hosts on which the port is opened.' }), 'all'),
  port: port('The port; of a container, the one that is published on the host.'),
  protocol: filled(
    Type.Unsafe<'tcp' | 'udp'>({ type: 'string', enum: ['tcp', 'udp'], description: 'tcp or udp.' }), 'tcp',
  ),
  from: peers({
    description: 'Who may connect: anyone, or hosts and networks.', examples: [['tag:edge', '192.0.2.0/24']],
  }),
  why: Type.String({
    pattern: '^[A-Za-z0-9][A-Za-z0-9 .,:;()/_+@-]{3,99}$',
    rule: '4 to 100 letters, digits, blanks and the marks . , : ; ( ) / _ + @ -',
    description: 'What it is for; stands beside the rule and in the exposure report.',
  }),
}, { description: 'A port of something that vgen does not know of.' });

export const schema = object({
  hosts: filled(selector({ description: 'Hosts that get the firewall.' }), 'all'),
  ssh: orNull<Peers>(peers({
    description: 'Who may connect to sshd; absent: anyone. The port is that of the host\'s "ssh", or 22.',
  })),
  open: filled(entries(opening, { description: 'Further ports by name.' }), {}),
}, {
  description: 'A firewall that drops what comes in but for the ports that the inventory speaks of, from those who '
    + 'use them. A host that routes for other machines than its containers wants none. Without this section vgen '
    + 'manages none.',
});
export type Firewall = Static<typeof schema>;
