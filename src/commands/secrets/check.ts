import { checkOn, type CheckedSecret } from '../../fleet/secrets/deliver.ts';
import type { Output } from '../../print/output.ts';
import { defineCommand } from '../declaration.ts';
import { eachHost } from '../fleet/each-host.ts';
import { comparing } from '../options.ts';
import { flat, names, only, withValues } from './values.ts';

export const command = defineCommand({
  about: 'Each secret of each host is present, stale (the host has another value than the source) or missing. Exit '
    + 'code 1 '
    + 'if not all are present, 2 if a host or a source cannot be asked.',
  arguments: { names },
  options: comparing,
  examples: {
    'vgen secrets check': '',
    'vgen secrets check --on eu1 redisPassword': '',
  },
  run: (given, output) => withValues(given, output, async (fleet, wanted, values, problems) => {
    const told = await eachHost(fleet, wanted, (connection, one) => checkOn(connection, only(values, one.names)));
    output.data({ hosts: told.map(flat), unresolved: Object.fromEntries(problems) });
    for (const one of told) {
      if ('problem' in one) output.note(`${one.host}: ${one.problem}`);
      else for (const secret of one.answer) {
        output.say(`${one.host}  ${state(secret, output)}  ${secret.name}${history(secret)}`);
      }
    }
    if (problems.size > 0 || told.some(one => 'problem' in one)) return 2;
    return told.some(one => 'answer' in one && one.answer.some(secret => secret.state !== 'present')) ? 1 : 0;
  }),
});

const state = (secret: CheckedSecret, output: Output): string =>
  output.paint(secret.state === 'present' ? 'green' : 'red', secret.state.padEnd(7));

const history = ({ pushed, byHand }: CheckedSecret): string =>
  [...pushed === null ? [] : [`pushed ${pushed}`], ...byHand ? ['changed on the host since'] : []]
    .map(text => `  (${text})`).join('');
