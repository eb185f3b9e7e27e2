import { Type, type Static } from 'typebox';
import type { App, Hosts, Text } from '../../contract/model.ts';
import { entries, filled, object, orNull, ref, selector, word } from '../../schema/kinds.ts';

const job = object({
  hosts: orNull<Hosts>(selector({ description: 'Hosts that do it; absent: those of the app, or all.' })),
  calendar: word('calendar', {
    description: 'When, as in systemd.time(7); what was missed while the host was off is done after it starts.',
    examples: ['*-*-* 03:30:00'],
  }),
  command: Type.Unsafe<readonly Text[]>({
    type: ['string', 'array'], items: { type: 'string', text: ['host'] }, minItems: 1, minLength: 1, words: true,
    description: 'What is run: words split at spaces, or a list. "./x" is in the live release of the app.',
  }),
  app: orNull<App>(ref('apps', { description: 'App whose live release it runs in, as its user.' })),
  user: orNull<string>(word('name', { description: 'Who runs it; absent: the user of the app, or root.' })),
  timeout: filled(word('duration', { description: 'How long it may take.' }), '1h'),
}, { description: 'Something that is done again and again.' });

export const schema = entries(job, { description: 'Jobs by name; each is a timer of systemd, vgen-job-NAME.timer.' });
export type Jobs = Static<typeof schema>;
