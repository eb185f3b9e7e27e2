import { eachLimited } from '../fleet/connect/pool.ts';
import { printTable } from '../print/fleet-table.ts';
import type { Output } from '../print/output.ts';
import { defineCommand, type Given } from './declaration.ts';
import { connectionOf, hostsOf, withFleet } from './fleet/open.ts';
import { connected, lines, markdown } from './options.ts';

type Line = Readonly<Record<string, unknown>> & { readonly on: string };

const options = { lines, markdown, ...connected };

export const command = defineCommand({
  about: 'The latest entries of all hosts, in the order of time. Exit code 2 if a host cannot be reached.',
  arguments: {},
  options,
  examples: {
    'vgen audit': '',
    'vgen audit --on eu1 -n 100 --json': '',
  },
  run: audit,
});

async function audit(given: Given<typeof options>, output: Output): Promise<number> {
  const count = given.lines;
  return withFleet(given, output, hostsOf(given), async fleet => {
    const lost: string[] = [];
    const entries = (await eachLimited(fleet.hosts, fleet.limit, async ({ name }): Promise<Line[]> => {
      const { stdout, unreachable } = await connectionOf(fleet, name).run(
        `tail -q -n ${count} /var/log/vgen/audit.jsonl 2>/dev/null || true`, { timeout: 60_000, signal: fleet.stop },
      );
      if (unreachable !== null) {
        lost.push(name);
        output.note(`${name}: unreachable: ${unreachable}`);
      }
      return stdout.split('\n').flatMap(text => read(text, name));
    })).flatMap(found => found ?? []).sort((a, b) => (text(a, 'time') < text(b, 'time') ? -1 : 1)).slice(-count);
    if (entries.length === 0 && !given.markdown) {
      if (lost.length < fleet.hosts.length) output.say('no entry');
    } else printTable(['time', 'host', 'who', 'action', 'from', 'to', 'result', 'why'], entries.map(line => [
      text(line, 'time'), line.on, text(line, 'who'),
      [text(line, 'action'), text(line, 'app')].filter(Boolean).join(' '),
      text(line, 'from') || '-', text(line, 'to') || '-', text(line, 'result'), text(line, 'reason') || '-',
    ]), output, given.markdown);
    output.data({ lines: entries });
    return lost.length ? 2 : 0;
  });
}

function read(line: string, on: string): Line[] {
  try {
    const said: unknown = JSON.parse(line);
    return typeof said === 'object' && said !== null ? [{ ...said, on }] : [];
  } catch {
    return [];
  }
}

const text = (line: Line, key: string): string => (line[key] === undefined ? '' : String(line[key]));
