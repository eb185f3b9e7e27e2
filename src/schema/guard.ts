// What an apply may change without being asked twice, and what drift overlooks.
import { Type, type Static } from 'typebox';
import { filled, object } from './kinds.ts';

const share = (description: string): ReturnType<typeof Type.String> =>
  Type.String({ pattern: '^(100|[1-9]?[0-9])%$', rule: 'a share such as "50%"', description });

export const limits = object({
  changed: filled(share('Largest share of a host\'s files that one apply may change. The scripts in /opt/vgen do not '
    + 'count, nor do up to 5 files.'), '50%'),
  deleted: filled(share('Largest share of a host\'s files that one apply may remove; likewise.'), '20%'),
  restarts: filled(Type.Integer({
    minimum: 0, maximum: 1000, description: 'How many units and slots one apply may restart or stop on one host.',
  }), 5),
}, { description: 'Beyond these an apply is refused unless a flag says that it is meant. The first apply to a host '
  + 'is never refused.' });

export const drift = object({
  ignore: filled(Type.Array(Type.String({
    pattern: '^/', rule: 'an absolute path, in which * stands for anything but a slash and ** for anything',
    description: 'A path or a glob.',
  }), { description: 'Paths on hosts that "vgen drift" overlooks.', examples: [['/etc/nginx/conf.d/*']] }), []),
}, { description: 'What "vgen drift" looks at.' });

export type LimitsWritten = Static<typeof limits>;
export type DriftWritten = Static<typeof drift>;
