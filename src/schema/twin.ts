// The inventory that this one shall be like but for what is declared.
import { Type, type Static } from 'typebox';
import { filled, object } from './kinds.ts';

export const twin = object({
  of: Type.String({
    minLength: 1, description: 'File name of the other inventory, relative to this one, such as production.yaml.',
  }),
  differ: filled(Type.Array(Type.String({
    pattern: '^([A-Za-z0-9_*-]+|\\["[^"]+"\\])(\\.[A-Za-z0-9_*-]+|\\["[^"]+"\\])*$', rule: 'a path such as hosts.* '
      + 'or apps.web.keep', description: 'A path in the inventory with all that is below it; * stands for any one key.',
  }),
  {
    uniqueItems: true, description: 'Paths at which the two may differ.',
    examples: [['hosts.*', 'vars.*', 'apps.*.keep']],
  }),
  []),
},
{
  description: 'Another inventory that this one may differ from only where declared; any other difference is an error.',
});

export type TwinWritten = Static<typeof twin>;
