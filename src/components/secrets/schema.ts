import { Type } from 'typebox';
import { entries, object } from '../../schema/kinds.ts';

const secret = object({
  env: Type.Optional(Type.String({ pattern: '^[A-Za-z_][A-Za-z0-9_]*$', rule: 'the name of an environment variable', description: 'Environment variable, where vgen runs, that holds the value.' })),
  file: Type.Optional(Type.String({ minLength: 1, description: 'File, where vgen runs, that holds the value; relative to the inventory. Keep it out of git.' })),
  exec: Type.Optional(Type.Array(Type.String({ minLength: 1, description: 'A word.' }), {
    minItems: 1, description: 'Command that prints the value, as a list of words.', examples: [['pass', 'show', 'smtp']],
  })),
}, { description: 'Where the value of a secret comes from. The value itself never stands in an inventory or in out/.' });

export const schema = entries(secret, { description: 'Secrets by name; texts refer to them as ${secret.name}.' }, 'secret');
