import { Type, type Static } from 'typebox';
import { filled, object, word } from '../../schema/kinds.ts';

export const schema = filled(object({
  connections: filled(
    Type.Integer({ minimum: 64, maximum: 1048576, description: 'Largest number of connections of one worker.' }), 4096,
  ),
  shutdown: filled(word('duration', {
    description: 'Time that old workers may live after a reload while WebSockets hold them. A switch needs no reload.',
  }), '30s'),
}, { description: 'The reverse proxy in front of the slots.' }), {});
export type Nginx = Static<typeof schema>;
