import { shWord } from '../escape/sh.ts';
import { eachLimited } from '../fleet/connect/pool.ts';
import { connectionOf, hostsOf, linesOf, withFleet, type Fleet, type FleetOptions } from './fleet.ts';
import type { Output } from '../print/output.ts';

export interface LogOptions extends FleetOptions {
  readonly follow?: boolean;
  readonly lines?: string;
  /** The next slot instead of the live one. */
  readonly next?: boolean;
}

interface Said { host: string; code: number; unreachable: string | null; stdout: string; stderr: string }

/** Runs a script on all hosts and prints what it says, each line with its host before it. */
async function everywhere(fleet: Fleet, script: string): Promise<Said[]> {
  const { output } = fleet;
  const said = await eachLimited(fleet.hosts, fleet.limit, async ({ name }): Promise<Said> => {
    const lines = output.json ? {} : { onOut: (line: string) => output.say(`${output.paint('cyan', `${name}:`)} ${line}`), onErr: (line: string) => output.note(`${name}: ${line}`) };
    const answer = await connectionOf(fleet, name).run(script, { ...lines, signal: fleet.stop });
    if (answer.unreachable !== null && !fleet.stop.aborted) output.note(`${name}: unreachable: ${answer.unreachable}`);
    return { host: name, ...answer };
  });
  return said.filter(one => one !== null);
}

const exitOf = (said: readonly Said[]): number =>
  (said.some(({ unreachable }) => unreachable !== null) ? 2 : said.some(({ code }) => code !== 0) ? 1 : 0);

/** Runs a command as root on all hosts: one word is a script, several are a program and its arguments. */
export async function exec(words: readonly string[], options: FleetOptions, output: Output): Promise<number> {
  return withFleet(options, output, hostsOf(options), async fleet => {
    const said = await everywhere(fleet, words.length === 1 ? words[0] ?? '' : words.map(shWord).join(' '));
    for (const { host, code, unreachable } of said) if (code !== 0 && unreachable === null) output.note(`${host}: exit ${code}`);
    output.data({ hosts: said });
    return exitOf(said);
  });
}

/** Prints the log of an app's slot, or nginx's. */
export async function logs(what: string, options: LogOptions, output: Output): Promise<number> {
  const lines = String(linesOf(options.lines));
  const nginx = what === 'nginx';
  return withFleet(options, output, hostsOf(options, nginx ? null : what), async fleet => {
    const said = await everywhere(fleet, nginx ? nginxLog(lines, options.follow ?? false) : slotLog(what, options.next ? 'next' : 'live', lines, options.follow ?? false));
    output.data({ hosts: said });
    return exitOf(said);
  });
}

const nginxLog = (lines: string, follow: boolean): string => `exec tail -q -n ${shWord(lines)} ${follow ? '-F' : ''} /var/log/nginx/error.log /var/log/nginx/access.log`;

/** systemd's services speak to the journal, supervisor's programs to the file that their configuration names. */
const slotLog = (app: string, link: string, lines: string, follow: boolean): string => `
. /opt/vgen/apps/${shWord(app)}.sh || exit 2
for i in 0 1; do
  [[ ! $dir/${link} -ef $dir/\${slots[i]} ]] || unit=\${units[i]}
done
[[ -n \${unit:-} ]] || { echo "$app has no ${link} slot" >&2; exit 2; }
case $runtime in
  supervisor) exec tail -n ${shWord(lines)} ${follow ? '-F' : ''} -- "$(sed -n 's/^stdout_logfile=//p' "/etc/supervisor/conf.d/$unit.conf")" ;;
  *) exec journalctl --unit "$unit" --lines ${shWord(lines)} --output short-iso --no-pager --quiet ${follow ? '--follow' : ''} ;;
esac`;
