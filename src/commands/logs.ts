import { shWord } from '../escape/sh.ts';
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
      const script = isNginx ? nginxLog(count, follow) : slotLog(app, next ? 'next' : 'live', count, follow);
      const said = await everywhere(fleet, script);
      output.data({ hosts: said });
      return exitOfAll(said);
    });
  },
});

const nginxLog = (lines: number, follow: boolean): string =>
  `exec tail -q -n ${lines} ${follow ? '-F' : ''} /var/log/nginx/error.log /var/log/nginx/access.log`;

/** systemd's services speak to the journal, supervisor's programs to the file that their configuration names. */
const slotLog = (app: string, link: 'live' | 'next', lines: number, follow: boolean): string => `
. /opt/vgen/apps/${shWord(app)}.sh || exit 2
for i in 0 1; do
  [[ ! $dir/${link} -ef $dir/\${slots[i]} ]] || unit=\${units[i]}
done
[[ -n \${unit:-} ]] || { echo "$app has no ${link} slot" >&2; exit 2; }
case $runtime in
  supervisor) exec tail -n ${lines} ${follow ? '-F'
    : ''} -- "$(sed -n 's/^stdout_logfile=//p' "/etc/supervisor/conf.d/$unit.conf")" ;;
  *) exec journalctl --unit "$unit" --lines ${lines} --output short-iso --no-pager --quiet ${follow ? '--follow'
    : ''} ;;
esac`;
