import { Type, type Static } from 'typebox';
import type { App, Hosts, Text } from '../../contract/model.ts';
import { entries, filled, object, orNull, ref, selector, word } from '../../schema/kinds.ts';

const job = object({
  hosts: orNull<Hosts>(selector({ description: 'Hosts that run the job; default the hosts of the app, or all.' })),
  calendar: word('calendar', {
    description: 'Schedule, as in systemd.time(7); a run that was missed while the host was off follows after it '
      + 'starts.',
    examples: ['*-*-* 03:30:00'],
  }),
  command: Type.Unsafe<readonly Text[]>({
    type: ['string', 'array'], items: { type: 'string', text: ['host'] }, minItems: 1, minLength: 1, words: true,
    description: 'Command: words split at spaces, or a list. "./x" is in the live release of the app.',
  }),
  app: orNull<App>(ref('apps', { description: 'App whose live release it runs in, as its user.' })),
  user: orNull<string>(word('name', { description: 'User that runs the job; default the user of the app, or root.' })),
  timeout: filled(word('duration', { description: 'Longest time that a run may take.' }), '1h'),
}, { description: 'A command that runs on a schedule.' });

export const schema = entries(job, { description: 'Jobs by name; each is a systemd timer, vgen-job-NAME.timer.' });
export type Jobs = Static<typeof schema>;
