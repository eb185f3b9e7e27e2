import { Type, type Static } from 'typebox';
import { filled, object, word } from '../../schema/kinds.ts';

export const schema = filled(object({
  connections: filled(
    Type.Integer({ minimum: 64, maximum: 1048576, description: 'Connections that one worker serves at most.' }), 4096,
  ),
  shutdown: filled(word('duration', {
    description: 'How long old workers may live after a reload while websockets hold them. A switch needs no reload.',
  }), '30s'),
}, { description: 'The reverse proxy in front of the slots.' }), {});
export type Nginx = Static<typeof schema>;
