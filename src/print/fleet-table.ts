// The table at the end: a row per host.
import type { HostResult, HostStatus } from '../fleet/result.ts';
import { resultText } from './fleet-progress.ts';
import { inMarkdown } from './frame.ts';
import type { Output } from './output.ts';

export interface TableForm {
  /** The app whose releases are shown; null: all. */
  readonly app?: string | null;
  /** Which slot's release is shown. */
  readonly slot?: 'live' | 'next';
  readonly markdown?: boolean;
}

/** `generation 3, web 20261121T…`; "-" for nothing. */
export function statusText(status: HostStatus | null, { app = null, slot = 'live' }: TableForm): string {
  if (status === null) return '?';
  const releases = Object.entries(status[slot]).filter(([name]) => app === null || name === app)
    .map(([name, id]) => (app === null ? `${name} ${id}` : id));
  const generation = app !== null ? [] : status.generation !== null ? [`generation ${status.generation}`]
    : status.tree ? [`tree ${status.tree.slice(0, 12)}`] : [];
  return [...generation, ...releases].join(', ') || '-';
}

/** Characters of a cell that are shown; a host may have said more. */
const WIDEST = 500;

/** Prints columns that line up, or a table of Markdown. */
export function printTable(
  head: readonly string[], rows: readonly (readonly string[])[], output: Output, markdown = false,
): void {
  rows = rows.map(row => row.map(cell => (cell.length > WIDEST ? `${cell.slice(0, WIDEST)}…` : cell)));
  if (markdown) {
    const line = (cells: readonly string[]): string =>
      `| ${cells.map(inMarkdown).join(' | ')} |`;
    output.say([line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n'));
    return;
  }
  rows = rows.map(row => row.map(cell => cell.replaceAll(/[\n\t]+/g, ' ')));
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map(row => row[i]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    cells.map((cell, i) => (i === cells.length - 1 ? cell : cell.padEnd(widths[i] ?? 0))).join('  ').trimEnd();
  output.say(output.paint('dim', line(head)));
  for (const row of rows) output.say(line(row));
}

/** Prints what came out of each host. */
export function printResults(results: readonly HostResult[], output: Output, form: TableForm): void {
  const rows = results.map(one => [
    one.host, statusText(one.was, form), statusText(one.is, form), one.seconds ? `${one.seconds.toFixed(1)} s` : '-',
    resultText(one),
  ]);
  printTable(['host', 'was', 'is', 'time', 'result'], rows, output, form.markdown);
}
