// The key "relax" of runtimes whose slots are hardened units. Loaded only when vgen is built.
import { Type } from 'typebox';
import { filled, map } from '../schema/kinds.ts';
import { RELAXATIONS, type Relaxation } from './slot-unit.ts';

/** What apps may do beyond what their units allow, by the name of the app. */
export const relax = filled(map(
  Type.Array(Type.Unsafe<Relaxation>({ type: 'string', enum: [...RELAXATIONS], description: 'An exception.' }), {
    uniqueItems: true,
    description: 'Exceptions of the app: devices (/dev), home (/home, /root), jit (executable memory), namespaces '
      + '(sandboxes, as browsers use them), proc (other processes and kernel figures in /proc), syscalls (all system '
      + 'calls).',
  }), { description: 'Exceptions from the hardening of units, by the name of the app.' }, 'name',
), {});
