import { Type, type Static } from 'typebox';
import { filled, map, object } from '../../schema/kinds.ts';
import { RELAXATIONS, type Relaxation } from '../../kit/slot-unit.ts';

export const schema = filled(object({
  stop: filled(Type.Integer({ minimum: 1, maximum: 3600, description: 'Seconds between TERM and KILL when a slot is stopped.' }), 30),
  jit: filled(Type.Boolean({ description: 'All apps may make memory executable, as Node.js, Java and other compilers at run time must.' }), true),
  relax: filled(map(Type.Array(Type.Unsafe<Relaxation>({ type: 'string', enum: [...RELAXATIONS], description: 'Something to allow.' }), {
    uniqueItems: true,
    description: 'What the app may do beyond what its unit allows: devices (/dev), home (/home, /root), jit (executable memory), namespaces '
      + '(sandboxes of its own, as browsers make), proc (other processes and the kernel\'s figures in /proc), syscalls (all that the kernel has).',
  }), { description: 'What apps need of what their units deny, by the name of the app.' }, 'name'), {}),
}, { description: 'The process manager of apps with "runtime: systemd".' }), {});
export type Systemd = Static<typeof schema>;
