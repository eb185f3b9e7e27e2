// The commands of README.md: the lines of its fenced blocks, by the words after the fence.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const text = readFileSync(join(import.meta.dirname, '../README.md'), 'utf8');

/** The commands of all blocks that begin with ```KIND; a line that ends in a backslash goes on in the next. */
export function commandsOf(kind: string): string[] {
  return [...text.matchAll(/^```(.*)\n([\s\S]*?)^```$/gm)].filter(([, word]) => word === kind)
    .flatMap(([, , body]) => (body ?? '').replaceAll(/\\\n\s*/g, '').split('\n')).filter(line =>
      line && !line.startsWith('#'));
}
