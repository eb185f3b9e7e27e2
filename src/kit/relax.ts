// The key "relax" of runtimes whose slots are hardened units. Loaded only when vgen is built.
import { Type } from 'typebox';
import { filled, map } from '../schema/kinds.ts';
import { RELAXATIONS, type Relaxation } from './slot-unit.ts';

/** What apps may do beyond what their units allow, by the name of the app. */
export const relax = filled(map(
  Type.Array(Type.Unsafe<Relaxation>({ type: 'string', enum: [...RELAXATIONS], description: 'Something to allow.' }), {
    uniqueItems: true,
    description: 'What the app may do beyond what its unit allows: devices (/dev), home (/home, /root), jit (executable memory), namespaces '
      + '(sandboxes of its own, as browsers make), proc (other processes and the kernel\'s figures in /proc), syscalls (all that the kernel has).',
  }), { description: 'What apps need of what their units deny, by the name of the app.' }, 'name',
), {});
