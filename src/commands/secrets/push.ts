import { pushTo, type Pushed } from '../../fleet/secrets/deliver.ts';
import { count, type Output } from '../../print/output.ts';
import { defineCommand } from '../declaration.ts';
import { eachHost } from '../fleet/each-host.ts';
import { comparing } from '../options.ts';
import { flat, names, only, withValues } from './values.ts';

export const command = defineCommand({
  about: 'Values come from their sources and go to the hosts over stdin of ssh. What reads a changed value is '
    + 'restarted; if it '
    + 'does not start, the former value is put back (exit code 1). Exit code 2 if a host or a source cannot be asked.',
  arguments: { names },
  options: comparing,
  examples: {
    'vgen secrets push': 'before the first apply, and after a value changed',
    'vgen secrets push --on region:eu smtpPass': '',
  },
  run: (given, output) => withValues(given, output, async (fleet, wanted, values, problems) => {
    const told = problems.size > 0 ? []
      : await eachHost(fleet, wanted, (connection, one) => pushTo(connection, only(values, one.names), one.taken));
    output.data({ hosts: told.map(flat), unresolved: Object.fromEntries(problems) });
    for (const one of told) {
      if ('problem' in one) output.note(`${one.host}: ${one.problem}`);
      else sayPushed(one.host, one.answer, output);
    }
    if (problems.size > 0) {
      output.note('nothing was sent');
      return 2;
    }
    if (told.some(one => 'problem' in one || one.answer.code > 1)) return 2;
    return told.some(one => 'answer' in one && one.answer.code === 1) ? 1 : 0;
  }),
});

function sayPushed(host: string, { secrets, done, note, code }: Pushed, output: Output): void {
  const of = (wanted: string): string[] => secrets.filter(({ state }) => state === wanted).map(({ name }) => name);
  const [pushed, refused] = [of('pushed'), of('refused')];
  if (refused.length) output.say(output.paint(
    'red', `${host}: refused ${refused.join(', ')}; the former values are back`,
  ));
  else output.say(pushed.length ? `${host}: pushed ${pushed.join(', ')}`
    : `${host}: ${count(secrets.length, 'secret')}, all as they were`);
  for (const text of done) output.say(`  ${text}`);
  if (note && (code !== 0 || !secrets.length || note.startsWith('nothing is'))) output.say(`  ${note}`);
}
