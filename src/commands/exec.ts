import { shWord } from '../escape/sh.ts';
import { defineCommand, list } from './declaration.ts';
import { everywhere, exitOfAll } from './fleet/everywhere.ts';
import { hostsOf, withFleet } from './fleet/open.ts';
import { connected } from './options.ts';

export const command = defineCommand({
  about: 'Each line of output has the host before it. Options of vgen stand before the command. Exit code 1 if the '
    + 'command '
    + 'failed on a host, 2 if a host cannot be reached.',
  arguments: { command: list('<command...>', 'one word is a script, several are a program and its arguments') },
  options: connected,
  examples: {
    'vgen exec uptime': '',
    'vgen exec --on eu1 \'journalctl -p err | tail -n 5\'': 'a script',
    'vgen exec systemctl is-active nginx': 'a program and its arguments',
  },
  isPassedThrough: true,
  run: (given, output) => withFleet(given, output, hostsOf(given), async fleet => {
    const words = given.command;
    const said = await everywhere(fleet, words.length === 1 ? words[0] ?? '' : words.map(shWord).join(' '));
    for (const { host, code, unreachable } of said) {
      if (code !== 0 && unreachable === null) output.note(`${host}: exit ${code}`);
    }
    output.data({ hosts: said });
    return exitOfAll(said);
  }),
});
