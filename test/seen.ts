// A tree and a host for unit tests of what goes to hosts: a manifest's lines, and the lines of an observation.
import { readState, type HostState } from '../src/fleet/observe/state.ts';
import { treeOf, type BuiltTree } from '../src/fleet/observe/tree.ts';

/** A digest that stands for a content. */
export const sum = (content: number | string): string => String(content).padStart(64, '0');

/** Columns of lines as a list's: blanks between words stand for tabs. */
const tabs = (line: string): string => line.trim().split(/ +/).join('\t');

/** A line of a file says its slot last, if it is one's. */
const whole = (line: string): string =>
  (line.startsWith('file ') && line.trim().split(/ +/).length === 8 ? `${line} -` : line);

/** The tree of host a. Files are `/path MODE OWNER TRIGGERS CHECK SECRETS FROM [SLOT]`, with their digests beside. */
export function tree(lines: readonly string[], sums: Readonly<Record<string, string>> = {}): BuiltTree {
  const files = lines.filter(line => line.startsWith('file ')).map(line => line.split(/ +/)[1] ?? '');
  return treeOf('a', '/nowhere', Buffer.from(['host\ta', ...lines.map(whole).map(tabs), ''].join('\n')),
    Buffer.from(files.map(path => `${sums[path] ?? sum(1)}  ${path.slice(1)}\n`).join('')));
}

/** A host as observe.sh tells it. */
export const host = (...lines: readonly string[]): HostState =>
  readState([...lines.map(tabs), 'whole', 'end', ''].join('\n'));

/** A file that is there as vgen left it: what the record, the list and the look say of it. */
export function installed(
  path: string,
  { content = sum(1), mode = '644', owner = 'root:root', triggers = '-', left = 'yes', adopted = '-' } = {},
): string[] {
  return [
    `record file ${path} ${content} ${triggers} ${sum(1)} ${adopted}`, `applied file ${path} 0644 root:root`,
    `path ${path} f ${mode} ${owner} ${content} ${left} 1.2.3`,
  ];
}
