// Which lines of the inventory made what a host complains of.
import type { HostTree } from '../contract/tree.ts';
import { originOf, type Traced } from '../render/origin.ts';
import type { Step } from './step.ts';

export interface BlamedPlace {
  /** What the place made: `HOST/PATH`, with the line where the host named one. */
  readonly generated: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly path: string;
  readonly text: string;
  readonly template: string;
}
export interface Blamed { readonly step: Step; readonly places: readonly BlamedPlace[] }

/**
 * The places of the inventory that made the files which a host's message names, at the line that it names, the most
 * telling first: files with a line before those without.
 */
export async function blame(compilation: Traced, tree: HostTree | undefined, message: string): Promise<BlamedPlace[]> {
  if (!tree) return [];
  const found = new Map<string, number | null>();
  const complaint = message.slice(Math.max(0, message.search(/^error: /m)));
  for (const [, path = '', colon, word] of complaint.matchAll(
    /(\/[\w.@+/-]*[\w@+-])(?::(\d+)|:? (?:at )?line (\d+))?/g,
  )) {
    // a copy that is checked before it is used has the same path further down
    const entry = tree.entries.find(one => path === `/${one.path}`)
      ?? tree.entries.find(one => path.endsWith(`/${one.path}`) && one.path.includes('/'));
    const line = colon ?? word;
    if (entry && (!found.has(entry.path) || line)) found.set(entry.path, line ? Number(line) : null);
  }
  // "at line 5" in a separate line belongs to the only file
  const [, alone] = /\bline (\d+)/.exec(complaint) ?? [];
  const [only] = found;
  if (alone && only && found.size === 1 && only[1] === null) found.set(only[0], Number(alone));
  const exact = [...found].filter(([, line]) => line !== null);
  const places = await Promise.all((exact.length > 0 ? exact : [...found].slice(0, 3)).map(async ([path, line]) => {
    // out/ may be older than the inventory: then the file has no such line
    const origin = await originOf(compilation, tree, path, line ?? 1).catch(() => null);
    const generated = `${tree.host.name}/${path}${line === null ? '' : `:${line}`}`;
    return origin?.inventory.slice(0, line === null ? 1 : 3).map(({ file, line: at, column, path: key, text }) => (
      { generated, file, line: at, column, path: key, text, template: origin.template })) ?? [];
  }));
  return places.flat();
}
