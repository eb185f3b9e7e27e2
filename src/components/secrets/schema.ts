import { Type } from 'typebox';
import { entries, object } from '../../schema/kinds.ts';

const path = (description: string): ReturnType<typeof Type.String> =>
  Type.String({
    minLength: 1, description: `${description}, where vgen runs; relative to the inventory, or to your home with "~/".`,
  });

const secret = object({
  env: Type.Optional(Type.String({
    pattern: '^[A-Za-z_][A-Za-z0-9_]*$', rule: 'the name of an environment variable',
    description: 'Environment variable, where vgen runs, that holds the value.',
  })),
  file: Type.Optional(path('File that holds the value and is kept out of git')),
  exec: Type.Optional(Type.Array(Type.String({ minLength: 1, description: 'A word.' }), {
    minItems: 1,
    description: 'Command that prints the value, as a list of words; it runs in the directory of the inventory.',
    examples: [['pass', 'show', 'smtp']],
  })),
  age: Type.Optional(path('File that age decrypts to the value')),
  identity: Type.Optional(path('The identity for age; without it the one that VGEN_AGE_IDENTITY names')),
  sops: Type.Optional(path('File that sops decrypts; "key" says which of its values is meant')),
  key: Type.Optional(Type.String({
    pattern: '^[A-Za-z0-9_-]+(\\.[A-Za-z0-9_-]+)*$',
    rule: 'keys joined by dots, such as redis.password; a number counts in a list from 0',
    description: 'Path of the value in the file of sops: keys joined by dots.', examples: ['redis.password'],
  })),
}, { description: 'Source of a secret; set exactly one of "env", "file", "exec", "age", "sops". The value itself is '
  + 'never in an inventory or in out/. One line break at its end is not part of it.' });

export const schema =
  entries(secret, { description: 'Secrets by name; texts refer to them as ${secret.name}.' }, 'secret');
