import { Type, type Static } from 'typebox';
import { filled, object } from '../../schema/kinds.ts';

export const schema = filled(object({
  log: filled(object({
    size: filled(
      Type.Integer({ minimum: 1, maximum: 4096, description: 'MiB after which a log file is rotated.' }), 50,
    ),
    keep: filled(Type.Integer({ minimum: 0, maximum: 100, description: 'Rotated log files kept.' }), 5),
  }, { description: 'Log files of the programs, in /var/log/supervisor.' }), {}),
  stop: filled(Type.Integer({
    minimum: 1, maximum: 3600, description: 'Seconds between TERM and KILL when a program is stopped.',
  }), 30),
}, { description: 'The process manager of apps with "runtime: supervisor".' }), {});
export type Supervisor = Static<typeof schema>;
