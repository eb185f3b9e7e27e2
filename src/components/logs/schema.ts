import { Type, type Static } from 'typebox';
import { filled, object, word } from '../../schema/kinds.ts';

export const schema = filled(object({
  every: filled(Type.Unsafe<'daily' | 'weekly' | 'monthly'>({
    type: 'string', enum: ['daily', 'weekly', 'monthly'], description: 'Interval of rotation.',
  }), 'daily'),
  keep: filled(
    Type.Integer({ minimum: 1, maximum: 1000, description: 'Rotated files that are kept of each log.' }), 14,
  ),
  size: filled(
    word('size', { description: 'Size at which a log is rotated before its time, when logrotate next runs.' }), '100m',
  ),
}, { description: 'Rotation by logrotate of the logs that nothing else rotates.' }), {});
export type Logs = Static<typeof schema>;
