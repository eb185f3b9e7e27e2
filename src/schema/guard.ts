// What an apply may change without a flag, and what drift ignores.
import { Type, type Static } from 'typebox';
import { filled, object } from './kinds.ts';

const share = (description: string): ReturnType<typeof Type.String> =>
  Type.String({ pattern: '^(100|[1-9]?[0-9])%$', rule: 'a share such as "50%"', description });

export const limits = object({
  changed: filled(share('Largest share of a host\'s files that one apply may change. The scripts in /opt/vgen do not '
    + 'count, nor do up to 5 files.'), '50%'),
  deleted: filled(
    share('Largest share of a host\'s files that one apply may remove; the same files do not count.'), '20%',
  ),
  restarts: filled(Type.Integer({
    minimum: 0, maximum: 1000, description: 'Number of units and slots that one apply may restart or stop on one host.',
  }), 5),
}, { description: 'Limits beyond which an apply is refused unless a flag overrides them. The first apply to a host '
  + 'is never refused.' });

export const drift = object({
  ignore: filled(Type.Array(Type.String({
    pattern: '^/', rule: 'an absolute path, in which * stands for anything but a slash and ** for anything',
    description: 'A path or a glob.',
  }), { description: 'Paths on hosts that "vgen drift" ignores.', examples: [['/etc/nginx/conf.d/*']] }), []),
}, { description: 'Settings of "vgen drift".' });

export type LimitsWritten = Static<typeof limits>;
export type DriftWritten = Static<typeof drift>;
