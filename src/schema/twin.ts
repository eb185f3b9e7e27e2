// The inventory that this one shall be like but for what is declared.
import { Type, type Static } from 'typebox';
import { filled, object } from './kinds.ts';

export const twin = object({
  of: Type.String({
    minLength: 1, description: 'The other inventory, by its name relative to this one, such as production.yaml.',
  }),
  differ: filled(Type.Array(Type.String({
    pattern: '^([A-Za-z0-9_*-]+|\\["[^"]+"\\])(\\.[A-Za-z0-9_*-]+|\\["[^"]+"\\])*$', rule: 'a path such as hosts.* '
      + 'or apps.web.keep', description: 'A path in the inventory with all that is below it; * stands for any one key.',
  }),
  { uniqueItems: true, description: 'Where the two may differ.', examples: [['hosts.*', 'vars.*', 'apps.*.keep']] }),
  []),
}, { description: 'This inventory differs from another one only where it says so; any other difference is an error.' });

export type TwinWritten = Static<typeof twin>;
