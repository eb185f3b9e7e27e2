import { hostScript } from '../fleet/connect/script.ts';
import { defineCommand, flag, value } from './declaration.ts';
import { everywhere, exitOfAll } from './fleet/everywhere.ts';
import { hostsOf, withFleet } from './fleet/open.ts';
import { connected, lines } from './options.ts';

export const command = defineCommand({
  about: 'Shows the log of the live slot, each line with the host before it.',
  arguments: { app: value('<app>', 'name of the app, or nginx', { isRequired: true }) },
  options: {
    follow: flag('keep printing what is logged', { letter: 'f' }),
    next: flag('the next slot instead of the live one'),
    lines, ...connected,
  },
  examples: {
    'vgen logs peerbook --follow': '',
    'vgen logs nginx --on eu1 -n 100': '',
  },
  run(given, output) {
    const { app, next, lines: count, follow } = given;
    const isNginx = app === 'nginx';
    return withFleet(given, output, hostsOf(given, isNginx ? null : app), async fleet => {
      const words = [app, isNginx ? '-' : next ? 'next' : 'live', String(count), follow ? 'follow' : 'once'];
      const said = await everywhere(fleet, hostScript('src/fleet/release/logs.sh'), words);
      output.data({ hosts: said });
      return exitOfAll(said);
    });
  },
});
