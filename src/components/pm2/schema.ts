import { Type, type Static } from 'typebox';
import { filled, map, object } from '../../schema/kinds.ts';
import { relax } from '../../kit/relax.ts';

export const schema = filled(object({
  binary: filled(Type.String({
    pattern: '^/[A-Za-z0-9_./-]+$', rule: 'an absolute path',
    description: 'Path of pm2-runtime on the host, as installed by: npm install --global pm2',
  }), '/usr/local/bin/pm2-runtime'),
  stop: filled(Type.Integer({
    minimum: 1, maximum: 3600, description: 'Seconds between INT and KILL when a process is stopped.',
  }), 30),
  workers: filled(
    map(Type.Integer({ minimum: 1, maximum: 256, description: 'Number of processes of a slot that share its port.' }), {
      description: 'Workers by the name of the app, in cluster mode where there are more than one; its command is '
        + 'then Node.js and a script.',
    }, 'name'), {},
  ),
  relax,
}, { description: 'The process manager of apps with "runtime: pm2".' }), {});
export type Pm2 = Static<typeof schema>;
