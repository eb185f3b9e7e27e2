import { Type, type Static } from 'typebox';
import { filled, object } from '../../schema/kinds.ts';
import { relax } from '../../kit/relax.ts';

export const schema = filled(object({
  stop: filled(Type.Integer({
    minimum: 1, maximum: 3600, description: 'Seconds between TERM and KILL when a slot is stopped.',
  }), 30),
  jit: filled(Type.Boolean({
    description: 'Executable memory for all apps, which Node.js, Java and other just-in-time compilers need.',
  }), true),
  relax,
}, { description: 'The process manager of apps with "runtime: systemd".' }), {});
export type Systemd = Static<typeof schema>;
