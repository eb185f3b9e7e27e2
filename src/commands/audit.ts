import { eachLimited } from '../fleet/connect/pool.ts';
import { connectionOf, hostsOf, linesOf, withFleet, type FleetOptions } from './fleet.ts';
import { printTable } from '../print/fleet-table.ts';
import type { Output } from '../print/output.ts';

type Line = Readonly<Record<string, unknown>> & { readonly on: string };

/** Shows what was done on the hosts and by whom, the last things of all of them in the order of time. */
export async function audit(options: FleetOptions & { lines?: string }, output: Output): Promise<number> {
  const count = linesOf(options.lines);
  return withFleet(options, output, hostsOf(options), async fleet => {
    const lost: string[] = [];
    const lines = (await eachLimited(fleet.hosts, fleet.limit, async ({ name }): Promise<Line[]> => {
      const { stdout, unreachable } = await connectionOf(fleet, name).run(`tail -q -n ${count} /var/log/vgen/audit.jsonl 2>/dev/null || true`, { timeout: 60_000, signal: fleet.stop });
      if (unreachable !== null) {
        lost.push(name);
        output.note(`${name}: unreachable: ${unreachable}`);
      }
      return stdout.split('\n').flatMap(text => read(text, name));
    })).flatMap(found => found ?? []).sort((a, b) => (text(a, 'time') < text(b, 'time') ? -1 : 1)).slice(-count);
    printTable(['time', 'host', 'who', 'action', 'from', 'to', 'result', 'why'], lines.map(line => [
      text(line, 'time'), line.on, text(line, 'who'), [text(line, 'action'), text(line, 'app')].filter(Boolean).join(' '),
      text(line, 'from') || '-', text(line, 'to') || '-', text(line, 'result'), text(line, 'reason') || '-',
    ]), output, options.markdown);
    output.data({ lines });
    return lost.length ? 2 : 0;
  });
}

function read(line: string, on: string): Line[] {
  try {
    return [{ ...JSON.parse(line) as Record<string, unknown>, on }];
  } catch {
    return [];
  }
}

const text = (line: Line, key: string): string => (line[key] === undefined ? '' : String(line[key]));
